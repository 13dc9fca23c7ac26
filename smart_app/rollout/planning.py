"""Rollouts: made, changed, removed and put back. Verbs flush, callers commit; each writes its audit."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.organizations.roster.importing import STAFF_PURPOSE
from smart_app.organizations.roster.models import RosterIdentity, RosterPerson
from smart_app.organizations.verbs import write_audit
from smart_app.rollout.models import Rollout, RolloutUnit, RolloutWave, SuperUser

MOST_WAVES = 12


class NoSuchRollout(LookupError):
    """This organization has no such rollout."""


class UnfitPlan(ValueError):
    """What was written cannot be a plan; the text says what to mend."""


@dataclass(frozen=True)
class Wave:
    """From one day to another, in these units."""

    starts: date
    ends: date
    units: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A rollout as somebody wrote it."""

    name: str
    features: tuple[str, ...]
    waves: tuple[Wave, ...]
    target: int | None = None
    target_by: date | None = None


@dataclass(frozen=True)
class Planned:
    """A rollout as it is kept."""

    id: UUID
    name: str
    features: tuple[str, ...]
    waves: tuple[Wave, ...]
    target: int | None
    target_by: date | None
    reach: Mapping[str, str] = field(default_factory=dict)
    """Unit -> how its super-users are reached."""
    super_users: tuple[UUID, ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        """Of all waves, in their order."""
        return tuple(unit for wave in self.waves for unit in wave.units)


def save_rollout(session: Session, *, organization: UUID, plan: Plan, actor: str, rollout: UUID | None = None) -> UUID:
    """Make a rollout, or change one. Raises UnfitPlan, NoSuchRollout."""
    _check(plan)
    before = _as_json(get_rollout(session, organization=organization, rollout=rollout)) if rollout else None
    row = _row(session, organization, rollout) if rollout else _new(session, organization)
    row.name, row.features = plan.name, list(plan.features)
    row.target, row.target_by = plan.target, plan.target_by
    session.flush()
    _put_waves(session, row, plan.waves)
    details = {"rollout": row.id.hex, "before": before, "after": _as_json(plan)}
    action = "rollout changed" if rollout else "rollout planned"
    write_audit(session, organization=organization, actor=actor, action=action, details=details)
    session.flush()
    return row.id


def remove_rollout(session: Session, *, organization: UUID, rollout: UUID, actor: str) -> str:
    """Take it out of the list; its assignments stand. Returns its name. Raises NoSuchRollout."""
    row = _row(session, organization, rollout)
    row.removed_at = datetime.now(UTC)
    _tell(session, row, actor, "rollout removed")
    return row.name


def put_rollout_back(session: Session, *, organization: UUID, rollout: UUID, actor: str) -> None:
    """Undo the removal."""
    row = session.get_one(Rollout, (organization, rollout))
    row.removed_at = None
    _tell(session, row, actor, "rollout put back")


def name_super_users(
    session: Session, *, organization: UUID, rollout: UUID, unit: str, staff: Sequence[str], reach: str, keys: KeyRing,
    actor: str,
) -> None:  # fmt: skip
    """Who helps colleagues in this unit, by staff identifier, and how they are reached.

    Raises UnfitPlan for an identifier that is not of somebody in this unit, NoSuchRollout.
    """
    row = _row(session, organization, rollout)
    place = session.get(RolloutUnit, (organization, rollout, unit))
    if place is None:
        raise UnfitPlan("That unit is in no wave of this rollout.")
    people = [_person(session, organization, unit, number, keys) for number in staff]
    of_unit = select(RosterPerson.id).where(RosterPerson.organization == organization, RosterPerson.unit == unit)
    session.execute(
        delete(SuperUser).where(
            SuperUser.organization == organization, SuperUser.rollout == rollout, SuperUser.person.in_(of_unit)
        )
    )
    for person in dict.fromkeys(people):
        session.add(SuperUser(organization=organization, rollout=rollout, person=person))
    place.reach = reach or None
    details = {"rollout": row.id.hex, "unit": unit, "people": len(set(people))}
    write_audit(session, organization=organization, actor=actor, action="super-users named", details=details)
    session.flush()


def rollouts(session: Session, *, organization: UUID) -> list[Planned]:
    """All that were not removed, newest first."""
    rows = session.scalars(
        select(Rollout)
        .where(Rollout.organization == organization, Rollout.removed_at.is_(None))
        .order_by(Rollout.made_at.desc(), Rollout.id)
    )
    return [_planned(session, row) for row in rows]


def get_rollout(session: Session, *, organization: UUID, rollout: UUID) -> Planned:
    """The rollout; raises NoSuchRollout."""
    return _planned(session, _row(session, organization, rollout))


def _check(plan: Plan) -> None:
    if not plan.name:
        raise UnfitPlan("Give the rollout a name.")
    if not plan.features:
        raise UnfitPlan("Choose at least one AI feature.")
    if not any(wave.units for wave in plan.waves):
        raise UnfitPlan("Put at least one unit into a wave.")
    _check_days(plan.waves)
    if (plan.target is None) != (plan.target_by is None):
        raise UnfitPlan("A target is a share and a day: give both, or neither.")
    if plan.target is not None and not 1 <= plan.target <= 100:
        raise UnfitPlan("The target is a share from 1 to 100 percent.")


def _check_days(waves: Sequence[Wave]) -> None:
    if len(waves) > MOST_WAVES:
        raise UnfitPlan(f"At most {MOST_WAVES} waves.")
    for number, wave in enumerate(waves, 1):
        if wave.ends < wave.starts:
            raise UnfitPlan(f"Wave {number} ends before it begins.")
    for number, (one, following) in enumerate(pairwise(waves), 1):
        if following.starts < one.starts:
            raise UnfitPlan(f"Wave {number + 1} begins before wave {number}.")


def _new(session: Session, organization: UUID) -> Rollout:
    row = Rollout(organization=organization, id=uuid.uuid4(), made_at=datetime.now(UTC), name="", features=[])
    session.add(row)
    return row


def _row(session: Session, organization: UUID, rollout: UUID) -> Rollout:
    row = session.get(Rollout, (organization, rollout))
    if row is None or row.removed_at is not None:
        raise NoSuchRollout(rollout)
    return row


def _put_waves(session: Session, row: Rollout, waves: Sequence[Wave]) -> None:
    reach = _reach(session, row)
    of_it = {"organization": row.organization, "rollout": row.id}
    for table in (RolloutUnit, RolloutWave):
        session.execute(delete(table).filter_by(**of_it))
    for number, wave in enumerate(waves, 1):
        session.add(RolloutWave(**of_it, number=number, starts=wave.starts, ends=wave.ends))
    session.flush()
    for number, wave in enumerate(waves, 1):
        for unit in wave.units:
            session.add(RolloutUnit(**of_it, unit=unit, wave=number, reach=reach.get(unit)))
    session.flush()


def _reach(session: Session, row: Rollout) -> dict[str, str]:
    rows = session.execute(
        select(RolloutUnit.unit, RolloutUnit.reach).where(
            RolloutUnit.organization == row.organization, RolloutUnit.rollout == row.id
        )
    )
    return {unit: reach for unit, reach in rows if reach}


def _planned(session: Session, row: Rollout) -> Planned:
    of_it = {"organization": row.organization, "rollout": row.id}
    places: dict[int, list[str]] = {}
    for unit, wave in session.execute(
        select(RolloutUnit.unit, RolloutUnit.wave).filter_by(**of_it).order_by(RolloutUnit.unit)
    ):
        places.setdefault(wave, []).append(unit)
    waves = session.scalars(select(RolloutWave).filter_by(**of_it).order_by(RolloutWave.number))
    return Planned(
        row.id,
        row.name,
        tuple(row.features),
        tuple(Wave(wave.starts, wave.ends, tuple(places.get(wave.number, ()))) for wave in waves),
        row.target,
        row.target_by,
        _reach(session, row),
        tuple(session.scalars(select(SuperUser.person).filter_by(**of_it))),
    )


def _person(session: Session, organization: UUID, unit: str, number: str, keys: KeyRing) -> UUID:
    """By the staff identifier, whatever that is here: its hash is the first of each person's."""
    purposes = [(STAFF_PURPOSE, "staff"), ("learner identity npi", "npi")]
    for purpose, kind in purposes:
        found = session.scalar(
            select(RosterIdentity.person)
            .join(
                RosterPerson,
                (RosterPerson.organization == RosterIdentity.organization) & (RosterPerson.id == RosterIdentity.person),
            )
            .where(
                RosterIdentity.organization == organization,
                RosterIdentity.kind == kind,
                RosterIdentity.hash.in_(keys.hashes(purpose, number)),
                RosterPerson.unit == unit,
            )
        )
        if found is not None:
            return found
    raise UnfitPlan(f'Nobody in this unit has the staff identifier "{number}".')


def _as_json(plan: Plan | Planned) -> dict[str, object]:
    return {
        "name": plan.name,
        "features": list(plan.features),
        "waves": [[wave.starts.isoformat(), wave.ends.isoformat(), list(wave.units)] for wave in plan.waves],
        "target": plan.target,
        "target_by": plan.target_by.isoformat() if plan.target_by else None,
    }


def _tell(session: Session, row: Rollout, actor: str, action: str) -> None:
    details = {"rollout": row.id.hex, "name": row.name}
    write_audit(session, organization=row.organization, actor=actor, action=action, details=details)
    session.flush()
