"""What the rollouts' pages say, decided before the template."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from smart_app.keys import KeyRing
from smart_app.library.models import AiFeatureRow
from smart_app.library.reading import Check, NoSuchTutorial, get_current
from smart_app.organizations.job_roles import job_roles
from smart_app.organizations.roster.models import RosterPerson
from smart_app.organizations.roster.people import units
from smart_app.organizations.roster.sealing import unseal
from smart_app.rollout.facts import features_of, staff_by_unit, tutorials_of
from smart_app.rollout.planning import MOST_WAVES, Plan, Planned, UnfitPlan, Wave
from smart_app.rollout.readiness import Readiness, readiness
from smart_app.studio.people.dates import day_words


@dataclass(frozen=True)
class UnitLine:
    """A unit in a rollout."""

    id: str
    name: str
    people: int
    features: tuple[Readiness, ...]
    super_users: tuple[str, ...]
    """Their names; staff identifiers or a count where no names are kept."""
    reach: str

    @property
    def is_ready(self) -> bool:
        """Nothing is missing for any of the features."""
        return all(one.is_ready for one in self.features)


@dataclass(frozen=True)
class WaveLines:
    """A wave and its units."""

    number: int
    wave: Wave
    days: str
    units: tuple[UnitLine, ...]

    @property
    def people(self) -> int:
        """Of all its units."""
        return sum(unit.people for unit in self.units)

    @property
    def ready(self) -> int:
        """How many of its units miss nothing."""
        return sum(unit.is_ready for unit in self.units)


@dataclass(frozen=True)
class RolloutPage:
    """A rollout with the readiness of each unit."""

    plan: Planned
    features: tuple[tuple[str, str], ...]
    """(id, name)."""
    waves: tuple[WaveLines, ...]
    target: str

    def unit(self, unit: str) -> tuple[WaveLines, UnitLine] | None:
        """A unit and its wave."""
        return next(((wave, line) for wave in self.waves for line in wave.units if line.id == unit), None)


@dataclass(frozen=True)
class Verify:
    """A verify card, for the wall."""

    title: str
    feature: str
    checks: tuple[Check, ...]
    note: str


def rollout_page(session: Session, *, organization: UUID, plan: Planned, keys: KeyRing) -> RolloutPage:
    """Readiness of each unit: five questions for each feature."""
    features = features_of(session, organization=organization, wanted=plan.features)
    tutorials = tutorials_of(session, organization=organization, features=plan.features)
    staff = staff_by_unit(session, organization=organization)
    titles = {role.id: role.title for role in job_roles(session, organization=organization)}
    names = {unit.id: unit.name for unit in units(session, organization=organization)}
    helpers = _super_users(session, organization, plan, keys)
    waves = []
    for number, wave in enumerate(plan.waves, 1):
        lines = tuple(
            UnitLine(
                unit,
                names.get(unit, unit),
                sum(group.people for group in staff.get(unit, ())),
                tuple(readiness(unit, staff.get(unit, ()), feature, tutorials, titles) for feature in features),
                helpers.get(unit, ()),
                plan.reach.get(unit, ""),
            )
            for unit in sorted(wave.units, key=lambda unit: names.get(unit, unit))
        )
        waves.append(WaveLines(number, wave, f"{day_words(wave.starts)} to {day_words(wave.ends)}", lines))
    named = tuple((feature.id, feature.name) for feature in features)
    return RolloutPage(plan, named, tuple(waves), _target(plan))


def plan_of_form(form: MultiDict[str, str], *, known_units: tuple[str, ...], known_features: tuple[str, ...]) -> Plan:
    """A plan as the form says. Raises UnfitPlan for a day that is none."""
    numbers = [
        number for number in range(1, MOST_WAVES + 1) if form.get(f"starts-{number}") or form.get(f"ends-{number}")
    ]
    waves = tuple(
        Wave(
            _day(form.get(f"starts-{number}", ""), f"Wave {number}: the first day"),
            _day(form.get(f"ends-{number}", ""), f"Wave {number}: the last day"),
            tuple(unit for unit in known_units if form.get(f"unit-{unit}") == str(number)),
        )
        for number in numbers
    )
    return Plan(
        name=" ".join(form.get("name", "").split())[:120],
        features=tuple(feature for feature in form.getlist("feature") if feature in known_features),
        waves=waves,
        target=_share(form.get("target", "").strip()),
        target_by=_day(form["target_by"], "The target's day") if form.get("target_by") else None,
    )


def known_features(session: Session, *, organization: UUID) -> tuple[tuple[str, str, str], ...]:
    """(id, name, status) of the registry."""
    rows = session.execute(
        select(AiFeatureRow.id, AiFeatureRow.name, AiFeatureRow.status)
        .where(AiFeatureRow.organization == organization)
        .order_by(AiFeatureRow.name)
    )
    return tuple((feature, name, status) for feature, name, status in rows)


def verify_cards(session: Session, *, organization: UUID, page: RolloutPage, unit: str | None = None) -> list[Verify]:
    """The verify cards of the tutorials that a unit needs; of the whole rollout where none is named."""
    lines = [line for wave in page.waves for line in wave.units if unit in (None, line.id)]
    wanted = dict.fromkeys(tutorial for line in lines for one in line.features for tutorial in one.tutorials)
    names = dict(page.features)
    cards = []
    for tutorial in wanted:
        try:
            version = get_current(session, organization=organization, tutorial=tutorial)
        except NoSuchTutorial:
            continue
        name = names.get(version.ai_feature, version.ai_feature)
        cards.append(Verify(version.title, name, version.checks, version.verify_note))
    return cards


def tutorial_titles(session: Session, *, organization: UUID, tutorials: tuple[str, ...]) -> dict[str, tuple[str, int]]:
    """Tutorial -> (title, minutes), of those that are published."""
    found = {}
    for tutorial in tutorials:
        try:
            version = get_current(session, organization=organization, tutorial=tutorial)
        except NoSuchTutorial:
            continue
        found[tutorial] = (version.title, version.minutes)
    return found


def _super_users(session: Session, organization: UUID, plan: Planned, keys: KeyRing) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    unnamed: Counter[str] = Counter()
    for person in plan.super_users:
        row = session.get(RosterPerson, (organization, person))
        if row is None:
            continue
        known = unseal(row.sealed, keys=keys, organization=organization, person=person)
        if known.name or known.staff:
            found.setdefault(row.unit, []).append(str(known.name or known.staff))
        else:
            unnamed[row.unit] += 1
    for unit, count in unnamed.items():
        found.setdefault(unit, []).append("1 colleague" if count == 1 else f"{count} colleagues")
    return {unit: tuple(sorted(names)) for unit, names in found.items()}


def _target(plan: Planned) -> str:
    if plan.target is None or plan.target_by is None:
        return "No target was set."
    return f"{plan.target}% of people have used a feature by {day_words(plan.target_by)}."


def _share(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 3:
        raise UnfitPlan("The target is a whole number of percent.")
    return int(text)


def _day(text: str, what: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnfitPlan(f"{what} is missing, or is no day.") from None
