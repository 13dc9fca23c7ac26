"""Choose tutorials for a situation at an organization: targeting over what is published, cached in the process."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.models import AiFeatureRow, TutorialVersionRow
from smart_app.library.reading import NoSuchTutorial, current_rows, library_revision
from smart_app.library.targeting import Choice, RuleResult, Situation, Target, choose, explain


@dataclass(frozen=True)
class Catalogue:
    """What choosing needs of one organization, at one revision of its library."""

    revision: int
    targets: tuple[Target, ...]
    live_features: frozenset[str]


_catalogues: dict[UUID, Catalogue] = {}
_MOST_CACHED = 2000
"""Organizations held by one process; beyond it the cache starts anew."""


def choose_for(session: Session, *, organization: UUID, situation: Situation) -> tuple[Choice, ...]:
    """At most three tutorials with reasons. `situation.live_features` is filled here, from the registry."""
    catalogue = catalogue_of(session, organization=organization)
    return choose(catalogue.targets, replace(situation, live_features=catalogue.live_features))


def explain_for(session: Session, *, organization: UUID, tutorial: str, situation: Situation) -> tuple[RuleResult, ...]:
    """Rule by rule, why this tutorial shows or not; raises :class:`~smart_app.library.reading.NoSuchTutorial`."""
    catalogue = catalogue_of(session, organization=organization)
    for target in catalogue.targets:
        if target.tutorial == tutorial:
            return explain(target, replace(situation, live_features=catalogue.live_features))
    raise NoSuchTutorial(tutorial)


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


def as_target(row: TutorialVersionRow) -> Target:
    """The targeting facts of a published version."""
    front = row.front_matter
    targets: dict[str, Any] = front["targets"]
    return Target(
        tutorial=row.tutorial,
        version=row.version,
        ai_feature=front["ai_feature"],
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
    live = session.scalars(
        select(AiFeatureRow.id).where(AiFeatureRow.organization == organization, AiFeatureRow.status == "live")
    )
    targets = tuple(map(as_target, current_rows(session, organization=organization)))
    return Catalogue(revision, targets, frozenset(live))
