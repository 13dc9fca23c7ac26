"""What readiness needs of an organization: its AI features, its tutorials about them, its people by unit."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from smart_app.library.body import SLOT
from smart_app.library.choosing import catalogue_of
from smart_app.library.models import AiFeatureRow, LocalSlotRow, TutorialVersionRow
from smart_app.library.registries import ALL_TUTORIALS
from smart_app.library.targeting import Target
from smart_app.organizations.roster.importing import unit_id
from smart_app.organizations.roster.people import groups
from smart_app.rollout.readiness import FeatureFacts, Staff, TutorialFacts

_TRY_IT = "try-it"
_LEAST_PRACTICE = 8
"""Words: a part that only says that there is nothing to practise on is no practice."""


def features_of(session: Session, *, organization: UUID, wanted: Iterable[str]) -> list[FeatureFacts]:
    """In the order wanted; one that has left the registry has no status."""
    rows = session.scalars(select(AiFeatureRow).where(AiFeatureRow.organization == organization))
    known = {row.id: row for row in rows}
    return [_feature(feature, known.get(feature)) for feature in wanted]


def tutorials_of(session: Session, *, organization: UUID, features: Iterable[str]) -> list[TutorialFacts]:
    """The published tutorials about these AI features."""
    about = frozenset(features)
    targets = [one for one in catalogue_of(session, organization=organization).targets if one.ai_feature in about]
    if not targets:
        return []
    keys = [(target.tutorial, target.version) for target in targets]
    version = TutorialVersionRow
    rows = session.execute(
        select(version.tutorial, version.source, version.front_matter, version.rendered).where(
            version.organization == organization, tuple_(version.tutorial, version.version).in_(keys)
        )
    )
    texts = {tutorial: (source, front, rendered) for tutorial, source, front, rendered in rows}
    filled = _filled(session, organization)
    return [_tutorial(target, *texts[target.tutorial], filled) for target in targets if target.tutorial in texts]


def staff_by_unit(session: Session, *, organization: UUID) -> dict[str, list[Staff]]:
    """Everybody who is here today."""
    found: dict[str, dict[tuple[str, frozenset[str] | None], int]] = {}
    for group in groups(session, organization=organization):
        of_unit = found.setdefault(group.unit, {})
        key = (group.job_role, group.access)
        of_unit[key] = of_unit.get(key, 0) + group.people
    return {unit: [Staff(*key, people) for key, people in of_unit.items()] for unit, of_unit in found.items()}


def _feature(feature: str, row: AiFeatureRow | None) -> FeatureFacts:
    if row is None:
        return FeatureFacts(id=feature, name=feature, status=None)
    return FeatureFacts(
        id=feature,
        name=row.name,
        status=row.status,
        roles=frozenset(row.available_roles or ()),
        units=frozenset(map(unit_id, row.available_units or ())),
    )


def _tutorial(
    target: Target,
    source: str,
    front: Mapping[str, object],
    rendered: Mapping[str, object],
    filled: set[tuple[str, str]],
) -> TutorialFacts:
    slots = {match[1] for match in SLOT.finditer(source)}
    unfilled = [slot for slot in slots if not {(target.tutorial, slot), (ALL_TUTORIALS, slot)} & filled]
    return TutorialFacts(
        id=target.tutorial,
        title=str(front["title"]),
        feature=target.ai_feature,
        roles=target.roles,
        unfilled=len(unfilled),
        practice=bool(front.get("drill")) or _has_something_to_try(rendered),
    )


def _has_something_to_try(rendered: Mapping[str, object]) -> bool:
    parts = rendered.get("parts")
    texts = [part.get("html", "") for part in parts if part.get("slug") == _TRY_IT] if isinstance(parts, list) else []
    return any(len(text.split()) >= _LEAST_PRACTICE for text in texts)


def _filled(session: Session, organization: UUID) -> set[tuple[str, str]]:
    rows = session.execute(
        select(LocalSlotRow.tutorial, LocalSlotRow.slot).where(LocalSlotRow.organization == organization)
    )
    return {(tutorial, slot) for tutorial, slot in rows}
