"""Who is on the roster today: counts for pages, and which learner is which person."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from smart_app.organizations.models import LearnerIdentity
from smart_app.organizations.roster.models import RosterIdentity, RosterPerson, Unit
from smart_app.organizations.roster.reading import NOT_SAID


@dataclass(frozen=True)
class UnitName:
    """A unit in a list."""

    id: str
    name: str


@dataclass(frozen=True)
class Group:
    """People who are alike in all that planning asks."""

    unit: str
    job_role: str
    access: frozenset[str] | None
    """AI features accessible; None: the roster does not say, the AI feature registry does."""
    is_leader: bool
    people: int


def units(session: Session, *, organization: UUID) -> tuple[UnitName, ...]:
    """All units, by name."""
    rows = session.execute(select(Unit.id, Unit.name).where(Unit.organization == organization).order_by(Unit.name))
    return tuple(UnitName(*row) for row in rows)


def groups(session: Session, *, organization: UUID, today: date | None = None) -> tuple[Group, ...]:
    """Everybody who is here today, counted by unit, job role, access and leadership: hundreds of rows for 20,000."""
    columns = (RosterPerson.unit, RosterPerson.job_role, RosterPerson.access, RosterPerson.is_leader)
    rows = session.execute(
        select(*columns, func.count()).where(*is_here(organization, today)).group_by(*columns).order_by(*columns)
    )
    return tuple(
        Group(unit, role, None if access == NOT_SAID else frozenset(access.split()), leader, count)
        for unit, role, access, leader, count in rows
    )


def groups_by_role(
    session: Session, *, organization: UUID, today: date | None = None
) -> tuple[tuple[str, frozenset[str] | None, int], ...]:
    """(job role, access, people) of everybody who is here today, over all units: access as in :class:`Group`."""
    columns = (RosterPerson.job_role, RosterPerson.access)
    rows = session.execute(select(*columns, func.count()).where(*is_here(organization, today)).group_by(*columns))
    return tuple(
        (role, None if access == NOT_SAID else frozenset(access.split()), count) for role, access, count in rows
    )


def people_by_role(session: Session, *, organization: UUID) -> Counter[str]:
    """How many people each job role has on the roster today."""
    found: Counter[str] = Counter()
    for group in groups(session, organization=organization):
        found[group.job_role] += group.people
    return found


def count_people(
    session: Session, *, organization: UUID, job_roles: Iterable[str] = (), unit_ids: Iterable[str] = ()
) -> int:
    """How many people of these job roles (none given: any) in these units (none given: any) are here today."""
    wanted = [*is_here(organization), *of(job_roles, unit_ids)]
    return session.scalar(select(func.count()).select_from(RosterPerson).where(*wanted)) or 0


def has_roster(session: Session, *, organization: UUID) -> bool:
    """Whether anybody is on it. Without a roster every share reads "of those who opened Preceptor"."""
    return session.scalar(select(RosterPerson.id).where(RosterPerson.organization == organization).limit(1)) is not None


def people_of(
    session: Session, *, organization: UUID, job_roles: Iterable[str] = (), unit_ids: Iterable[str] = ()
) -> list[UUID]:
    """Ids of the people of these job roles in these units who are here today."""
    wanted = [*is_here(organization), *of(job_roles, unit_ids)]
    return list(session.scalars(select(RosterPerson.id).where(*wanted).order_by(RosterPerson.id)))


def persons_of_learner(session: Session, *, organization: UUID, learner: UUID) -> tuple[UUID, ...]:
    """The person on the roster that a learner is, by any identity they share; several where two are one."""
    shared = and_(
        LearnerIdentity.organization == RosterIdentity.organization,
        LearnerIdentity.kind == RosterIdentity.kind,
        LearnerIdentity.hash == RosterIdentity.hash,
    )
    found = (
        select(RosterIdentity.person)
        .join(LearnerIdentity, shared)
        .where(LearnerIdentity.organization == organization, LearnerIdentity.learner == learner)
        .distinct()
        .order_by(RosterIdentity.person)
    )
    return tuple(session.scalars(found))


def learners_of_persons(session: Session, *, organization: UUID) -> Mapping[UUID, tuple[UUID, ...]]:
    """Person -> the learners that they are; nobody who never launched."""
    shared = and_(
        LearnerIdentity.organization == RosterIdentity.organization,
        LearnerIdentity.kind == RosterIdentity.kind,
        LearnerIdentity.hash == RosterIdentity.hash,
    )
    rows = session.execute(
        select(RosterIdentity.person, LearnerIdentity.learner)
        .join(LearnerIdentity, shared)
        .where(RosterIdentity.organization == organization)
        .distinct()
    )
    found: dict[UUID, tuple[UUID, ...]] = defaultdict(tuple)
    for person, learner in rows:
        found[person] += (learner,)
    return found


def is_here(organization: UUID, today: date | None = None) -> tuple[ColumnElement[bool], ...]:
    """WHERE: on this organization's roster and active on that day."""
    day = today or datetime.now(UTC).date()
    return (
        RosterPerson.organization == organization,
        or_(RosterPerson.active_from.is_(None), RosterPerson.active_from <= day),
        or_(RosterPerson.active_to.is_(None), RosterPerson.active_to >= day),
    )


def of(job_roles: Iterable[str], unit_ids: Iterable[str]) -> tuple[ColumnElement[bool], ...]:
    """WHERE: of these job roles, in these units; an empty one says nothing."""
    roles, places = tuple(job_roles), tuple(unit_ids)
    said: list[ColumnElement[bool]] = []
    if roles:
        said.append(RosterPerson.job_role.in_(roles))
    if places:
        said.append(RosterPerson.unit.in_(places))
    return tuple(said)
