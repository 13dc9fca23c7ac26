"""Assignments as FHIR Tasks: one a person, made once, and their status kept in step so that no change is lost.

A Task says who is asked (a Practitioner), to learn what, by when: no patient, and nothing of how somebody did.

Whoever changes a Task between our read and our write is answered by 409 or 412: then it is read again, our change
is put onto what stands there now, and it is written once more. What others wrote is never overwritten: of the
resource that was read, the status alone is changed. Somebody else's end of a Task (ticked off, cancelled, rejected)
stands; we never open it again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from fhir.resources.R4B.task import Task

from launch.fhir_session import FhirReadError, FhirSession
from launch.fhir_writing import FhirConflict, FhirGone, Stored, create, read, update
from launch.outbound import READ_SECONDS

IDENTIFIERS: Final = "urn:preceptor:assignment"
"""System of the identifier that makes a create find its earlier try."""
CODE: Final = {"system": "urn:preceptor:learning", "code": "finish-tutorial", "display": "Finish a tutorial"}
OPEN: Final = frozenset({"draft", "requested", "received", "accepted", "ready", "in-progress", "on-hold"})
_TRIES: Final = 4
_A_SEARCH: Final = 50


@dataclass(frozen=True)
class TaskAt:
    """A Task as the EHR has it now."""

    id: str
    version: str
    status: str

    @property
    def is_open(self) -> bool:
        """Whether somebody is still asked there."""
        return self.status in OPEN


def assignment_task(*, identifier: str, practitioner: str, title: str, due: date, made: date) -> dict[str, Any]:
    """The resource. `identifier`: unique for assignment and person. Valid R4, or pydantic's ValidationError."""
    resource = {
        "resourceType": "Task",
        "identifier": [{"system": IDENTIFIERS, "value": identifier}],
        "status": "requested",
        "intent": "order",
        "priority": "routine",
        "code": {"coding": [CODE], "text": CODE["display"]},
        "description": f'Finish the tutorial "{title}" in Preceptor, by {due.day} {due:%B %Y}.',
        "authoredOn": made.isoformat(),
        "owner": {"reference": f"Practitioner/{practitioner}"},
        "restriction": {"period": {"end": due.isoformat()}},
    }
    Task.model_validate(resource)
    return resource


def make_task(fhir: FhirSession, resource: Mapping[str, Any], *, deadline: float = READ_SECONDS) -> TaskAt:
    """Write it; a second try finds the first one's. Raises :class:`launch.fhir_session.FhirReadError`."""
    value = resource["identifier"][0]["value"]
    return _at(create(fhir, resource, unless={"identifier": f"{IDENTIFIERS}|{value}"}, deadline=deadline))


def say_status(fhir: FhirSession, task: str, status: str, *, deadline: float = READ_SECONDS) -> TaskAt:
    """Let the Task say `status`, unless somebody ended it there; what it says then.

    Raises :class:`launch.fhir_writing.FhirConflict` where others change it again and again,
    :class:`launch.fhir_writing.FhirGone`, :class:`launch.fhir_session.FhirReadError`.
    """
    for _ in range(_TRIES):
        there = read(fhir, "Task", task, deadline=deadline)
        now = _at(there)
        if now.status == status or not _may_change(now.status, status):
            return now
        try:
            return _at(update(fhir, there, {**there.resource, "status": status}, deadline=deadline))
        except FhirConflict:
            continue  # somebody was faster: their change is read, ours is put onto it
    raise FhirConflict("others change it again and again")


def read_statuses(fhir: FhirSession, tasks: Iterable[str], *, deadline: float = READ_SECONDS) -> dict[str, TaskAt]:
    """Those of these Tasks that the EHR knows. Raises :class:`launch.fhir_session.FhirReadError`."""
    found, wanted = dict[str, TaskAt](), list(tasks)
    for some in (wanted[start : start + _A_SEARCH] for start in range(0, len(wanted), _A_SEARCH)):
        parameters = {"_id": ",".join(some), "_elements": "status", "_count": str(_A_SEARCH)}
        for page in fhir.get_pages("Task", parameters, deadline=deadline):
            for entry in page.get("entry", []):
                resource = entry.get("resource") if isinstance(entry, Mapping) else None
                if isinstance(resource, Mapping) and resource.get("id") in some:
                    found[resource["id"]] = TaskAt(resource["id"], "", str(resource.get("status")))
    return found


def _may_change(now: str, wanted: str) -> bool:
    """An open Task may be ended, but not put back from what people there made of it; a cancelled one may be asked for
    again, as an undone withdrawal does."""
    return now == "cancelled" if wanted == "requested" else now in OPEN


def _at(stored: Stored) -> TaskAt:
    return TaskAt(str(stored.resource["id"]), stored.version, str(stored.resource.get("status")))


__all__ = ["FhirGone", "FhirReadError", "TaskAt", "assignment_task", "make_task", "read_statuses", "say_status"]
