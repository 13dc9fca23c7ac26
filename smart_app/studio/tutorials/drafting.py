"""Begin, save, send, take back and discard the next version of a tutorial. Verbs flush; views commit.

Two editors at once: a save names the revision that it began from. Where somebody else has saved since, nothing is
overwritten: the text is kept as a conflict, and its writer decides field by field. Of several texts the oldest is
decided first.
"""

import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.models import TutorialVersionRow
from smart_app.library.publishing import lock_library, newest_version, slots_of, sources_of
from smart_app.library.tutorial_file import ParsedTutorial, parse
from smart_app.organizations.permissions import Permission
from smart_app.organizations.settings import setting
from smart_app.organizations.verbs import write_audit
from smart_app.studio.tutorials.fields import DraftFields, as_json, from_file, from_json
from smart_app.studio.tutorials.judging import judge
from smart_app.studio.tutorials.models import DraftConflict, TutorialDraft
from smart_app.studio.tutorials.people import actor_of, move
from smart_app.studio.tutorials.surroundings import surroundings
from smart_app.studio.tutorials.version_rules import Act, InProgress, NotPossible, State
from smart_app.studio.undo import CannotUndo, remember, undoer
from smart_app.visits.view import VisitView

_OPEN = (State.DRAFT.value, State.IN_REVIEW.value)
_DISCARDED = "tutorial draft discarded"


class NoSuchDraft(LookupError):
    """This organization has no such draft."""


class NotReady(ValueError):
    """Something must be mended before review; the editor says what."""


@dataclass(frozen=True)
class Conflict:
    """What was given could not be saved; it is kept under this id."""

    id: UUID


def get_draft(session: Session, *, organization: UUID, draft: UUID, lock: bool = False) -> TutorialDraft:
    """The row; raises :class:`NoSuchDraft`."""
    row = session.get(TutorialDraft, (organization, draft), with_for_update=lock or None)
    if row is None:
        raise NoSuchDraft(draft)
    return row


def find_open(session: Session, *, organization: UUID, tutorial: str) -> TutorialDraft | None:
    """The draft of this tutorial that is being written or reviewed."""
    row = TutorialDraft
    return session.scalar(
        select(row).where(row.organization == organization, row.tutorial == tutorial, row.state.in_(_OPEN))
    )


def begin(session: Session, *, visit: VisitView, title: str, ai_feature: str) -> TutorialDraft:
    """A new tutorial. Its id is made of the title and never changes."""
    lock_library(session, organization=visit.organization)
    tutorial = _free_id(session, visit.organization, title)
    fields = DraftFields(title=title, ai_feature=ai_feature, review_by=_in_months(session, visit.organization))
    return _add(session, visit, tutorial, 1, replace(fields, workflow=tutorial))


def begin_next(session: Session, *, visit: VisitView, tutorial: str) -> TutorialDraft:
    """The next version of a published tutorial, beginning with its text; the one that is open, if there is one.

    Raises :class:`NoSuchDraft` where there is no such tutorial.
    """
    lock_library(session, organization=visit.organization)
    found = find_open(session, organization=visit.organization, tutorial=tutorial)
    if found is not None:
        return found
    newest = newest_version(session, organization=visit.organization, tutorial=tutorial)
    row = session.get(TutorialVersionRow, (visit.organization, tutorial, newest + 1)) or session.get(
        TutorialVersionRow, (visit.organization, tutorial, newest)
    )
    if row is None:
        raise NoSuchDraft(tutorial)
    fields = fields_of_version(session, row)
    if row.version <= newest:
        fields = replace(fields, what_changed="", review_by=_in_months(session, visit.organization))
    return _add(session, visit, tutorial, newest + 1, fields)


def fields_of_version(session: Session, row: TutorialVersionRow) -> DraftFields:
    """What the editor would show of a version in the library."""
    parsed = parse(row.source, name=f"{row.tutorial}.md")
    assert isinstance(parsed, ParsedTutorial), "it was parsed when it was taken in"
    fields = from_file(
        parsed,
        listed=sources_of(session, organization=row.organization),
        slots=slots_of(session, organization=row.organization, tutorial=row.tutorial),
    )
    return replace(fields, in_progress=row.in_progress or InProgress.FINISH.value)


