"""Choose tutorials for a situation at an organization: targeting over what is published, cached in the process."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.models import AiFeatureRow, LibraryRow, TutorialVersionRow
from smart_app.library.reading import NoSuchTutorial, current_rows, library_revision
from smart_app.library.targeting import Choice, RuleResult, Situation, Target, choose, explain
from smart_app.library.vocabulary import EVERYONE, SETTING_OF_CLASS


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

    @cached_property
    def by_role(self) -> Mapping[str, tuple[Target, ...]]:
        """Targets of each role, so that a visit looks at its own roles' alone."""
        found: dict[str, list[Target]] = {}
        for target in self.targets:
            for role in target.roles:
                found.setdefault(role, []).append(target)
        return {role: tuple(targets) for role, targets in found.items()}

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
    return choose(catalogue.for_roles(situation.job_roles), _complete(situation, catalogue))


def explain_for(session: Session, *, organization: UUID, tutorial: str, situation: Situation) -> tuple[RuleResult, ...]:
    """Rule by rule, why this tutorial shows or not; raises :class:`~smart_app.library.reading.NoSuchTutorial`."""
    catalogue = catalogue_of(session, organization=organization)
    for target in catalogue.targets:
        if target.tutorial == tutorial:
            return explain(target, _complete(situation, catalogue))
    raise NoSuchTutorial(tutorial)


def _complete(situation: Situation, catalogue: Catalogue) -> Situation:
    """With the registry's live features; where no care setting is said, the one that the encounter's class means."""
    setting = situation.care_setting or SETTING_OF_CLASS.get(situation.encounter_class or "")
    return replace(situation, live_features=catalogue.live_features, care_setting=setting)


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


def as_target(row: TutorialVersionRow, feature_versions: Mapping[str, str]) -> Target:
    """The targeting facts of a published version. `feature_versions`: AI feature to its version here."""
    front = row.front_matter
    targets: dict[str, Any] = front["targets"]
    return Target(
        tutorial=row.tutorial,
        version=row.version,
        ai_feature=front["ai_feature"],
        feature_version=feature_versions.get(front["ai_feature"]),
        roles=frozenset(front["roles"]),
        any=bool(targets.get("any")),
        starts=_day(targets.get("from")),
        until=_day(targets.get("until")),
        **{name: frozenset(targets.get(name) or ()) for name in _CODES},
    )


_CODES = ("task_codes", "intents", "placements", "specialties", "encounter_classes", "care_settings")


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _read(session: Session, *, organization: UUID, revision: int) -> Catalogue:
    rows = session.execute(
        select(AiFeatureRow.id, AiFeatureRow.version, AiFeatureRow.status).where(
            AiFeatureRow.organization == organization
        )
    )
    features = {feature: (version, status) for feature, version, status in rows}
    versions = {feature: version for feature, (version, _) in features.items()}
    tutorials = current_rows(session, organization=organization)
    library = session.get(LibraryRow, organization)
    marks = library.sensitive if library is not None else {}
    return Catalogue(
        revision=revision,
        targets=tuple(as_target(row, versions) for row in tutorials),
        live_features=frozenset(name for name, (_, status) in features.items() if status == "live"),
        sensitive=bool(marks.get("organization")),
        sensitive_roles=frozenset(marks.get("job_roles") or ()),
        sensitive_work=frozenset(code for row in tutorials for code in _sensitive_work(row)),
    )


def _sensitive_work(row: TutorialVersionRow) -> set[str]:
    targets = row.front_matter["targets"]
    work = {*(targets.get("task_codes") or ()), *(targets.get("intents") or ())}
    return work if row.front_matter.get("sensitive") else set()
