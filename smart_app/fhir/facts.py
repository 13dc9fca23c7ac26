"""What the reads found, in plain values. Pure. Nothing of a patient, no name and no free text is in here."""

from dataclasses import dataclass

Code = tuple[str, str]
"""(system, code)."""


@dataclass(frozen=True, kw_only=True)
class RoleFacts:
    """A PractitionerRole of this person."""

    id: str
    active: bool
    """Not switched off, and its period has not ended."""
    codes: tuple[Code, ...] = ()
    specialties: tuple[Code, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PersonFacts:
    """The Practitioner that the person is."""

    id: str
    active: bool = True
    npi: str | None = None
    qualifications: tuple[Code, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TaskFacts:
    """A Task, without whom it is for and what it says."""

    id: str
    status: str | None
    codes: tuple[Code, ...]
    encounter: str | None = None
    """Logical id of its Encounter."""
    owner: tuple[str, str] | None = None
    """(resource type, id)."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that is known of who is here and what is open. Held in memory for one launch."""

    person: PersonFacts | None = None
    roles: tuple[RoleFacts, ...] = ()
    context_tasks: tuple[TaskFacts, ...] = ()
    """Tasks named by the launch (fhirContext, then appContext), in its order."""
    own_tasks: tuple[TaskFacts, ...] = ()
    """Active Tasks of this person, by Practitioner or by PractitionerRole."""
    encounter_class: str | None = None
    missing: tuple[str, ...] = ()
    """What could not be read, in words."""
