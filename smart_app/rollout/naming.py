"""Who has finished assigned work, by name: only where the organization allows it, only for a reason, never unseen.

1. The organization's setting allows it, else nothing is read.
2. Whoever opens the list gives a reason; everybody on it sees who looked, when and why, in My record.
3. The list says finished or not finished: no use, no scores, no time spent, no order of merit.
"""

import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from defusedcsv import csv
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.organizations.roster.models import RosterPerson, Unit
from smart_app.organizations.roster.people import persons_of_learner
from smart_app.organizations.roster.sealing import unseal
from smart_app.organizations.settings import setting
from smart_app.organizations.verbs import write_audit
from smart_app.rollout.assigned import ENDED, FINISHED
from smart_app.rollout.models import AssignedPerson, Assignment, ListedPerson, ListOpening

SETTING: Final = "names of assigned work"
LEAST_REASON: Final = 10
MOST_REASON: Final = 300
OPEN_FOR: Final = timedelta(minutes=30)
"""An opened list stays open to whoever opened it; then a reason is asked for again."""
_HEADINGS: Final = (
    "Staff identifier", "Name", "Unit", "Tutorial id", "Tutorial", "Version", "Assigned on", "Due on", "Status",
    "Finished on",
)  # fmt: skip


class NamesNotAllowed(Exception):
    """The organization does not allow lists of names."""


class NoReason(ValueError):
    """A list of names is opened for a reason, in a few words."""


class NotOpened(LookupError):
    """Nobody, or somebody else, or too long ago opened this list."""


@dataclass(frozen=True)
class Listed:
    """Somebody on the list."""

    unit: str
    name: str
    """The name; else the staff identifier; else that neither is kept."""
    staff: str | None
    status: str
    """finished, not finished, or taken back in the EHR."""
    finished_on: date | None
    where: str | None
    version: int | None


@dataclass(frozen=True)
class Looked:
    """Somebody looked at a list with this learner on it."""

    at: datetime
    tutorial: str
    kind: str
    reason: str
    by: UUID


def names_allowed(session: Session, *, organization: UUID) -> bool:
    """Whether the organization lets educators see names."""
    return bool(setting(session, organization=organization, name=SETTING))


def open_list(
    session: Session, *, organization: UUID, assignment: UUID, learner: UUID, reason: str, kind: Literal["page", "file"]
) -> UUID:
    """Open it: everybody on it will see this. Raises NamesNotAllowed, NoReason. Flushes."""
    if not names_allowed(session, organization=organization):
        raise NamesNotAllowed
    words = " ".join(reason.split())
    if not LEAST_REASON <= len(words) <= MOST_REASON or not words.isprintable():
        raise NoReason
    opening = ListOpening(
        organization=organization, id=uuid.uuid4(), assignment=assignment, learner=learner, kind=kind, reason=words,
        at=datetime.now(UTC),
    )  # fmt: skip
    session.add(opening)
    session.flush()
    people = session.scalars(_people(organization, assignment)).all()
    session.add_all(ListedPerson(organization=organization, opening=opening.id, person=row.person) for row in people)
    details = {"assignment": assignment.hex, "kind": kind, "people": len(people), "reason": words}
    write_audit(session, organization=organization, actor=learner.hex, action="list of names opened", details=details)
    session.flush()
    return opening.id


def read_list(
    session: Session, *, organization: UUID, assignment: UUID, opening: UUID, learner: UUID, keys: KeyRing
) -> list[Listed]:
    """The people of a list that this learner opened a short while ago: by unit, then by name.

    Raises NamesNotAllowed, NotOpened.
    """
    if not names_allowed(session, organization=organization):
        raise NamesNotAllowed
    opened = session.get(ListOpening, (organization, opening))
    mine = opened is not None and opened.learner == learner and opened.assignment == assignment
    if opened is None or not mine or datetime.now(UTC) - opened.at > OPEN_FOR:
        raise NotOpened(opening)
    on_it = set(session.scalars(select(ListedPerson.person).filter_by(organization=organization, opening=opening)))
    rows = session.execute(_with_names(organization, assignment)).all()
    listed = [_listed(row[0], row[1], row[2], organization, keys) for row in rows if row[0].person in on_it]
    return sorted(listed, key=lambda one: (one.unit.lower(), one.name.lower()))


def looks_at(session: Session, *, organization: UUID, learner: UUID) -> list[Looked]:
    """Every time somebody opened a list with this learner on it, newest first: for My record."""
    persons = persons_of_learner(session, organization=organization, learner=learner)
    if not persons:
        return []
    rows = session.execute(
        select(ListOpening.at, Assignment.tutorial, ListOpening.kind, ListOpening.reason, ListOpening.learner)
        .join(
            ListedPerson,
            (ListedPerson.organization == ListOpening.organization) & (ListedPerson.opening == ListOpening.id),
        )
        .join(
            Assignment,
            (Assignment.organization == ListOpening.organization) & (Assignment.id == ListOpening.assignment),
        )
        .where(ListOpening.organization == organization, ListedPerson.person.in_(persons))
        .distinct()
        .order_by(ListOpening.at.desc())
    )
    return [Looked(*row) for row in rows]


def transcript(listed: Sequence[Listed], *, tutorial: str, title: str, assigned_on: date, due: date) -> str:
    """The list for a learning management system: CSV that no spreadsheet runs as formulas (RFC 4180)."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_HEADINGS)
    for one in listed:
        writer.writerow(
            [
                *map(_cell, (one.staff or "", one.name, one.unit, tutorial, title)),
                *(one.version or "", assigned_on.isoformat()),
                *(due.isoformat(), one.status, one.finished_on.isoformat() if one.finished_on else ""),
            ]
        )
    return out.getvalue()


def _cell(text: str) -> str:
    """Without what stands before its first letter: a tab or a line break there hides a formula from defusedcsv."""
    return text.strip()


def _people(organization: UUID, assignment: UUID) -> Select[AssignedPerson]:
    return select(AssignedPerson).where(
        AssignedPerson.organization == organization, AssignedPerson.assignment == assignment
    )


def _with_names(organization: UUID, assignment: UUID) -> Select[AssignedPerson, bytes | None, str]:
    return (
        select(AssignedPerson, RosterPerson.sealed, Unit.name)
        .join(
            RosterPerson,
            (RosterPerson.organization == AssignedPerson.organization) & (RosterPerson.id == AssignedPerson.person),
        )
        .join(Unit, (Unit.organization == RosterPerson.organization) & (Unit.id == RosterPerson.unit))
        .where(AssignedPerson.organization == organization, AssignedPerson.assignment == assignment)
    )


def _listed(row: AssignedPerson, sealed: bytes | None, unit: str, organization: UUID, keys: KeyRing) -> Listed:
    known = unseal(sealed, keys=keys, organization=organization, person=row.person)
    status = {FINISHED: "finished", ENDED: "taken back in the EHR"}.get(row.state, "not finished")
    name = known.name or known.staff or "No name is kept: import the roster anew"
    return Listed(unit, name, known.staff, status, row.finished_on, row.finished_in, row.version)
