"""Rollouts: made, changed, removed and put back. Verbs flush, callers commit; each writes its audit."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.organizations.naming import code_of
from smart_app.organizations.roster.importing import STAFF_PURPOSE
from smart_app.organizations.roster.models import RosterIdentity, RosterPerson
from smart_app.organizations.verbs import write_audit
from smart_app.rollout.models import Rollout, RolloutUnit, RolloutWave, SuperUser

MOST_WAVES = 12


class NoSuchRollout(LookupError):
    """This organization has no such rollout."""


class ChangedSince(ValueError):
    """It is not any more as the act left it, so the act is not undone; the text says what."""


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


def plan_of(session: Session, *, organization: UUID, rollout: UUID) -> dict[str, Any]:
    """The plan as JSON, for whoever changes it: what :func:`put_plan_back` takes. Raises NoSuchRollout."""
    found = get_rollout(session, organization=organization, rollout=rollout)
    return {**_as_json(found), "reach": dict(found.reach)}


def put_plan_back(
    session: Session, *, organization: UUID, rollout: UUID, before: Mapping[str, Any], after: Mapping[str, Any],
    actor: str,
) -> None:  # fmt: skip
    """The plan as it was `before`, where it is still as it was `after`. Raises ChangedSince, NoSuchRollout."""
    now = plan_of(session, organization=organization, rollout=rollout)
    if {**now, "reach": None} != {**after, "reach": None}:
        raise ChangedSince("The plan was changed again since.")
    save_rollout(session, organization=organization, plan=_from_json(before), actor=actor, rollout=rollout)
    # A unit that was taken out of the plan had lost how its super-users are reached.
    for unit, reach in before["reach"].items():
        place = session.get(RolloutUnit, (organization, rollout, unit))
        if place is not None and unit not in now["reach"]:
            place.reach = reach
    session.flush()


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
) -> dict[str, Any]:  # fmt: skip
    """Who helps colleagues in this unit, by staff identifier, and how they are reached; returns before and after.

    Raises UnfitPlan for an identifier that is not of somebody in this unit, NoSuchRollout.
    """
    _row(session, organization, rollout)
    place = session.get(RolloutUnit, (organization, rollout, unit))
    if place is None:
        raise UnfitPlan("That unit is in no wave of this rollout.")
    people = [_person(session, organization, unit, number, keys) for number in staff]
    return _put_super_users(session, place, people, reach or None, actor)


def put_super_users_back(
    session: Session, *, organization: UUID, rollout: UUID, unit: str, before: Mapping[str, Any],
    after: Mapping[str, Any], actor: str,
) -> None:  # fmt: skip
    """Those of `before`, where it is still as it was `after`. Raises ChangedSince."""
    place = session.get(RolloutUnit, (organization, rollout, unit))
    if place is None or _super_users(session, place) != after:
        raise ChangedSince("The unit's super-users were changed again since.")
    named = [UUID(person) for person in before["people"]]
    people = [person for person in named if session.get(RosterPerson, (organization, person)) is not None]
    _put_super_users(session, place, people, before["reach"], actor)


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


def _super_users(session: Session, place: RolloutUnit) -> dict[str, Any]:
    """Of a unit, as JSON: their ids on the roster, and how they are reached."""
    named = select(SuperUser.person).where(*_of_unit(place)).order_by(SuperUser.person)
    return {"people": sorted(person.hex for person in session.scalars(named)), "reach": place.reach}


def _put_super_users(
    session: Session, place: RolloutUnit, people: Sequence[UUID], reach: str | None, actor: str
) -> dict[str, Any]:
    before = _super_users(session, place)
    session.execute(delete(SuperUser).where(*_of_unit(place)))
    for person in dict.fromkeys(people):
        session.add(SuperUser(organization=place.organization, rollout=place.rollout, person=person))
    place.reach = reach
    session.flush()
    after = _super_users(session, place)
    details = {"rollout": place.rollout.hex, "unit": place.unit, "before": _by_code(before), "after": _by_code(after)}
    write_audit(session, organization=place.organization, actor=actor, action="super-users named", details=details)
    session.flush()
    return {"before": before, "after": after}


def _of_unit(place: RolloutUnit) -> tuple[ColumnElement[bool], ...]:
    here = select(RosterPerson.id).where(
        RosterPerson.organization == place.organization, RosterPerson.unit == place.unit
    )
    return (
        SuperUser.organization == place.organization, SuperUser.rollout == place.rollout, SuperUser.person.in_(here)
    )  # fmt: skip


def _by_code(named: Mapping[str, Any]) -> dict[str, Any]:
    """For the audit: people stand there by their code, which opens nothing."""
    return {**named, "people": [code_of(UUID(person)) for person in named["people"]]}


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


def _as_json(plan: Plan | Planned) -> dict[str, Any]:
    return {
        "name": plan.name,
        "features": list(plan.features),
        "waves": [[wave.starts.isoformat(), wave.ends.isoformat(), list(wave.units)] for wave in plan.waves],
        "target": plan.target,
        "target_by": plan.target_by.isoformat() if plan.target_by else None,
    }


def _from_json(kept: Mapping[str, Any]) -> Plan:
    day = date.fromisoformat
    return Plan(
        name=kept["name"],
        features=tuple(kept["features"]),
        waves=tuple(Wave(day(starts), day(ends), tuple(units)) for starts, ends, units in kept["waves"]),
        target=kept["target"],
        target_by=day(kept["target_by"]) if kept["target_by"] else None,
    )


def _tell(session: Session, row: Rollout, actor: str, action: str) -> None:
    stands, gone = {"in the list": True}, {"in the list": False}
    before, after = (stands, gone) if row.removed_at else (gone, stands)
    details = {"rollout": row.id.hex, "name": row.name, "before": before, "after": after}
    write_audit(session, organization=row.organization, actor=actor, action=action, details=details)
    session.flush()
