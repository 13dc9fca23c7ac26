"""Which tutorials a visit may open: what was chosen for it, what the learner's role may find, and what was begun."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.choosing import catalogue_of
from smart_app.library.launch_hosts import allowed_link
from smart_app.library.reading import (
    AiFeature,
    NoSuchAiFeature,
    NoSuchTutorial,
    TutorialVersion,
    get_ai_feature,
    get_version,
)
from smart_app.library.sensitivity import is_sensitive
from smart_app.library.succession import LaterVersion, later_versions, lets_finish, stands_for
from smart_app.library.targeting import Target
from smart_app.library.vocabulary import ANY_FEATURE, EVERYONE
from smart_app.player.models import Dismissal, Pause, Preference, Progress
from smart_app.visits.session import VisitView


class NotOffered(LookupError):
    """The visit has no such tutorial or AI feature to open."""


@dataclass(frozen=True)
class Taught:
    """A published version, and the AI feature it teaches (None: no single one)."""

    version: TutorialVersion
    feature: AiFeature | None
    sensitive: bool
    """Of this use neither clock time nor context is kept (:mod:`smart_app.library.sensitivity`)."""


def get_taught(session: Session, *, visit: VisitView, tutorial: str) -> Taught:
    """The version this visit plays. Raises :class:`NotOffered`.

    The one chosen at launch; else one that is under way; else what the role may find; else the newest begun.
    """
    version = _chosen(visit, tutorial) or _findable_or_begun(session, visit, tutorial)
    if version is None:
        raise NotOffered(tutorial)
    try:
        found = get_version(session, organization=visit.organization, tutorial=tutorial, version=version)
    except NoSuchTutorial as error:
        raise NotOffered(tutorial) from error
    feature = find_feature(session, organization=visit.organization, feature=found.ai_feature)
    return Taught(found, feature, _is_sensitive(session, visit, found, feature))


@dataclass(frozen=True)
class Offered:
    """A tutorial chosen for the visit, with the learner's place in it."""

    version: TutorialVersion
    progress: Progress | None
    done: bool
    """Finished, and its AI feature is as it was then."""


def offered_now(session: Session, *, visit: VisitView) -> list[Offered]:
    """What was chosen for the visit, in its order; without what is gone since."""
    places = {(row.tutorial, row.version): row for row in progress_of(session, visit.organization, visit.learner)}
    found = []
    for choice in visit.choices:
        with suppress(NoSuchTutorial):
            version = get_version(
                session, organization=visit.organization, tutorial=choice.tutorial, version=choice.version
            )
            place = places.get((choice.tutorial, choice.version))
            found.append(Offered(version, place, _is_done(session, version, place)))
    return found


def targets_for_role(session: Session, *, visit: VisitView) -> tuple[Target, ...]:
    """All that a person of this role may find today: for the role or everyone, its AI feature live, its dates right."""
    catalogue = catalogue_of(session, organization=visit.organization)
    mine, today = {*visit.job_roles, EVERYONE}, datetime.now(UTC).date()
    live = catalogue.live_for(visit.job_roles, today) | {ANY_FEATURE}
    return tuple(
        target
        for target in catalogue.targets
        if target.roles & mine and target.ai_feature in live and _is_on(target, today)
    )


def changes_since(session: Session, *, visit: VisitView, taught: Taught) -> tuple[str, ...]:
    """What changed since the learner finished it, of the tutorial and of its AI feature; empty: nothing did."""
    rows = progress_of(session, visit.organization, visit.learner)
    finished = [row for row in rows if row.finished_at and row.tutorial == taught.version.tutorial]
    if not finished:
        return ()
    said = [_feature_change(finished[-1], taught.feature)]
    done = finished[-1]
    newer = later_versions(session, organization=visit.organization, of={done.tutorial: done.version})
    counts = {*_learned_by(done, newer)}
    for number in (number for number in range(done.version + 1, taught.version.version + 1) if number not in counts):
        with suppress(NoSuchTutorial):
            version = get_version(
                session, organization=visit.organization, tutorial=taught.version.tutorial, version=number
            )
            said.append(version.what_changed or "")
    return tuple(filter(None, said))


def find_feature(session: Session, *, organization: UUID, feature: str) -> AiFeature | None:
    """The registry's entry, its link only where its host is allowed; or None ("any", or taken out of the registry)."""
    try:
        found = get_ai_feature(session, organization=organization, feature=feature)
    except NoSuchAiFeature:
        return None
    return replace(found, launch_link=allowed_link(session, organization=organization, link=found.launch_link))


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


