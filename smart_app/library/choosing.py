"""Choose tutorials for a situation at an organization: targeting over what is published, cached in the process."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.crowding import Crowd
from smart_app.library.models import AiFeatureRow, LibraryRow, TutorialVersionRow
from smart_app.library.own_targets import Targets, own_targets
from smart_app.library.reading import NoSuchTutorial, current_rows, library_revision
from smart_app.library.targeting import Choice, RuleResult, Situation, Target, choose, explain
from smart_app.library.vocabulary import EVERYONE, SETTING_OF_CLASS


@dataclass(frozen=True)
class FeatureFacts:
    """What choosing needs of an entry of the registry."""

    name: str
    version: str
    status: str
    """pilot, live or paused."""
    roles: frozenset[str] = frozenset()
    """Job roles that have it; empty: nobody has said, so it withholds nothing."""
    since: date | None = None

    def is_there_for(self, job_roles: frozenset[str], today: date) -> bool:
        """Whether somebody of these roles has it today, given that it is live."""
        return (not self.roles or bool(self.roles & job_roles)) and (self.since is None or self.since <= today)

    def withheld(self, job_roles: frozenset[str], today: date) -> str | None:
        """Why somebody of these roles does not have a feature that is live, for the sentence; None: they have it."""
        if self.since is not None and self.since > today:
            return f"is live at this organization from {self.since}"
        there = self.is_there_for(job_roles, today)
        return None if there else "is live at this organization, but not for this job role"


@dataclass(frozen=True)
class Catalogue:
    """What choosing needs of one organization, at one revision of its library."""

    revision: int
    targets: tuple[Target, ...]
    live_features: frozenset[str]
    sensitive: bool = False
    """The whole organization is marked."""
    sensitive_roles: frozenset[str] = frozenset()
    sensitive_work: frozenset[str] = frozenset()
    """Task codes and intents of the tutorials that are marked."""
    features: Mapping[str, FeatureFacts] = field(default_factory=dict)
    """Every entry of the registry."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Tutorial -> its title."""
    own: frozenset[str] = frozenset()
    """Tutorials for which the organization set its own targets."""

    def live_for(self, job_roles: Iterable[str], today: date) -> frozenset[str]:
        """The AI features that somebody of these roles has today."""
        if not self._limited:
            return self.live_features
        mine = frozenset(job_roles)
        return frozenset(name for name in self.live_features if self.features[name].is_there_for(mine, today))

    @cached_property
    def _limited(self) -> bool:
        """Whether any feature is for some roles, or begins on a day."""
        return any(facts.roles or facts.since for facts in self.features.values())

    @cached_property
    def by_role(self) -> Mapping[str, tuple[Target, ...]]:
        """Targets of each role, so that a visit looks at its own roles' alone."""
        found: dict[str, list[Target]] = {}
        for target in self.targets:
            for role in target.roles:
                found.setdefault(role, []).append(target)
        return {role: tuple(targets) for role, targets in found.items()}

    def crowd_on(self, today: date) -> Crowd:
        """Who goes before whom, worked out once a day while the library stands."""
        if today not in self._crowds:
            self._crowds.clear()
            self._crowds[today] = Crowd(self.targets, today=today, live=self.live_features)
        return self._crowds[today]

    @cached_property
    def _crowds(self) -> dict[date, Crowd]:
        return {}

    def for_roles(self, job_roles: Iterable[str]) -> tuple[Target, ...]:
        """What is for one of these roles or everyone, each once."""
        mine = (target for role in (*job_roles, EVERYONE) for target in self.by_role.get(role, ()))
        return tuple({target.tutorial: target for target in mine}.values())


_catalogues: dict[UUID, Catalogue] = {}
_MOST_CACHED = 2000
"""Organizations held by one process; beyond it the cache starts anew."""


def choose_for(session: Session, *, organization: UUID, situation: Situation) -> tuple[Choice, ...]:
    """At most three tutorials with reasons. `situation.live_features` is filled here, from the registry."""
    catalogue = catalogue_of(session, organization=organization)
    assigned = [target for target in catalogue.targets if target.tutorial in situation.assigned]
    mine = {target.tutorial: target for target in (*catalogue.for_roles(situation.job_roles), *assigned)}
    return choose(mine.values(), complete(situation, catalogue))


def explain_for(session: Session, *, organization: UUID, tutorial: str, situation: Situation) -> tuple[RuleResult, ...]:
    """Rule by rule, why this tutorial shows or not; raises :class:`~smart_app.library.reading.NoSuchTutorial`."""
    catalogue = catalogue_of(session, organization=organization)
    for target in catalogue.targets:
        if target.tutorial == tutorial:
            return explain(target, replace(complete(situation, catalogue), withheld=_withheld(situation, catalogue)))
    raise NoSuchTutorial(tutorial)