def save(
    session: Session, *, visit: VisitView, draft: UUID, revision: int, editor: str, fields: DraftFields
) -> TutorialDraft | Conflict:
    """Keep what a trainer wrote. `editor`: the open page, which is never in conflict with itself.

    Raises NoSuchDraft; NotPossible where it is in review or over.
    """
    row = get_draft(session, organization=visit.organization, draft=draft, lock=True)
    given = as_json(fields)
    if row.state != State.DRAFT:
        raise NotPossible(State(row.state), Act.SAVE)
    if given == row.fields:
        return row
    if revision != row.revision and editor != row.editor:
        return _keep_conflict(session, row, visit, given)
    row.fields, row.revision, row.editor = given, row.revision + 1, editor
    row.saved_at, row.saved_by = datetime.now(UTC), visit.learner
    if visit.learner.hex not in row.authors:
        row.authors = [*row.authors, visit.learner.hex]
    session.flush()
    return row


def get_conflict(session: Session, *, visit: VisitView, draft: UUID, conflict: UUID) -> DraftConflict:
    """A text of this learner that could not be saved; raises :class:`NoSuchDraft`."""
    row = session.get(DraftConflict, (visit.organization, conflict))
    if row is None or row.draft != draft or row.learner != visit.learner:
        raise NoSuchDraft(conflict)
    return row


def open_conflicts(session: Session, *, visit: VisitView, draft: UUID) -> list[DraftConflict]:
    """The texts of this learner that wait to be decided, in the order in which they are: the oldest first."""
    row = DraftConflict
    waiting = select(row).where(
        row.organization == visit.organization,
        row.draft == draft,
        row.learner == visit.learner,
        row.settled_at.is_(None),
    )
    return list(session.scalars(waiting.order_by(row.kept_at, row.id)))


def settle(
    session: Session,
    *,
    visit: VisitView,
    draft: UUID,
    conflict: UUID,
    revision: int,
    mine: Collection[str],
    chosen: Mapping[str, Any],
) -> TutorialDraft | None:
    """Save the text that its writer put together: the saved one, with the fields `mine` from the conflict.

    `chosen`: further fields of the row's JSON. None where somebody saved again in between, or an older text waits:
    the page is shown anew.
    """
    row = get_draft(session, organization=visit.organization, draft=draft, lock=True)
    kept = get_conflict(session, visit=visit, draft=draft, conflict=conflict)
    waiting = open_conflicts(session, visit=visit, draft=draft)
    if row.revision != revision or waiting[:1] != [kept]:
        return None
    merged = merge(from_json(row.fields), from_json(kept.fields), mine=mine)
    saved = save(
        session,
        visit=visit,
        draft=draft,
        revision=revision,
        editor=uuid.uuid4().hex,
        fields=replace(merged, **chosen),
    )
    assert isinstance(saved, TutorialDraft)
    kept.settled_at = datetime.now(UTC)
    session.flush()
    return saved


def merge(saved: DraftFields, other: DraftFields, *, mine: Collection[str]) -> DraftFields:
    """`saved` with those fields of `other` that `mine` names; parts by their slugs. Pure."""
    parts = {**saved.parts, **{slug: other.parts.get(slug, "") for slug in mine if slug in other.parts}}
    whole = {name: getattr(other, name) for name in mine if hasattr(saved, name)}
    return replace(saved, **{**whole, "parts": parts})


def send(
    session: Session, *, visit: VisitView, held: Collection[Permission], draft: UUID, revision: int, name: str
) -> TutorialDraft:
    """Ask for review, signed by the author's name. Raises NotReady, NotPossible, NotYours, NoSuchDraft."""
    row = get_draft(session, organization=visit.organization, draft=draft, lock=True)
    if row.revision != revision:
        raise NotReady("Somebody saved it in between. Read it once more.")
    if not name:
        raise NotReady("Write your name, as colleagues know it: it stands on the version.")
    around = surroundings(session, organization=visit.organization)
    judged = judge(from_json(row.fields), tutorial=row.tutorial, version=row.version, around=around)
    if judged.problems:
        raise NotReady(judged.problems[0].words)
    move(session, row, Act.SEND, actor=actor_of(visit, held))
    row.signed, row.sent_at, row.note = name, datetime.now(UTC), None
    session.flush()
    return row