def pauses_of(session: Session, organization: UUID, learner: UUID) -> list[Pause]:
    """What the learner does not want in this shift, by tutorial; only what still holds."""
    of_learner = select(Pause).where(Pause.organization == organization, Pause.learner == learner)
    return list(session.scalars(of_learner.where(Pause.until > datetime.now(UTC)).order_by(Pause.tutorial)))


def put_away(session: Session, organization: UUID, learner: UUID) -> frozenset[str]:
    """Tutorials that are not put before the learner now: hidden, or quiet for this shift."""
    hidden = {row.tutorial for row in dismissals_of(session, organization, learner)}
    return frozenset(hidden | {row.tutorial for row in pauses_of(session, organization, learner)})


def find_preference(session: Session, organization: UUID, learner: UUID) -> Preference | None:
    """How the page should behave for the learner; None: the defaults."""
    return session.get(Preference, (organization, learner))


@dataclass(frozen=True)
class History:
    """What choosing needs to know of a learner."""

    learned: frozenset[tuple[str, int]]
    learned_on: dict[str, str]
    """Tutorial -> version of its AI feature when it was finished last, where that is known."""
    in_progress: dict[str, int]
    dismissed: frozenset[str]
    stays: dict[str, int]
    """Tutorial -> the earlier version that the learner finishes; :attr:`in_progress` names the present one for it."""


def history_of(session: Session, *, organization: UUID, learner: UUID) -> History:
    """Finished versions, begun ones, and what was put away."""
    rows = progress_of(session, organization, learner)
    begun = {row.tutorial: row.version for row in rows if row.step and not row.finished_at}
    newer = later_versions(session, organization=organization, of={row.tutorial: row.version for row in rows})
    stays = {tutorial: version for tutorial, version in begun.items() if lets_finish(newer.get(tutorial, ()), version)}
    finished = [row for row in rows if row.finished_at]
    return History(
        learned=frozenset((row.tutorial, version) for row in finished for version in _learned_by(row, newer)),
        learned_on={row.tutorial: row.feature_version for row in finished if row.feature_version},
        in_progress=begun | {tutorial: newer[tutorial][-1].version for tutorial in stays},
        dismissed=put_away(session, organization, learner),
        stays=stays,
    )


def _learned_by(row: Progress, newer: Mapping[str, Sequence[LaterVersion]]) -> Iterable[int]:
    """The version that was finished, and the later ones that it stands for."""
    yield row.version
    if row.finished_at:
        yield from stands_for(newer.get(row.tutorial, ()), begun=row.started_at, finished=row.finished_at)


def _is_sensitive(session: Session, visit: VisitView, version: TutorialVersion, feature: AiFeature | None) -> bool:
    return is_sensitive(
        session,
        organization=visit.organization,
        version=version,
        feature=feature,
        job_roles=visit.job_roles,
        task_codes=(*visit.task_codes, *visit.frequent_task_codes),
        intent=visit.intent,
    )


def _is_done(session: Session, version: TutorialVersion, place: Progress | None) -> bool:
    if place is None or place.finished_at is None:
        return False
    feature = find_feature(session, organization=place.organization, feature=version.ai_feature)
    return not _feature_change(place, feature)


def _feature_change(finished: Progress, feature: AiFeature | None) -> str:
    if feature is None or finished.feature_version in (None, feature.version):
        return ""
    return feature.what_changed or f"{feature.name} has a new version here: {feature.version}."


def _chosen(visit: VisitView, tutorial: str) -> int | None:
    return next((choice.version for choice in visit.choices if choice.tutorial == tutorial), None)


def _findable_or_begun(session: Session, visit: VisitView, tutorial: str) -> int | None:
    begun = [row for row in progress_of(session, visit.organization, visit.learner) if row.tutorial == tutorial]
    if begun and begun[-1].finished_at is None:
        version = begun[-1].version
        newer = later_versions(session, organization=visit.organization, of={tutorial: version}).get(tutorial, ())
        if not newer or lets_finish(newer, version):
            return version
    findable = {target.tutorial: target.version for target in targets_for_role(session, visit=visit)}
    return findable.get(tutorial, begun[-1].version if begun else None)


def _is_on(target: Target, today: date) -> bool:
    return (target.starts is None or target.starts <= today) and (target.until is None or today <= target.until)