def newest_versions(session: Session, *, organization: UUID, tutorials: Iterable[str]) -> dict[str, int]:
    """The version of each that is shown today; raises :class:`~smart_app.library.reading.NoSuchTutorial`."""
    newest = {target.tutorial: target.version for target in catalogue_of(session, organization=organization).targets}
    if unknown := [each for each in tutorials if each not in newest]:
        raise NoSuchTutorial(unknown[0])
    return {each: newest[each] for each in tutorials}


def complete(situation: Situation, catalogue: Catalogue) -> Situation:
    """The situation with what the registry and the encounter's class say.

    Live features are those of these job roles today; a care setting that is not said is the one the class means.
    """
    setting = situation.care_setting or SETTING_OF_CLASS.get(situation.encounter_class or "")
    live = catalogue.live_for(situation.job_roles, situation.today)
    return replace(situation, live_features=live, care_setting=setting)


def _withheld(situation: Situation, catalogue: Catalogue) -> dict[str, str]:
    roles = frozenset(situation.job_roles)
    why = {name: catalogue.features[name].withheld(roles, situation.today) for name in catalogue.live_features}
    return {name: words for name, words in why.items() if words}


def catalogue_of(session: Session, *, organization: UUID) -> Catalogue:
    """From this process's memory while the library's revision stands, else read anew."""
    revision = library_revision(session, organization=organization)
    known = _catalogues.get(organization)
    if known is None or known.revision != revision:
        known = _read(session, organization=organization, revision=revision)
        if len(_catalogues) >= _MOST_CACHED:
            _catalogues.clear()
        _catalogues[organization] = known
    return known


def as_target(row: TutorialVersionRow, feature_versions: Mapping[str, str], own: Targets | None = None) -> Target:
    """The targeting facts of a published version. `feature_versions`: AI feature to its version here.

    `own`: the organization's targets, which stand instead of the file's.
    """
    front = row.front_matter
    bare = Target(
        tutorial=row.tutorial,
        version=row.version,
        ai_feature=front["ai_feature"],
        feature_version=feature_versions.get(front["ai_feature"]),
        roles=frozenset(),
    )
    return with_targets(bare, own or Targets(tuple(front["roles"]), front["targets"]))


def with_targets(target: Target, given: Targets) -> Target:
    """The same tutorial with these roles and targets."""
    targets = given.targets
    codes: dict[str, Any] = {name: frozenset(targets.get(name) or ()) for name in _CODES}
    return replace(
        target,
        roles=frozenset(given.roles),
        any=bool(targets.get("any")),
        starts=_day(targets.get("from")),
        until=_day(targets.get("until")),
        **codes,
    )


_CODES = ("task_codes", "intents", "placements", "specialties", "encounter_classes", "care_settings")


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _read(session: Session, *, organization: UUID, revision: int) -> Catalogue:
    features = _features(session, organization)
    versions = {feature: facts.version for feature, facts in features.items()}
    own = own_targets(session, organization=organization)
    tutorials = current_rows(session, organization=organization)
    library = session.get(LibraryRow, organization)
    marks = library.sensitive if library is not None else {}
    return Catalogue(
        revision=revision,
        targets=tuple(as_target(row, versions, own.get(row.tutorial)) for row in tutorials),
        live_features=frozenset(name for name, facts in features.items() if facts.status == "live"),
        features=features,
        titles={row.tutorial: str(row.front_matter["title"]) for row in tutorials},
        own=frozenset(own),
        sensitive=bool(marks.get("organization")),
        sensitive_roles=frozenset(marks.get("job_roles") or ()),
        sensitive_work=frozenset(code for row in tutorials for code in _sensitive_work(row, own.get(row.tutorial))),
    )


def _features(session: Session, organization: UUID) -> dict[str, FeatureFacts]:
    columns = (AiFeatureRow.name, AiFeatureRow.version, AiFeatureRow.status)
    rows = session.execute(
        select(AiFeatureRow.id, *columns, AiFeatureRow.available_roles, AiFeatureRow.available_since).where(
            AiFeatureRow.organization == organization
        )
    )
    return {
        feature: FeatureFacts(name, version, status, frozenset(roles or ()), since)
        for feature, name, version, status, roles, since in rows
    }


def _sensitive_work(row: TutorialVersionRow, own: Targets | None) -> set[str]:
    """The work that a marked tutorial names, in its file and in the organization's own targets."""
    if not row.front_matter.get("sensitive"):
        return set()
    both = (row.front_matter["targets"], own.targets if own is not None else {})
    return {code for targets in both for name in ("task_codes", "intents") for code in targets.get(name) or ()}
