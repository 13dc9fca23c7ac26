"""Taking an act back. Every destructive verb remembers how; whoever did it has 24 hours.

A room registers how its kind of act is undone::

    @undoer("AI feature removed", Permission.TRAINER)
    def _put_back(session: Session, *, visit: VisitView, payload: Payload) -> None: ...

and its view answers with ``redirect(back_to("studio.ai_features", remember(session, visit=..., ...)), 303)``.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from smart_app.organizations.permissions import Permission
from smart_app.organizations.verbs import write_audit
from smart_app.studio.models import UndoStep
from smart_app.visits.view import VisitView

KEPT = timedelta(hours=24)

Payload = Mapping[str, Any]
Undo = Callable[..., None]
"""(session, *, visit, payload): flushes; writes its audit. Raises :class:`CannotUndo`."""


class CannotUndo(Exception):
    """What was done since stands in the way; the text says what, in words for the page."""


class NotOffered(LookupError):
    """No such step of this learner, or its time is over, or it was undone."""


@dataclass(frozen=True)
class _Kind:
    undo: Undo
    permissions: frozenset[Permission]


_KINDS: dict[str, _Kind] = {}


def undoer(kind: str, *permissions: Permission) -> Callable[[Undo], Undo]:
    """The function undoes acts of this kind, for somebody who holds one of these permissions still."""

    def register(undo: Undo) -> Undo:
        _KINDS[kind] = _Kind(undo, frozenset(permissions))
        return undo

    return register


def remember(session: Session, *, visit: VisitView, words: str, kind: str, payload: Payload) -> UUID:
    """Keep what undoes the act that this transaction holds; returns the step. KeyError for a kind without an undoer."""
    _ = _KINDS[kind]
    purge_steps(session, organization=visit.organization)
    step = UndoStep(organization=visit.organization, id=uuid.uuid4(), learner=visit.learner, kind=kind)
    step.words, step.payload, step.until = words[:300], dict(payload), datetime.now(UTC) + KEPT
    session.add(step)
    session.flush()
    return step.id


def purge_steps(session: Session, *, organization: UUID | None = None) -> None:
    """Steps whose time is over go with what they hold: of one organization, or of all.

    Rows that somebody else is removing are left to them.
    """
    over = select(UndoStep.id).where(UndoStep.until <= datetime.now(UTC)).with_for_update(skip_locked=True)
    if organization is not None:
        over = over.where(UndoStep.organization == organization)
    if gone := list(session.scalars(over)):
        session.execute(delete(UndoStep).where(UndoStep.id.in_(gone)))


def back_to(endpoint: str, step: UUID, *, visit: VisitView, **values: Any) -> str:
    """The address of the page that follows: it says what was done, and offers to undo it."""
    return url_for(endpoint, visit=visit.id, done=str(step), **values)


def find_offered(session: Session, *, visit: VisitView, step: str | None) -> UndoStep | None:
    """The step that the page may offer to this learner."""
    try:
        wanted = UUID(step or "")
    except ValueError:
        return None
    return _offered(session, visit, wanted)


def open_steps(session: Session, *, visit: VisitView, held: frozenset[Permission]) -> list[UndoStep]:
    """What this learner did in the last day and may still undo, the newest first."""
    mine = (UndoStep.organization == visit.organization, UndoStep.learner == visit.learner)
    still = (UndoStep.undone_at.is_(None), UndoStep.until > datetime.now(UTC))
    rows = session.scalars(select(UndoStep).where(*mine, *still).order_by(UndoStep.until.desc()))
    return [row for row in rows if row.kind in _KINDS and not _KINDS[row.kind].permissions.isdisjoint(held)]


def undo_step(session: Session, *, visit: VisitView, step: UUID, held: frozenset[Permission]) -> UndoStep:
    """Undo it, once. Raises NotOffered or CannotUndo. Flushes."""
    found = _offered(session, visit, step)
    if found is None or _KINDS[found.kind].permissions.isdisjoint(held):
        raise NotOffered(step)
    payload, now = found.payload, datetime.now(UTC)
    # What was taken back needs no way back: its ciphertexts go with it.
    taken = update(UndoStep).where(*_is(visit, step), UndoStep.undone_at.is_(None)).values(undone_at=now, payload={})
    if session.execute(taken.returning(UndoStep.id)).first() is None:
        raise NotOffered(step)
    _KINDS[found.kind].undo(session, visit=visit, payload=payload)
    details = {"step": step.hex, "kind": found.kind, "words": found.words}
    write_audit(session, organization=visit.organization, actor=visit.learner.hex, action="undone", details=details)
    session.flush()
    return found


def _offered(session: Session, visit: VisitView, step: UUID) -> UndoStep | None:
    open_still = (UndoStep.undone_at.is_(None), UndoStep.until > datetime.now(UTC), UndoStep.learner == visit.learner)
    return session.scalar(select(UndoStep).where(*_is(visit, step), *open_still))


def _is(visit: VisitView, step: UUID) -> tuple[Any, ...]:
    return UndoStep.organization == visit.organization, UndoStep.id == step
