"""What a learner did with tutorials before, in one query: every launch and every home page asks for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, String, bindparam, cast, literal, null, select, union_all
from sqlalchemy.orm import Session

from smart_app.db import UtcDateTime, once
from smart_app.library.succession import LaterVersion, later_versions, lets_finish, stands_for
from smart_app.player.models import Dismissal, Pause, Progress

Later = Mapping[str, Sequence[LaterVersion]]


def _mine(model: Any) -> tuple[Any, Any]:
    return model.organization == bindparam("organization"), model.learner == bindparam("learner")


def _no(kind: Any) -> Any:
    return cast(null(), kind)  # PostgreSQL wants to know of what nothing is


_HISTORY = union_all(
    select(
        literal("place").label("kind"),
        Progress.tutorial.label("tutorial"),
        Progress.version.label("version"),
        Progress.step.label("step"),
        Progress.finished_at.label("moment"),
        Progress.feature_version.label("feature_version"),
        Progress.started_at.label("started_at"),
    ).where(*_mine(Progress)),
    select(
        literal("hidden"),
        Dismissal.tutorial,
        _no(Integer),
        _no(String),
        _no(UtcDateTime),
        _no(String),
        _no(UtcDateTime),
    ).where(*_mine(Dismissal)),
    select(
        literal("quiet"), Pause.tutorial, _no(Integer), _no(String), Pause.until, _no(String), _no(UtcDateTime)
    ).where(*_mine(Pause), Pause.until > bindparam("now", type_=UtcDateTime())),
).order_by("tutorial", "version")
"""Made once: a launch pays for running it, not for putting it together."""


@dataclass(frozen=True)
class Place:
    """Where the learner is in one version."""

    tutorial: str
    version: int
    step: str | None
    """Slug of the furthest part reached; None while only the card was seen."""
    finished_at: datetime | None
    feature_version: str | None
    """Version of the AI feature when it was finished last."""
    started_at: datetime

    def counts_for(self, later: Later) -> Iterable[int]:
        """The version that was finished, and the later ones that it stands for."""
        yield self.version
        if self.finished_at:
            newer = later.get(self.tutorial, ())
            yield from stands_for(newer, begun=self.started_at, finished=self.finished_at)


@dataclass(frozen=True)
class History:
    """By tutorial, older versions first."""

    places: tuple[Place, ...]
    hidden: frozenset[str]
    """Put away until asked for."""
    quiet: dict[str, datetime]
    """Not wanted in this shift: tutorial -> when that ends."""
    later: Later
    """Tutorial -> versions published after the one that the learner was in last."""

    @property
    def learned(self) -> frozenset[tuple[str, int]]:
        """Finished versions, and the later ones that these stand for."""
        done = (place for place in self.places if place.finished_at)
        return frozenset((place.tutorial, version) for place in done for version in place.counts_for(self.later))

    @property
    def learned_on(self) -> dict[str, str]:
        """Tutorial -> version of its AI feature when it was finished last, where that is known."""
        done = (place for place in self.places if place.finished_at)
        return {place.tutorial: place.feature_version for place in done if place.feature_version}

    @property
    def stays(self) -> dict[str, int]:
        """Tutorial -> the earlier version that the learner finishes; `in_progress` names the present one for it."""
        begun = self._begun.items()
        return {name: version for name, version in begun if lets_finish(self.later.get(name, ()), version)}

    @property
    def in_progress(self) -> dict[str, int]:
        """Tutorial -> version that is begun and not finished."""
        return self._begun | {tutorial: self.later[tutorial][-1].version for tutorial in self.stays}

    @property
    def _begun(self) -> dict[str, int]:
        return {place.tutorial: place.version for place in self.places if place.step and not place.finished_at}

    @property
    def put_away(self) -> frozenset[str]:
        """Tutorials that are not put before the learner now: hidden, or quiet for this shift."""
        return self.hidden | frozenset(self.quiet)


def history_of(session: Session, *, organization: UUID, learner: UUID) -> History:
    """All of it; of what is quiet, only what still holds."""
    return once(session, _history, organization, learner)


def _history(session: Session, organization: UUID, learner: UUID) -> History:
    asked = {"organization": organization, "learner": learner, "now": datetime.now(UTC)}
    rows = session.connection().execute(_HISTORY, asked).all()
    places = tuple(Place(*row[1:]) for row in rows if row.kind == "place")
    newest = {place.tutorial: place.version for place in places}
    return History(
        places=places,
        later=later_versions(session, organization=organization, of=newest),
        hidden=frozenset(row.tutorial for row in rows if row.kind == "hidden"),
        quiet={row.tutorial: row.moment for row in rows if row.kind == "quiet"},
    )
