"""Made-up content for the middle of the chart, so that a page of synthetic people looks like work.

It is not FHIR, no app can read it, and it is the same for a patient each time.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Vital:
    """One line of vital signs; `flag` is a word beside an abnormal value."""

    name: str
    today: str
    before: str
    flag: str = ""


@dataclass(frozen=True, kw_only=True)
class Content:
    """Problems, medications and vital signs as plain words."""

    problems: tuple[str, ...]
    medications: tuple[str, ...]
    vitals: tuple[Vital, ...]


_CONTENTS = (
    Content(
        problems=("Hypertension", "Type 2 diabetes", "Osteoarthritis of the knee"),
        medications=(
            "Hydrochlorothiazide 12.5 mg, morning",
            "Metformin 500 mg, twice a day",
            "Acetaminophen as needed",
        ),
        vitals=(
            Vital(name="Blood pressure", today="148/86", before="152/90", flag="High"),
            Vital(name="Pulse", today="76", before="80"),
            Vital(name="Weight", today="81 kg", before="82 kg"),
        ),
    ),
    Content(
        problems=("Generalized anxiety", "Sleep difficulty"),
        medications=("Sertraline 50 mg, morning",),
        vitals=(
            Vital(name="Blood pressure", today="118/74", before="120/76"),
            Vital(name="Pulse", today="88", before="84"),
            Vital(name="PHQ-9", today="11", before="14", flag="Moderate"),
        ),
    ),
    Content(
        problems=("Asthma, mild", "Seasonal allergy"),
        medications=("Albuterol inhaler as needed", "Loratadine 10 mg in spring"),
        vitals=(
            Vital(name="Temperature", today="37.1 C", before="36.8 C"),
            Vital(name="Oxygen saturation", today="93%", before="97%", flag="Low"),
            Vital(name="Pulse", today="92", before="78"),
        ),
    ),
)


def content_for(patient_id: str) -> Content:
    """The content that belongs to this patient."""
    return _CONTENTS[sum(patient_id.encode()) % len(_CONTENTS)]
