"""Assignments and the EHR's Tasks kept in step, both ways.

Out:  1. claim what is to be written, by lease, and commit;
      2. write each, with no transaction open;
      3. keep what the EHR has now, where the lease still holds. What changed meanwhile is written at the next turn.
In:   4. ask for the status of the Tasks of those who are still asked;
      5. ticked off there: finished here, in the EHR; cancelled, rejected or removed there: not asked any more.

A worker that dies between 2 and 3 leaves a Task that the next turn finds by its identifier. An EHR that is away is
asked again later, each time after twice as long, at most six hours.
"""

import secrets
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, true
from sqlalchemy.orm import Session

from launch.backend import BackendError
from launch.fhir_session import FhirReadError, FhirSession
from launch.tokens import TokenError
from smart_app.db import Database
from smart_app.fhir.tasks import FhirGone, TaskAt, assignment_task, make_task, read_statuses, say_status
from smart_app.keys import KeyRing
from smart_app.library.reading import NoSuchTutorial, get_current
from smart_app.logs import get_logger
from smart_app.organizations.roster.models import RosterPerson
from smart_app.organizations.roster.sealing import unseal
from smart_app.rollout.assigned import ENDED, FINISHED, OPEN
from smart_app.rollout.models import AssignedPerson, Assignment, AssignmentTask
from smart_app.rollout.tasking import COMPLETED

LEASE = timedelta(seconds=60)
A_TURN = 100
_MOST_WAIT = timedelta(hours=6)
log = get_logger(__name__)

SessionOf = Callable[[UUID], FhirSession]
"""A session at the EHR of this registration. Raises BackendError or TokenError."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one turn did."""

    written: int = 0
    failed: int = 0
    finished_there: int = 0
    ended_there: int = 0


@dataclass(frozen=True)
class _Claimed:
    """A Task to be written, in plain values."""

    key: tuple[UUID, UUID, UUID]
    registration: UUID
    task: str | None
    status: str
    resource: dict[str, Any] | None
    """What to create; None where it is there, or nobody knows whom to ask any more."""


def write_tasks(
    database: Database,
    *,
    organization: UUID,
    keys: KeyRing,
    session_of: SessionOf,
    only: Callable[[AssignmentTask], bool] | None = None,
    ehrs: Collection[UUID] | None = None,
    seconds: float = 60.0,
) -> Turn:
    """Write what is due, at most :data:`A_TURN` of it, within `seconds`.

    `only`: of these Tasks alone; `ehrs`: into these alone.
    """
    until, owner = time.monotonic() + seconds, secrets.token_hex(16)
    claimed = _claim(database, organization, keys, owner, only, ehrs)
    written = failed = 0
    with _sessions(session_of) as at:
        for one in claimed:
            left = until - time.monotonic()
            problem, there = _write(one, at, left) if left > 0 else ("", None)
            if _keep(database, one, owner, there, problem):
                written += there is not None
            failed += bool(problem)
    return Turn(written=written, failed=failed)


def write_all_tasks(
    database: Database, *, organization: UUID, keys: KeyRing, session_of: SessionOf, ehrs: Collection[UUID]
) -> Turn:
    """Turn after turn, until nothing is due any more or the EHR takes nothing."""
    written = failed = 0
    while True:
        turn = write_tasks(database, organization=organization, keys=keys, session_of=session_of, ehrs=ehrs)
        written, failed = written + turn.written, failed + turn.failed
        if not turn.written:
            return Turn(written=written, failed=failed)


def read_tasks(
    database: Database, *, organization: UUID, session_of: SessionOf, ehrs: Collection[UUID] | None = None
) -> Turn:
    """See which Tasks were ended in the EHR, and end what was assigned here. `ehrs`: in these alone."""
    by_ehr: dict[UUID, dict[str, tuple[UUID, UUID, UUID]]] = {}
    with database.reading() as session:
        for row in session.scalars(_asked_there(organization)):
            if ehrs is not None and row.registration not in ehrs:
                continue
            key = (row.organization, row.assignment, row.person)
            by_ehr.setdefault(row.registration, {})[str(row.task)] = key
    finished = ended = failed = 0
    with _sessions(session_of) as at:
        for registration, tasks in by_ehr.items():
            try:
                found = read_statuses(at(registration), tasks)
            except (FhirReadError, BackendError, TokenError) as error:
                log.warning("tasks not read", registration=registration.hex, problem=type(error).__name__)
                failed += 1
                continue
            closed = {tasks[name]: there for name, there in found.items() if not there.is_open}
            done, gone = _close(database, closed)
            finished, ended = finished + done, ended + gone
    return Turn(failed=failed, finished_there=finished, ended_there=ended)


def _claim(
    database: Database,
    organization: UUID,
    keys: KeyRing,
    owner: str,
    only: Callable[[AssignmentTask], bool] | None,
    ehrs: Collection[UUID] | None,
) -> list[_Claimed]:
    now = datetime.now(UTC)
    with database.writing() as session:
        due = (
            select(AssignmentTask)
            .where(
                AssignmentTask.organization == organization,
                AssignmentTask.next_at <= now,
                or_(AssignmentTask.lease_until.is_(None), AssignmentTask.lease_until < now),
                true() if ehrs is None else AssignmentTask.registration.in_(ehrs),
            )
            .order_by(AssignmentTask.next_at)
            .with_for_update(skip_locked=True)
        )
        rows = [
            row for row in session.scalars(due.limit(A_TURN if only is None else None)) if only is None or only(row)
        ]
        for row in rows:
            row.lease, row.lease_until = owner, now + LEASE
        claimed = [_claimed(session, row, keys) for row in rows]
        session.commit()
    return claimed


