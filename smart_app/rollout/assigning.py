"""Assigning a tutorial, taking that back, and finishing. Verbs flush, callers commit."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from smart_app.organizations.roster.people import people_of, persons_of_learner
from smart_app.organizations.verbs import write_audit
from smart_app.rollout.assigned import FINISHED, OPEN
from smart_app.rollout.models import AssignedPerson, Assignment
from smart_app.rollout.tasking import close_tasks, reopen_tasks, want_status

IN_PRECEPTOR, IN_EHR = "Preceptor", "EHR"
ASKED, WITHDRAWN = "asked for", "withdrawn"


class NobodyMeant(ValueError):
    """No role, unit or person was named, or nobody on the roster is meant."""


class DueInThePast(ValueError):
    """The day it is due has passed already."""


class NoSuchAssignment(LookupError):
    """This organization has no such assignment."""


@dataclass(frozen=True)
class Done:
    """When somebody had finished a tutorial before it was assigned to them."""

    on: date
    version: int


def assign(
    session: Session,
    *,
    organization: UUID,
    tutorial: str,
    due: date,
    actor: str,
    roles: Sequence[str] = (),
    units: Sequence[str] = (),
    people: Iterable[UUID] = (),
    done: Mapping[UUID, Done] | None = None,
    rollout: UUID | None = None,
    wave: int | None = None,
) -> Assignment:
    """Ask roles, units (or these roles in these units) and people to finish a tutorial by a day.

    `done`: person -> when they had finished its present version already. Raises NobodyMeant, DueInThePast.
    """
    if due < datetime.now(UTC).date():
        raise DueInThePast(due.isoformat())
    named = set(people)
    meant = named | (set(_meant(session, organization, roles, units)) if roles or units else set())
    if not meant and not (roles and not units):
        raise NobodyMeant(tutorial)
    row = Assignment(
        organization=organization, id=uuid.uuid4(), tutorial=tutorial, roles=list(roles), units=list(units), due=due,
        rollout=rollout, wave=wave, made_by=actor, made_at=datetime.now(UTC),
    )  # fmt: skip
    session.add(row)
    session.flush()
    _add_people(session, row, meant, done or {})
    details = {
        "assignment": row.id.hex, "tutorial": tutorial, "roles": list(roles), "units": list(units),
        "named": len(named), "people": len(meant), "due": due.isoformat(), "before": None, "after": ASKED,
    }  # fmt: skip
    write_audit(session, organization=organization, actor=actor, action="tutorial assigned", details=details)
    session.flush()
    return row


def withdraw(session: Session, *, organization: UUID, assignment: UUID, actor: str) -> Assignment:
    """Nobody is asked any more; the EHR's Tasks are cancelled. What was finished stays finished."""
    row = get_assignment(session, organization=organization, assignment=assignment)
    if row.ended_at is None:
        row.ended_at = datetime.now(UTC)
        close_tasks(session, organization=organization, assignment=assignment)
        _tell(session, row, actor, "assignment withdrawn", before=ASKED, after=WITHDRAWN)
    return row


def put_back(session: Session, *, organization: UUID, assignment: UUID, actor: str) -> Assignment:
    """Undo a withdrawal."""
    row = get_assignment(session, organization=organization, assignment=assignment)
    row.ended_at = None
    reopen_tasks(session, organization=organization, assignment=assignment)
    _tell(session, row, actor, "assignment put back", before=WITHDRAWN, after=ASKED)
    return row


def get_assignment(session: Session, *, organization: UUID, assignment: UUID) -> Assignment:
    """The assignment; raises NoSuchAssignment."""
    row = session.get(Assignment, (organization, assignment))
    if row is None:
        raise NoSuchAssignment(assignment)
    return row


def ask_newcomers(session: Session, *, organization: UUID) -> int:
    """After a roster import: who has come into an assigned role or unit is asked too; how many. Flushes."""
    asked = 0
    for row in session.scalars(open_assignments(organization)):
        if row.roles or row.units:
            there = set(
                session.scalars(
                    select(AssignedPerson.person).where(
                        AssignedPerson.organization == organization, AssignedPerson.assignment == row.id
                    )
                )
            )
            new = set(_meant(session, organization, row.roles, row.units)) - there
            _add_people(session, row, new, {})
            asked += len(new)
    session.flush()
    return asked


def open_assignments(organization: UUID) -> Select[Assignment]:
    """SELECT: those that hold, newest first."""
    return (
        select(Assignment)
        .where(Assignment.organization == organization, Assignment.ended_at.is_(None))
        .order_by(Assignment.made_at.desc(), Assignment.id)
    )


def assigned_in(session: Session, *, organization: UUID, rollout: UUID) -> list[Assignment]:
    """A rollout's own that hold, wave by wave."""
    row = Assignment
    of_it = select(row).where(row.organization == organization, row.rollout == rollout, row.ended_at.is_(None))
    return list(session.scalars(of_it.order_by(row.wave, row.made_at)))


def finish_assigned(
    session: Session, *, organization: UUID, learner: UUID, tutorial: str, version: int, on: date
) -> bool:
    """The learner finished a tutorial: what was assigned of it is done, and its Tasks are to say so.

    Of what was done, the day alone is kept. True where an assignment is now done. Flushes.
    """
    persons = persons_of_learner(session, organization=organization, learner=learner)
    if not persons:
        return False
    rows = session.scalars(
        select(AssignedPerson)
        .join(
            Assignment,
            (Assignment.organization == AssignedPerson.organization) & (Assignment.id == AssignedPerson.assignment),
        )
        .where(
            AssignedPerson.organization == organization,
            AssignedPerson.person.in_(persons),
            AssignedPerson.state == OPEN,
            Assignment.tutorial == tutorial,
            Assignment.ended_at.is_(None),
        )
    ).all()
    for row in rows:
        row.state, row.finished_on, row.finished_in, row.version = FINISHED, on, IN_PRECEPTOR, version
        want_status(session, row, "completed")
    session.flush()
    return bool(rows)


def _meant(session: Session, organization: UUID, roles: Sequence[str], units: Sequence[str]) -> list[UUID]:
    return people_of(session, organization=organization, job_roles=roles, unit_ids=units)


def _add_people(session: Session, row: Assignment, meant: Iterable[UUID], done: Mapping[UUID, Done]) -> None:
    for person in sorted(meant):
        asked = AssignedPerson(organization=row.organization, assignment=row.id, person=person, state=OPEN)
        if person in done:
            asked.state, asked.finished_in = FINISHED, IN_PRECEPTOR
            asked.finished_on, asked.version = done[person].on, done[person].version
        session.add(asked)
    session.flush()


def _tell(session: Session, row: Assignment, actor: str, action: str, *, before: str, after: str) -> None:
    details = {"assignment": row.id.hex, "tutorial": row.tutorial, "before": before, "after": after}
    write_audit(session, organization=row.organization, actor=actor, action=action, details=details)
    session.flush()
