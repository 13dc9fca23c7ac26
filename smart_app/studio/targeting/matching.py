"""One person at two EHRs: what a trainer's decision moves, and gives back. Flushes; the view commits.

Beside the identities (:mod:`smart_app.organizations.learner_matches`) the places in tutorials go along, where the one
who stays has none, so that nobody begins anew. Visits of the other end: the next launch finds the one person. What
the ledger holds is never changed, and no permission moves.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from smart_app.organizations import learner_matches
from smart_app.organizations.learner_matches import Joined
from smart_app.player.models import Progress
from smart_app.visits.models import Visit
from smart_app.visits.verbs import end_visits

Pair = tuple[UUID, UUID]


def confirm_match(session: Session, *, organization: UUID, pair: Pair, by: UUID, may_grant: bool) -> list[UUID]:
    """They are one person. Gives the visits that ended, whose tokens are to be ended after the commit.

    Raises as :func:`smart_app.organizations.learner_matches.confirm`.
    """
    joined, _ = learner_matches.confirm(session, organization=organization, pair=pair, by=by, may_grant=may_grant)
    places = _places_to_move(session, organization, joined)
    _move(session, organization, places, joined.goes, joined.stays)
    learner_matches.remember_moved(session, organization=organization, pair=pair, what={"progress": places})
    return _end(session, organization, joined.goes)


def undo_match(session: Session, *, organization: UUID, pair: Pair, by: UUID, may_grant: bool) -> list[UUID]:
    """The match is open again; what had moved goes back. Gives the visits that ended.

    Raises as :func:`smart_app.organizations.learner_matches.undo`.
    """
    joined, moved = learner_matches.undo(session, organization=organization, pair=pair, by=by, may_grant=may_grant)
    if joined is None:
        return []
    _move(session, organization, moved.get("progress", []), joined.stays, joined.goes)
    return _end(session, organization, joined.stays)


def _places_to_move(session: Session, organization: UUID, joined: Joined) -> list[list[Any]]:
    """[tutorial, version] that only the one who goes has a place in."""
    rows = session.execute(
        select(Progress.learner, Progress.tutorial, Progress.version).where(
            Progress.organization == organization, Progress.learner.in_((joined.stays, joined.goes))
        )
    ).all()
    there = {(row.tutorial, row.version) for row in rows if row.learner == joined.stays}
    gone = [(row.tutorial, row.version) for row in rows if row.learner == joined.goes]
    return [list(place) for place in sorted(gone) if place not in there]


def _move(session: Session, organization: UUID, places: list[list[Any]], whose: UUID, to: UUID) -> None:
    if not places:
        return
    these = tuple_(Progress.tutorial, Progress.version).in_([tuple(place) for place in places])
    session.execute(
        update(Progress)
        .where(Progress.organization == organization, Progress.learner == whose, these)
        .values(learner=to)
        .execution_options(synchronize_session=False)
    )


def _end(session: Session, organization: UUID, learner: UUID) -> list[UUID]:
    live = select(Visit).where(Visit.organization == organization, Visit.learner == learner, Visit.ended_at.is_(None))
    return end_visits(session, visits=session.scalars(live), ended_by="match decided")
