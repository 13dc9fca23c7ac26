"""Which tutorials a visit may open: what was chosen for it, and what the learner has begun."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.reading import (
    AiFeature,
    NoSuchAiFeature,
    NoSuchTutorial,
    TutorialVersion,
    get_ai_feature,
    get_version,
)
from smart_app.player.models import Dismissal, Preference, Progress
from smart_app.visits.session import VisitView


class NotOffered(LookupError):
    """The visit has no such tutorial or AI feature to open."""


@dataclass(frozen=True)
class Taught:
    """A published version, and the AI feature it teaches (None: no single one)."""

    version: TutorialVersion
    feature: AiFeature | None

    @property
    def sensitive(self) -> bool:
        """The organization keeps neither clock time nor context for this feature."""
        return self.feature is not None and self.feature.sensitive


def get_taught(session: Session, *, visit: VisitView, tutorial: str) -> Taught:
    """The version this visit plays: the one chosen at launch, else the newest begun. Raises :class:`NotOffered`."""
    chosen = {choice.tutorial: choice.version for choice in visit.choices}
    begun = {row.tutorial: row.version for row in progress_of(session, visit.organization, visit.learner)}
    version = chosen.get(tutorial, begun.get(tutorial))
    if version is None:
        raise NotOffered(tutorial)
    try:
        found = get_version(session, organization=visit.organization, tutorial=tutorial, version=version)
    except NoSuchTutorial as error:
        raise NotOffered(tutorial) from error
    return Taught(found, find_feature(session, organization=visit.organization, feature=found.ai_feature))


def offered_now(session: Session, *, visit: VisitView) -> list[tuple[TutorialVersion, Progress | None]]:
    """What was chosen for the visit, in its order, each with the learner's place; without what is gone since."""
    places = {(row.tutorial, row.version): row for row in progress_of(session, visit.organization, visit.learner)}
    found = []
    for choice in visit.choices:
        with suppress(NoSuchTutorial):
            version = get_version(
                session, organization=visit.organization, tutorial=choice.tutorial, version=choice.version
            )
            found.append((version, places.get((choice.tutorial, choice.version))))
    return found


def find_feature(session: Session, *, organization: UUID, feature: str) -> AiFeature | None:
    """The registry's entry, or None ("any", or taken out of the registry)."""
    try:
        return get_ai_feature(session, organization=organization, feature=feature)
    except NoSuchAiFeature:
        return None


def find_progress(session: Session, visit: VisitView, version: TutorialVersion) -> Progress | None:
    """The learner's place in this version, or None where it was never opened."""
    return session.get(Progress, (visit.organization, visit.learner, version.tutorial, version.version))


def progress_of(session: Session, organization: UUID, learner: UUID) -> list[Progress]:
    """All places kept for the learner, by tutorial, older versions first."""
    of_learner = select(Progress).where(Progress.organization == organization, Progress.learner == learner)
    return list(session.scalars(of_learner.order_by(Progress.tutorial, Progress.version)))


def dismissals_of(session: Session, organization: UUID, learner: UUID) -> list[Dismissal]:
    """What the learner put away, by tutorial."""
    of_learner = select(Dismissal).where(Dismissal.organization == organization, Dismissal.learner == learner)
    return list(session.scalars(of_learner.order_by(Dismissal.tutorial)))


def find_preference(session: Session, organization: UUID, learner: UUID) -> Preference | None:
    """How the page should behave for the learner; None: the defaults."""
    return session.get(Preference, (organization, learner))


@dataclass(frozen=True)
class History:
    """What choosing needs to know of a learner."""

    learned: frozenset[tuple[str, int]]
    in_progress: dict[str, int]
    dismissed: frozenset[str]


def history_of(session: Session, *, organization: UUID, learner: UUID) -> History:
    """Finished versions, begun ones, and what was put away."""
    rows = progress_of(session, organization, learner)
    return History(
        learned=frozenset((row.tutorial, row.version) for row in rows if row.finished_at),
        in_progress=_begun(row for row in rows if row.step and not row.finished_at),
        dismissed=frozenset(row.tutorial for row in dismissals_of(session, organization, learner)),
    )


def _begun(rows: Iterable[Progress]) -> dict[str, int]:
    return {row.tutorial: row.version for row in rows}
