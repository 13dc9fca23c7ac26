"""A draft as the clinician will see it: the player's own pages over a text that may not be finished."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from flask import url_for

from smart_app.library import vocabulary
from smart_app.library.body import CheckSource, PartSource, checks_of
from smart_app.library.reading import AiFeature, Check, Part, Source, TutorialVersion
from smart_app.library.rendering import as_text, render_part
from smart_app.library.tutorial_file import too_much
from smart_app.library.vocabulary import TASK_SYSTEM
from smart_app.player.models import Progress
from smart_app.player.offered import Taught
from smart_app.studio.tutorials.fields import PARTS, DraftFields
from smart_app.studio.tutorials.models import TutorialDraft
from smart_app.visits.task_titles import find_title
from smart_app.visits.view import VisitView

CARD, VERIFY = "card", "verify-card"
PAGES = (CARD, *PARTS, VERIFY)
_NOT_WRITTEN = "<p><em>Not written yet.</em></p>"
_TOO_LONG = "<p><em>Too long to be shown. Cut it first.</em></p>"


def taught_by(draft: DraftFields, *, row: TutorialDraft, feature: AiFeature | None) -> Taught:
    """What the player would play. Gaps are shown as gaps."""
    refused = too_much("\n\n".join(draft.parts.values()))
    parts = tuple(_part(draft, slug, refused=bool(refused)) for slug in PARTS)
    checks, notes = ([], []) if refused else checks_of(_source_of(draft, "verify"))
    version = TutorialVersion(
        tutorial=row.tutorial,
        version=row.version,
        title=draft.title or "No title yet",
        minutes=int(draft.minutes) if draft.minutes.isascii() and draft.minutes.isdecimal() else 3,
        card=draft.card or "The card's line is not written yet.",
        parts=parts,
        checks=tuple(_check(check, draft) for check in checks),
        verify_note=as_text(" ".join(notes), draft.slots.get),
        sources=tuple(Source(source.id, source.title, source.url) for source in draft.sources),
        roles=draft.roles,
        ai_feature=draft.ai_feature,
        workflow=draft.workflow,
        what_changed=draft.what_changed or None,
        review_by=_day(draft.review_by),
        starter=False,
        reviewer=None,
        questions=tuple(vars(question) for question in draft.questions),
        sensitive=draft.sensitive,
    )
    return Taught(version, feature, draft.sensitive or bool(feature and feature.sensitive))


def somebody_it_is_for(visit: VisitView, draft: DraftFields, titles: Mapping[str, str]) -> VisitView:
    """The visit of a person whom the tutorial is for, with its work open: what stands in the head of the page."""
    role = next((role for role in draft.roles if role in titles), None)
    codes = tuple(code for code in draft.targets.get("task_codes", ()) if find_title((code,)))
    intents = draft.targets.get("intents", ())
    codes = codes or tuple(f"{TASK_SYSTEM}|{intent}" for intent in intents if intent in vocabulary.WORK)
    return replace(
        visit,
        role_titles=(titles[role],) if role else ("Everyone",),
        task_title=find_title(codes[:1]),
        task_codes=codes[:1],
        task_open=bool(codes),
        style={},
    )


def place_at(visit: VisitView, row: TutorialDraft, part: str) -> Progress:
    """Somebody who has come as far as `part`. Held in memory only."""
    now = datetime.now(UTC)
    return Progress(
        organization=visit.organization,
        learner=visit.learner,
        tutorial=row.tutorial,
        version=row.version,
        step=part,
        started_at=now,
        updated_at=now,
        finished_at=None,
    )


def addresses(visit: VisitView, row: TutorialDraft) -> Callable[..., str]:
    """`url_for` for the player's templates: every link and form stays in the preview, and records nothing."""

    def seen(part: str) -> str:
        return url_for("studio.seen", visit=visit.id, draft=row.id, part=part)

    def go(to: str) -> str:
        return url_for("studio.go_in_preview", visit=visit.id, draft=row.id, to=to)

    def address(endpoint: str, **values: Any) -> str:
        if endpoint in ("static", "visits.style"):
            return url_for(endpoint, **values)
        part = values.get("part", CARD)
        if endpoint == "player.step":
            return seen(part)
        if endpoint == "player.complete_step":
            return go(_after(part))
        if endpoint == "player.open_verify_card":
            return go(VERIFY)
        return go(CARD) if endpoint in _FORMS else seen(CARD)

    return address


_FORMS = frozenset({"player.start", "player.set_single_keys", "visits.leave"})
"""Pages that the player's templates lead to by a form."""


def _after(part: str) -> str:
    slugs = list(PARTS)
    at = slugs.index(part) + 1 if part in slugs else 0
    return slugs[at] if at < len(slugs) else CARD


def _part(draft: DraftFields, slug: str, *, refused: bool) -> Part:
    source = _source_of(draft, slug)
    if refused or not source.source.strip():
        shown = _TOO_LONG if refused else _NOT_WRITTEN
        return Part(slug=slug, heading=source.heading, html=shown, seconds=5)
    cited = {listed.id: {"title": listed.title, "url": listed.url} for listed in draft.sources}
    rendered = render_part(source, cited, draft.slots.get)
    return Part(**{**rendered, "actions": tuple(rendered["actions"])})


def _source_of(draft: DraftFields, slug: str) -> PartSource:
    return PartSource(PARTS[slug], 1, draft.parts.get(slug, ""))


def _check(check: CheckSource, draft: DraftFields) -> Check:
    return Check(as_text(check.action, draft.slots.get), as_text(check.text, draft.slots.get))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return datetime.now(UTC).date()