def take_back(session: Session, *, visit: VisitView, held: Collection[Permission], draft: UUID) -> TutorialDraft:
    """From review to the editor. Raises NotPossible, NotYours, NoSuchDraft."""
    row = get_draft(session, organization=visit.organization, draft=draft, lock=True)
    move(session, row, Act.TAKE_BACK, actor=actor_of(visit, held))
    return row


def discard(session: Session, *, visit: VisitView, held: Collection[Permission], draft: UUID) -> UUID:
    """Put a draft away; returns the step that brings it back. Raises NotPossible, NotYours, NoSuchDraft."""
    row = get_draft(session, organization=visit.organization, draft=draft, lock=True)
    move(session, row, Act.DISCARD, actor=actor_of(visit, held))
    words = f'The draft of version {row.version} of "{row.fields["title"]}" is discarded.'
    return remember(session, visit=visit, words=words, kind=_DISCARDED, payload={"draft": row.id.hex})


@undoer(_DISCARDED, Permission.TRAINER)
def _restore(session: Session, *, visit: VisitView, payload: Mapping[str, Any]) -> None:
    row = get_draft(session, organization=visit.organization, draft=UUID(payload["draft"]), lock=True)
    if find_open(session, organization=visit.organization, tutorial=row.tutorial) is not None:
        raise CannotUndo("Another draft of this tutorial was begun since.")
    move(session, row, Act.RESTORE, actor=actor_of(visit, {Permission.TRAINER}))


def _add(session: Session, visit: VisitView, tutorial: str, version: int, fields: DraftFields) -> TutorialDraft:
    now = datetime.now(UTC)
    row = TutorialDraft(organization=visit.organization, id=uuid.uuid4(), tutorial=tutorial, version=version)
    row.state, row.revision, row.fields = State.DRAFT.value, 1, as_json(fields)
    # Whoever begins it is an author; the text it begins with has its own, who published it.
    row.authors, row.editor, row.created_at = [visit.learner.hex], "", now
    row.saved_at, row.saved_by = now, visit.learner
    session.add(row)
    write_audit(
        session,
        organization=visit.organization,
        actor=visit.learner.hex,
        action="tutorial version: begin",
        details={"tutorial": tutorial, "version": version, "draft": row.id.hex, "before": None, "after": "draft"},
    )
    session.flush()
    return row


def _keep_conflict(session: Session, row: TutorialDraft, visit: VisitView, given: dict[str, Any]) -> Conflict:
    """Each text in a row of its own, since its browser has let go of it; twice the same text is one."""
    waiting = open_conflicts(session, visit=visit, draft=row.id)
    kept = next((each for each in waiting if each.fields == given), None)
    if kept is None:
        kept = DraftConflict(organization=row.organization, id=uuid.uuid4(), draft=row.id, learner=visit.learner)
        kept.fields, kept.kept_at = given, datetime.now(UTC)
        session.add(kept)
        session.flush()
    return Conflict(kept.id)


def _free_id(session: Session, organization: UUID, title: str) -> str:
    """The title as a slug, with a number where it is taken."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:50].strip("-")
    stem = words if len(words) >= 3 else f"tutorial-{words}".strip("-")
    taken = set(
        session.scalars(select(TutorialVersionRow.tutorial).where(_starts(TutorialVersionRow, organization, stem)))
    )
    taken |= set(session.scalars(select(TutorialDraft.tutorial).where(_starts(TutorialDraft, organization, stem))))
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return next(each for each in (stem, *numbered) if each not in taken)


def _starts(row: Any, organization: UUID, stem: str) -> Any:
    return (row.organization == organization) & row.tutorial.startswith(stem, autoescape=True)


def _in_months(session: Session, organization: UUID) -> str:
    months = int(setting(session, organization=organization, name="review months"))
    return (_today() + timedelta(days=min(365, round(months * 30.4)))).isoformat()


def _today() -> date:
    return datetime.now(UTC).date()
