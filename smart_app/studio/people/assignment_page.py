"""What the assignments' pages say, decided before the template. How many have finished is nowhere a number."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.library.reading import list_tutorials
from smart_app.organizations.job_roles import job_roles
from smart_app.organizations.roster.importing import STAFF_PURPOSE
from smart_app.organizations.roster.models import RosterIdentity
from smart_app.organizations.roster.people import units
from smart_app.rollout.assigning import open_assignments
from smart_app.rollout.models import AssignedPerson, Assignment, AssignmentTask
from smart_app.rollout.naming import names_allowed
from smart_app.rollout.tasking import registrations_with_tasks
from smart_app.studio.people.dates import day_words

MOST_NAMED = 200
_PURPOSES = (STAFF_PURPOSE, "learner identity npi")


class UnknownPeople(Exception):
    """Staff identifiers that nobody on the roster has; the text names the first."""


@dataclass(frozen=True)
class Line:
    """An assignment in the list."""

    id: UUID
    title: str
    to: str
    due: str
    is_over: bool
    people: int
    ehr: str
    """How it stands with the EHR's Tasks."""
    wave: int | None


@dataclass(frozen=True)
class AssignmentPage:
    """One assignment."""

    line: Line
    tutorial: str
    made_on: str
    ended: bool
    names_allowed: bool


@dataclass(frozen=True)
class Lines:
    """All that hold."""

    lines: tuple[Line, ...]
    ehrs: tuple[str, ...]
    """Names of the EHRs that take Tasks."""


def assignment_lines(session: Session, *, organization: UUID) -> Lines:
    """Those that hold, newest first."""
    words = _Words(session, organization)
    rows = session.scalars(open_assignments(organization)).all()
    ehrs = registrations_with_tasks(session, organization=organization)
    return Lines(tuple(words.line(row) for row in rows), tuple(ehr.name for ehr in ehrs))


def assignment_page(session: Session, *, organization: UUID, row: Assignment) -> AssignmentPage:
    """One of them."""
    return AssignmentPage(
        line=_Words(session, organization).line(row),
        tutorial=row.tutorial,
        made_on=day_words(row.made_at.date()),
        ended=row.ended_at is not None,
        names_allowed=names_allowed(session, organization=organization),
    )


def titles_of(session: Session, *, organization: UUID) -> dict[str, str]:
    """Tutorial -> title, of all that are published."""
    return {one.tutorial: one.title for one in list_tutorials(session, organization=organization)}


def people_named(session: Session, *, organization: UUID, text: str, keys: KeyRing) -> list[UUID]:
    """The people whose staff identifiers stand in a text. Raises UnknownPeople."""
    found = []
    for number in dict.fromkeys(text.replace(",", " ").replace(";", " ").split()):
        hashes = [digest for purpose in _PURPOSES for digest in keys.hashes(purpose, number)]
        person = session.scalar(
            select(RosterIdentity.person).where(
                RosterIdentity.organization == organization, RosterIdentity.hash.in_(hashes)
            )
        )
        if person is None:
            raise UnknownPeople(f'Nobody on the roster has the staff identifier "{number[:40]}".')
        found.append(person)
        if len(found) > MOST_NAMED:
            raise UnknownPeople(f"At most {MOST_NAMED} people are named at once: choose a unit instead.")
    return found


class _Words:
    """Counts and names, read once for a page."""

    def __init__(self, session: Session, organization: UUID) -> None:
        self._titles = titles_of(session, organization=organization)
        self._roles = {role.id: role.title for role in job_roles(session, organization=organization)}
        self._units = {unit.id: unit.name for unit in units(session, organization=organization)}
        self._people = _counts(session, organization)
        self._tasks = _tasks(session, organization)

    def line(self, row: Assignment) -> Line:
        """The assignment in words."""
        return Line(
            id=row.id,
            title=self._titles.get(row.tutorial, row.tutorial),
            to=self._to(row),
            due=day_words(row.due),
            is_over=row.due < datetime.now(UTC).date(),
            people=self._people.get(row.id, 0),
            ehr=self._ehr(row.id),
            wave=row.wave,
        )

    def _to(self, row: Assignment) -> str:
        roles = ", ".join(self._roles.get(role, role) for role in row.roles)
        places = ", ".join(self._units.get(unit, unit) for unit in row.units)
        if roles and places:
            return f"{roles} in {places}"
        return roles or places or "Named people"

    def _ehr(self, assignment: UUID) -> str:
        counted = self._tasks.get(assignment)
        if not counted:
            return "Not in the EHR"
        written, waiting = counted["written"], counted["waiting"]
        return f"{written} in the EHR" + (f", {waiting} still to be written" if waiting else "")


def _counts(session: Session, organization: UUID) -> Mapping[UUID, int]:
    rows = session.execute(
        select(AssignedPerson.assignment, func.count())
        .where(AssignedPerson.organization == organization)
        .group_by(AssignedPerson.assignment)
    )
    return {row[0]: row[1] for row in rows}


def _tasks(session: Session, organization: UUID) -> dict[UUID, Counter[str]]:
    rows = session.execute(
        select(
            AssignmentTask.assignment,
            AssignmentTask.task.is_not(None),
            AssignmentTask.next_at.is_not(None),
            func.count(),
        )
        .where(AssignmentTask.organization == organization)
        .group_by(AssignmentTask.assignment, AssignmentTask.task.is_not(None), AssignmentTask.next_at.is_not(None))
    )
    found: dict[UUID, Counter[str]] = {}
    for assignment, written, waiting, count in rows:
        counted = found.setdefault(assignment, Counter())
        counted["written"] += count if written else 0
        counted["waiting"] += count if waiting else 0
    return found
