"""Which tutorials a visit may open: what was chosen for it, what the learner's role may find, and what was begun."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from smart_app.db import once
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
from smart_app.library.remembered import versions_of
from smart_app.library.sensitivity import is_sensitive
from smart_app.library.succession import later_versions, lets_finish
from smart_app.library.targeting import Target
from smart_app.library.vocabulary import ANY_FEATURE, EVERYONE
from smart_app.player.history import History, Place
from smart_app.player.models import Dismissal, Pause, Preference, Progress
from smart_app.visits.session import VisitView

_PREFERENCES = Preference.__table__
_PREFERENCE = select(_PREFERENCES).where(
    _PREFERENCES.c.organization == bindparam("organization"), _PREFERENCES.c.learner == bindparam("learner")
)
"""Made once: every page asks."""


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
    progress: Place | None
    done: bool
    """Finished, and its AI feature is as it was then."""


def offered_now(session: Session, *, visit: VisitView, history: History) -> list[Offered]:
    """What was chosen for the visit, in its order; without what is gone since."""
    places = {(place.tutorial, place.version): place for place in history.places}
    wanted = [(choice.tutorial, choice.version) for choice in visit.choices]
    versions = versions_of(session, organization=visit.organization, wanted=wanted)
    return [
        Offered(versions[key], places.get(key), _is_done(session, visit, versions[key], places.get(key)))
        for key in wanted
        if key in versions
    ]


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
    place = Place(done.tutorial, done.version, done.step, done.finished_at, done.feature_version, done.started_at)
    counts = {*place.counts_for(newer)}
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


def find_preference(session: Session, organization: UUID, learner: UUID) -> Preference | None:
    """How the page should behave for the learner; None: the defaults."""
    return once(session, _preference, organization, learner)


def _preference(session: Session, organization: UUID, learner: UUID) -> Preference | None:
    asked = {"organization": organization, "learner": learner}
    row: Preference | None = session.connection().execute(_PREFERENCE, asked).one_or_none()  # type: ignore[assignment]
    return row


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


def _is_done(session: Session, visit: VisitView, version: TutorialVersion, place: Place | None) -> bool:
    if place is None or place.finished_at is None:
        return False
    feature = find_feature(session, organization=visit.organization, feature=version.ai_feature)
    return not _feature_change(place, feature)


def _feature_change(finished: Place | Progress, feature: AiFeature | None) -> str:
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
