"""The list of an organization's tutorials, with what asks for a trainer's attention. One query each, no texts read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from smart_app.library.models import AiFeatureRow, TargetOverrideRow, TutorialVersionRow
from smart_app.library.search_index import plain_words
from smart_app.studio.tutorials.models import TutorialDraft
from smart_app.studio.tutorials.version_rules import State

PAGE = 50
SOON = timedelta(days=30)
DUE_WORDS = {"passed": "Review date has passed", "soon": "Within 30 days"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A tutorial in the list: what is live of it, and what is being written."""

    tutorial: str
    title: str
    roles: tuple[str, ...]
    workflow: str
    ai_feature: str
    feature_name: str | None
    version: int | None
    """Live or retired; None where nothing was published yet."""
    states: tuple[str, ...]
    """Of the version and of the open draft."""
    draft: UUID | None
    draft_version: int | None
    review_by: date | None
    due: str
    """passed, soon or ""."""
    stale: bool
    """Its AI feature has another version than the one it was published for."""


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the list is narrowed to; "" is no filter."""

    words: str = ""
    status: str = ""
    role: str = ""
    workflow: str = ""
    ai_feature: str = ""
    due: str = ""
    stale: bool = False


def list_lines(session: Session, *, organization: UUID) -> list[Line]:
    """All tutorials, by title."""
    live = _newest(session, organization)
    drafts = _open_drafts(session, organization)
    features = select(AiFeatureRow.id, AiFeatureRow.name, AiFeatureRow.version).where(
        AiFeatureRow.organization == organization
    )
    known = {row.id: (row.name, row.version) for row in session.execute(features)}
    own = select(TargetOverrideRow.tutorial, TargetOverrideRow.roles).where(
        TargetOverrideRow.organization == organization
    )
    roles = dict(session.execute(own).all())
    today = datetime.now(UTC).date()
    found = [_line(each, live.get(each), drafts.get(each), known, roles, today) for each in {*live, *drafts}]
    return sorted(found, key=lambda line: (line.title.casefold(), line.tutorial))


def narrowed(lines: Iterable[Line], filters: Filters) -> list[Line]:
    """Those that every filter lets through. Pure."""
    asked = plain_words(filters.words).split()
    return [
        line
        for line in lines
        if (not filters.status or filters.status in line.states)
        and (not filters.role or filters.role in line.roles)
        and (not filters.workflow or filters.workflow == line.workflow)
        and (not filters.ai_feature or filters.ai_feature == line.ai_feature)
        and (not filters.due or filters.due == line.due)
        and (not filters.stale or line.stale)
        and all(word in plain_words(f"{line.title} {line.tutorial} {line.feature_name or ''}") for word in asked)
    ]


@dataclass(frozen=True)
class _Live:
    version: int
    status: str
    front: Mapping[str, object]
    feature_version: str | None


def _newest(session: Session, organization: UUID) -> dict[str, _Live]:
    row = TutorialVersionRow
    newest = (
        select(row.tutorial, func.max(row.version))
        .where(row.organization == organization, row.status != "draft")
        .group_by(row.tutorial)
    )
    query = select(row.tutorial, row.version, row.status, row.front_matter, row.feature_version).where(
        row.organization == organization, tuple_(row.tutorial, row.version).in_(newest)
    )
    return {tutorial: _Live(*facts) for tutorial, *facts in session.execute(query)}


def _open_drafts(session: Session, organization: UUID) -> dict[str, TutorialDraft]:
    row = TutorialDraft
    query = select(row).where(
        row.organization == organization, row.state.in_([State.DRAFT.value, State.IN_REVIEW.value])
    )
    return {draft.tutorial: draft for draft in session.scalars(query)}


def _line(
    tutorial: str,
    live: _Live | None,
    draft: TutorialDraft | None,
    features: Mapping[str, tuple[str, str]],
    own_roles: Mapping[str, list[str]],
    today: date,
) -> Line:
    front = live.front if live else (draft.fields if draft else {})
    feature = str(front.get("ai_feature") or "")
    name, version = features.get(feature, (None, None))
    review_by = _day(front.get("review_by"))
    status = live.status if live else ""
    roles = own_roles.get(tutorial) or front.get("roles") or ()
    return Line(
        tutorial=tutorial,
        title=str(front.get("title") or "Without a title"),
        roles=tuple(map(str, roles)) if isinstance(roles, list | tuple) else (),
        workflow=str(front.get("workflow") or ""),
        ai_feature=feature,
        feature_name=name,
        version=live.version if live else None,
        states=tuple(filter(None, (status, draft.state if draft else ""))),
        draft=draft.id if draft else None,
        draft_version=draft.version if draft else None,
        review_by=review_by,
        due=_due(review_by, today) if status == State.PUBLISHED else "",
        stale=status == State.PUBLISHED and bool(live and is_stale(live.feature_version, version)),
    )


def is_stale(published_for: str | None, now: str | None) -> bool:
    """Whether the AI feature has changed since; not where either version is unknown. Pure."""
    return published_for is not None and now is not None and published_for != now


def _due(review_by: date | None, today: date) -> str:
    if review_by is None or review_by > today + SOON:
        return ""
    return "passed" if review_by < today else "soon"


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
