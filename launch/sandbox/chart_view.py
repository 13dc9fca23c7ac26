"""What the chart page shows, gathered from the EHR's own store before any template sees it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from launch.sandbox.made_up import Content, content_for
from launch.sandbox.people import Person, Search, display_name, list_patients, list_people, words_of

_OPEN = "draft,requested,received,accepted,ready,in-progress,on-hold"
_ALL = ("_count", "200")

Read = Callable[[str], Mapping[str, Any] | None]
"""Reference -> resource, or None."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the schedule or of the task list; `opens` is the reference that a click opens."""

    opens: str
    when: str
    patient: str
    what: str
    status: str


@dataclass(frozen=True, kw_only=True)
class Banner:
    """The patient banner."""

    name: str
    birth_date: str
    age: str
    sex: str
    mrn: str


@dataclass(frozen=True, kw_only=True)
class OpenChart:
    """One open chart: what it was opened by, the references an app is launched with, and what is on the screen."""

    opened: str
    patient: str | None
    encounter: str | None
    task: str | None
    banner: Banner | None
    visit: tuple[tuple[str, str], ...]
    work: tuple[tuple[str, str], ...]
    description: str
    content: Content | None


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """What is on the screen whichever chart is open."""

    person: Person
    people: tuple[Person, ...]
    patients: tuple[Person, ...]
    schedule: tuple[Row, ...]
    tasks: tuple[Row, ...]
    intents: tuple[tuple[str, str], ...]


def find_workplace(person: str | None, *, search: Search) -> Workplace | None:
    """The desk of this person ("Practitioner/1"), else of the first there is; None in an EHR without staff."""
    people = list_people(search)
    if not people:
        return None
    first = search("Practitioner", [("_count", "1")])[0]["id"]
    known = {one.reference: one for one in people}
    who = known.get(person or "") or known.get(f"Practitioner/{first}") or people[0]
    patients = list_patients(search)
    names = {patient.reference: patient.name for patient in patients}
    return Workplace(
        person=who,
        people=tuple(people),
        patients=tuple(patients),
        schedule=_schedule(who.reference, names, search),
        tasks=_tasks(who.reference, names, search),
        intents=_intents(search),
    )


def open_chart(reference: str, *, read: Read) -> OpenChart | None:
    """The chart that opening a Task, an Encounter or a Patient shows; None where there is no such thing."""
    opened = read(reference)
    if opened is None:
        return None
    kind = reference.partition("/")[0]
    task = opened if kind == "Task" else None
    encounter = opened if kind == "Encounter" else read(_reference(task, "encounter")) if task else None
    patient_reference = reference if kind == "Patient" else _reference(task, "for") or _reference(encounter, "subject")
    patient = read(patient_reference)
    return OpenChart(
        opened=reference,
        patient=patient_reference if patient else None,
        encounter=f"Encounter/{encounter['id']}" if encounter else None,
        task=reference if task else None,
        banner=_banner(patient) if patient else None,
        visit=_visit(encounter) if encounter else (),
        work=_work(task) if task else (),
        description=str((task or {}).get("description", "")),
        content=content_for(str(patient["id"])) if patient else None,
    )


def _schedule(person: str, names: Mapping[str, str], search: Search) -> tuple[Row, ...]:
    encounters = search("Encounter", [("participant", person), _ALL])
    encounters.sort(key=lambda encounter: str(encounter.get("period", {}).get("start", "")))
    return tuple(
        Row(
            opens=f"Encounter/{encounter['id']}",
            when=_moment(encounter.get("period", {}).get("start")),
            patient=names.get(_reference(encounter, "subject"), "No patient"),
            what=_kind_of(encounter),
            status=str(encounter.get("status", "")),
        )
        for encounter in encounters
    )


def _tasks(person: str, names: Mapping[str, str], search: Search) -> tuple[Row, ...]:
    roles = search("PractitionerRole", [("practitioner", person), _ALL])
    owners = ",".join([person, *(f"PractitionerRole/{role['id']}" for role in roles)])
    tasks = search("Task", [("owner", owners), ("status", _OPEN), _ALL])
    tasks.sort(key=lambda task: (task.get("status") != "in-progress", str(task.get("authoredOn", ""))))
    return tuple(
        Row(
            opens=f"Task/{task['id']}",
            when=_moment(task.get("authoredOn")),
            patient=names.get(_reference(task, "for"), "No patient"),
            what=words_of(task.get("code")) or "Task",
            status=str(task.get("status", "")),
        )
        for task in tasks
    )


def _intents(search: Search) -> tuple[tuple[str, str], ...]:
    """(code, words) of every kind of task this EHR knows: the intents it launches apps with."""
    concepts = (task.get("code", {}) for task in search("Task", [("_elements", "code"), _ALL]))
    codes = {concept["coding"][0]["code"]: words_of(concept) for concept in concepts if concept.get("coding")}
    return tuple(sorted(codes.items(), key=lambda pair: pair[1]))


def _banner(patient: Mapping[str, Any]) -> Banner:
    born = str(patient.get("birthDate", ""))
    identifiers = patient.get("identifier") or [{}]
    return Banner(
        name=display_name(patient),
        birth_date=born or "unknown",
        age=_age(born),
        sex=str(patient.get("gender", "unknown")),
        mrn=str(identifiers[0].get("value", "none")),
    )


def _visit(encounter: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return (
        ("Kind", _kind_of(encounter)),
        ("Status", str(encounter.get("status", ""))),
        ("Start", _moment(encounter.get("period", {}).get("start")) or "not said"),
    )


def _work(task: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return (
        ("Task", words_of(task.get("code")) or "Task"),
        ("Status", str(task.get("status", ""))),
        ("Priority", str(task.get("priority", "routine"))),
        ("Written", _moment(task.get("authoredOn")) or "not said"),
    )


def _kind_of(encounter: Mapping[str, Any]) -> str:
    kind = (encounter.get("type") or [None])[0]
    of_class = encounter.get("class", {})
    return words_of(kind) or str(of_class.get("display") or of_class.get("code") or "Visit")


def _reference(resource: Mapping[str, Any] | None, name: str) -> str:
    return str(((resource or {}).get(name) or {}).get("reference", ""))


def _moment(text: object) -> str:
    """A FHIR dateTime as "20 Nov 14:00", or as it is where it has no time."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return str(text or "")
    return f"{moment.day} {moment:%b %H:%M}" if "T" in str(text) else f"{moment.day} {moment:%b}"


def _age(born: str) -> str:
    try:
        day = date.fromisoformat(born)
    except ValueError:
        return ""
    today = datetime.now(UTC).date()
    return f"{today.year - day.year - ((today.month, today.day) < (day.month, day.day))} y"
