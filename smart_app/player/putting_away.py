"""Putting a tutorial away: for good (until asked for), or for this shift. Verbs flush, views commit."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from smart_app.db import insert_new
from smart_app.keys import KeyRing
from smart_app.ledger import EventType
from smart_app.player.models import Dismissal, Pause
from smart_app.player.offered import Taught
from smart_app.player.telling import tell
from smart_app.visits.session import VisitView

SHIFT = timedelta(hours=12)


def dismiss(session: Session, *, keys: KeyRing, visit: VisitView, taught: Taught, key: str) -> None:
    """Put the tutorial away."""
    told = tell(session, keys=keys, visit=visit, key=key, type=EventType.TUTORIAL_DISMISSED, taught=taught)
    if not told.replayed:
        owner = {"organization": visit.organization, "learner": visit.learner}
        tutorial = taught.version.tutorial
        insert_new(session, Dismissal, **owner, tutorial=tutorial, dismissed_at=told.recorded_at, event=told.event_id)


def undo_dismissal(session: Session, *, keys: KeyRing, visit: VisitView, tutorial: str, key: str) -> None:
    """Show it again. The dismissal stays in the ledger; a correction points at it, and it counts no more."""
    dismissal = session.get(Dismissal, (visit.organization, visit.learner, tutorial))
    if dismissal is None:
        return
    told = tell(
        session,
        keys=keys,
        visit=visit,
        key=key,
        type=EventType.EVENT_DISPUTED,
        points_at=dismissal.event,
        day_only=True,
    )
    if not told.replayed:
        session.delete(dismissal)
        session.flush()


def pause(session: Session, *, visit: VisitView, tutorial: str) -> None:
    """Not this shift: quiet for 12 hours. Nothing is told to the ledger; what is over is forgotten."""
    now = datetime.now(UTC)
    mine = (Pause.organization == visit.organization, Pause.learner == visit.learner)
    session.execute(delete(Pause).where(*mine, (Pause.until <= now) | (Pause.tutorial == tutorial)))
    owner = {"organization": visit.organization, "learner": visit.learner}
    insert_new(session, Pause, **owner, tutorial=tutorial, until=now + SHIFT)


def end_pause(session: Session, *, visit: VisitView, tutorial: str) -> None:
    """Show it again before the shift is over."""
    mine = (Pause.organization == visit.organization, Pause.learner == visit.learner)
    session.execute(delete(Pause).where(*mine, Pause.tutorial == tutorial))
