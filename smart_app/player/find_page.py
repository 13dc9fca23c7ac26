"""All tutorials for a role, and those that words find among them, each with what this learner did with it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from smart_app.library.reading import TutorialListing, list_tutorials
from smart_app.player.offered import dismissals_of, pauses_of, progress_of, targets_for_role
from smart_app.player.pages import minutes_words
from smart_app.visits.session import VisitView


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A tutorial in a list."""

    tutorial: str
    title: str
    card: str
    state: str
    """ "3 min", "Finished", "Under way"."""
    hidden: bool
    until: datetime | None
    """Quiet until then, in this shift."""
    part: str | None = None
    """Heading of the part that holds the words searched for."""


def all_for_role(session: Session, visit: VisitView) -> tuple[Listed, ...]:
    """By title; finished, hidden and quiet ones too, so that all can be found again."""
    open_to = {target.tutorial for target in targets_for_role(session, visit=visit)}
    found = list_tutorials(session, organization=visit.organization, job_roles=visit.job_roles or ("everyone",))
    return _listed(session, visit, (listing for listing in found if listing.tutorial in open_to))


def in_this_order(everything: Iterable[Listed], found: Iterable[tuple[str, str | None]]) -> tuple[Listed, ...]:
    """Those of `everything` that were found, best first. `found`: (tutorial, heading of the part with the words)."""
    known = {listed.tutorial: listed for listed in everything}
    return tuple(replace(known[tutorial], part=heading) for tutorial, heading in found if tutorial in known)


def _listed(session: Session, visit: VisitView, found: Iterable[TutorialListing]) -> tuple[Listed, ...]:
    owner = (visit.organization, visit.learner)
    places = {(row.tutorial, row.version): row for row in progress_of(session, *owner)}
    hidden = {row.tutorial for row in dismissals_of(session, *owner)}
    quiet = {row.tutorial: row.until for row in pauses_of(session, *owner)}
    lines = []
    for listing in found:
        place = places.get((listing.tutorial, listing.version))
        state = minutes_words(listing.minutes)
        if place is not None and (place.finished_at or place.step):
            state = "Finished" if place.finished_at else "Under way"
        lines.append(
            Listed(
                tutorial=listing.tutorial,
                title=listing.title,
                card=listing.card or "",
                state=state,
                hidden=listing.tutorial in hidden,
                until=quiet.get(listing.tutorial),
            )
        )
    return tuple(lines)
