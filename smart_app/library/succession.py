"""What a new version does with people who are in the middle of an earlier one, as its author chose.

- finish: they finish the old one, then see what changed;
- keep: they finish the old one, and it counts for the new one too;
- restart, or nothing said: they begin the new one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.models import TutorialVersionRow

KEEP, FINISH, RESTART = "keep", "finish", "restart"


@dataclass(frozen=True)
class LaterVersion:
    """A version published after the one somebody began."""

    version: int
    published_at: datetime
    in_progress: str


def later_versions(
    session: Session, *, organization: UUID, of: Mapping[str, int]
) -> dict[str, tuple[LaterVersion, ...]]:
    """Of each tutorial in `of`, the versions published after the one named there, oldest first."""
    if not of:
        return {}
    row = TutorialVersionRow
    found: dict[str, tuple[LaterVersion, ...]] = {}
    query = select(row.tutorial, row.version, row.published_at, row.in_progress).where(
        row.organization == organization, row.tutorial.in_(of), row.status == "published"
    )
    for tutorial, version, published_at, in_progress in session.execute(query.order_by(row.tutorial, row.version)):
        if version > of[tutorial] and published_at is not None:
            later = LaterVersion(version, published_at, in_progress or RESTART)
            found[tutorial] = (*found.get(tutorial, ()), later)
    return found


def lets_finish(later: Sequence[LaterVersion], begun: int) -> bool:
    """Whether somebody in the middle of version `begun` goes on with it. Pure."""
    newer = [each for each in later if each.version > begun]
    return bool(newer) and all(each.in_progress in (KEEP, FINISH) for each in newer)


def stands_for(later: Iterable[LaterVersion], *, begun: datetime, finished: datetime) -> tuple[int, ...]:
    """The later versions that the earlier one counts for: published while it was under way, with *keep*. Pure."""
    kept: list[int] = []
    for each in later:
        if each.in_progress != KEEP or not begun <= each.published_at <= finished:
            break
        kept.append(each.version)
    return tuple(kept)