def _claimed(session: Session, row: AssignmentTask, keys: KeyRing) -> _Claimed:
    key = (row.organization, row.assignment, row.person)
    resource = None if row.task else _resource(session, row, keys)
    return _Claimed(key, row.registration, row.task, row.status, resource)


def _resource(session: Session, row: AssignmentTask, keys: KeyRing) -> dict[str, Any] | None:
    """What to create; None where the Practitioner's id is known no more (the roster was undone)."""
    assignment = session.get_one(Assignment, (row.organization, row.assignment))
    person = session.get_one(RosterPerson, (row.organization, row.person))
    ids = unseal(person.sealed, keys=keys, organization=row.organization, person=row.person).practitioner
    if row.registration.hex not in ids:
        return None
    return assignment_task(
        identifier=f"{row.assignment.hex}-{row.person.hex}",
        practitioner=ids[row.registration.hex],
        title=_title(session, assignment),
        due=assignment.due,
        made=assignment.made_at.date(),
    )


def _title(session: Session, assignment: Assignment) -> str:
    try:
        return get_current(session, organization=assignment.organization, tutorial=assignment.tutorial).title
    except NoSuchTutorial:
        return assignment.tutorial


@contextmanager
def _sessions(session_of: SessionOf) -> Iterator[SessionOf]:
    """One session an EHR, closed at the end."""
    held: dict[UUID, FhirSession] = {}

    def at(registration: UUID) -> FhirSession:
        if registration not in held:
            held[registration] = session_of(registration)
        return held[registration]

    try:
        yield at
    finally:
        for fhir in held.values():
            fhir.close()


def _write(one: _Claimed, at: SessionOf, seconds: float) -> tuple[str, TaskAt | None]:
    """(why not, what stands there now)."""
    if one.task is None and one.resource is None:
        return "NobodyToAsk", None
    try:
        fhir, deadline = at(one.registration), min(seconds, 5.0)
        there = make_task(fhir, one.resource, deadline=deadline) if one.resource else None
        if there is None or there.status != one.status:
            there = say_status(fhir, there.id if there else str(one.task), one.status, deadline=deadline)
    except FhirGone:
        return "FhirGone", None
    except (FhirReadError, BackendError, TokenError) as error:
        log.warning("task not written", registration=one.registration.hex, problem=type(error).__name__)
        return type(error).__name__, None
    return "", there


def _keep(database: Database, one: _Claimed, owner: str, there: TaskAt | None, problem: str) -> bool:
    """What came of it, where nobody else has taken over; what somebody wanted meanwhile stays to be written."""
    with database.writing() as session:
        row = session.get(AssignmentTask, one.key)
        if row is None or row.lease != owner:
            return False
        row.lease = row.lease_until = None
        if there is not None:
            row.task, row.version, row.problem, row.tries = there.id, there.version or row.version, None, 0
            row.next_at = None if row.status == one.status else datetime.now(UTC)
            _learn(session, row, there)
        elif problem in ("NobodyToAsk", "FhirGone"):
            row.problem, row.next_at = problem, None
        else:
            row.problem, row.tries = problem or row.problem, row.tries + bool(problem)
            row.next_at = datetime.now(UTC) + min(timedelta(minutes=2**row.tries), _MOST_WAIT)
        session.commit()
    return True


def _learn(session: Session, row: AssignmentTask, there: TaskAt) -> None:
    """The write found the Task ended by somebody there: so it is here."""
    asked = session.get_one(AssignedPerson, (row.organization, row.assignment, row.person))
    if there.is_open or asked.state != OPEN or there.status == row.status:
        return
    _end(asked, row, there)


def _end(asked: AssignedPerson, row: AssignmentTask, there: TaskAt) -> None:
    if there.status == COMPLETED:
        asked.state, asked.finished_on, asked.finished_in = FINISHED, _today(), "EHR"
    else:
        asked.state = ENDED
    row.status, row.next_at = (COMPLETED if there.status == COMPLETED else "cancelled"), None


def _close(database: Database, closed: dict[tuple[UUID, UUID, UUID], TaskAt]) -> tuple[int, int]:
    finished = ended = 0
    with database.writing() as session:
        for key, there in closed.items():
            asked, row = session.get(AssignedPerson, key), session.get(AssignmentTask, key)
            # Finished here meanwhile: that is to be written there, and the EHR's end of it stands there.
            if asked is None or row is None or asked.state != OPEN:
                continue
            _end(asked, row, there)
            finished, ended = finished + (asked.state == FINISHED), ended + (asked.state == ENDED)
        session.commit()
    return finished, ended


def _asked_there(organization: UUID) -> Select[AssignmentTask]:
    return (
        select(AssignmentTask)
        .join(
            AssignedPerson,
            (AssignedPerson.organization == AssignmentTask.organization)
            & (AssignedPerson.assignment == AssignmentTask.assignment)
            & (AssignedPerson.person == AssignmentTask.person),
        )
        .join(
            Assignment,
            (Assignment.organization == AssignmentTask.organization) & (Assignment.id == AssignmentTask.assignment),
        )
        .where(
            AssignmentTask.organization == organization,
            AssignmentTask.task.is_not(None),
            AssignedPerson.state == OPEN,
            Assignment.ended_at.is_(None),
        )
    )


def _today() -> date:
    return datetime.now(UTC).date()


__all__ = ["Turn", "read_tasks", "write_all_tasks", "write_tasks"]
