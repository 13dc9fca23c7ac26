"""What a learner can do here. Each verb changes the learner's place and tells the ledger in the same transaction.

Told first, changed after: where the ledger knows the form's key already, the act was done and
nothing is changed again. Views commit. All raise :class:`~smart_app.ledger.KeyReused` where the key
was used for something else, and :class:`~smart_app.player.telling.BadKey` where there is none.
"""

from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy.orm import Session

from smart_app import ledger
from smart_app.db import insert_new
from smart_app.keys import KeyRing
from smart_app.ledger import EventType, UsageEvent
from smart_app.player.models import Progress
from smart_app.player.offered import NotOffered, Taught, find_progress
from smart_app.player.telling import About, about_feature, tell, who_and_where
from smart_app.rollout.assigning import finish_assigned
from smart_app.visits.session import VisitView

SECONDS_AT_MOST = 600
"""A step left open during a round is not ten minutes' reading."""
_present: dict[date, set[tuple[UUID, UUID]]] = {}


def open_tutorial(session: Session, *, keys: KeyRing, visit: VisitView, taught: Taught, key: str) -> Progress:
    """Open the tutorial; its place begins here."""
    tell(session, keys=keys, visit=visit, key=key, type=EventType.TUTORIAL_OPENED, taught=taught)
    return _place(session, visit, taught)


def start(session: Session, *, visit: VisitView, taught: Taught, part: str) -> None:
    """Go from the card to `part`. Keeps the place; no usage event says so."""
    progress = _place(session, visit, taught)
    if progress.finished_at or _index(taught, part) > _reached(taught, progress):
        progress.step = part
    progress.updated_at = _moment(taught)
    session.flush()


def complete_step(
    session: Session, *, keys: KeyRing, visit: VisitView, taught: Taught, part: str, seconds: int | None, key: str
) -> Progress:
    """Go on from `part`; from the last part, finish. Does nothing where earlier parts are still to come."""
    progress = _place(session, visit, taught)
    at = _index(taught, part)
    if at > _reached(taught, progress):
        return progress
    told = tell(
        session,
        keys=keys,
        visit=visit,
        key=key,
        type=EventType.STEP_COMPLETED,
        taught=taught,
        step=part,
        seconds=None if seconds is None else max(0, min(seconds, SECONDS_AT_MOST)),
    )
    last = len(taught.version.parts) - 1
    if at == last:
        finish(session, keys=keys, visit=visit, taught=taught, key=key)
    if not told.replayed:
        progress.step = taught.version.parts[min(last, max(_reached(taught, progress), at + 1))].slug
        progress.updated_at = _moment(taught)
        session.flush()
    return progress


def finish(session: Session, *, keys: KeyRing, visit: VisitView, taught: Taught, key: str) -> None:
    """The tutorial is finished: by its last step, its three questions, or what changed. The record is the same."""
    told = tell(
        session, keys=keys, visit=visit, key=key, type=EventType.TUTORIAL_FINISHED, taught=taught, also="/finished"
    )
    progress = _place(session, visit, taught)
    if not told.replayed:
        progress.finished_at = progress.finished_at or told.recorded_at
        progress.feature_version = taught.feature.version if taught.feature else None
        progress.step = taught.version.parts[-1].slug
        finish_assigned(
            session,
            organization=visit.organization,
            learner=visit.learner,
            tutorial=taught.version.tutorial,
            version=taught.version.version,
            on=_now().date(),
        )
    session.flush()


def open_verify_card(session: Session, *, keys: KeyRing, visit: VisitView, taught: Taught, key: str) -> None:
    """The verify card was opened; what was found is not told."""
    about = about_feature(taught)
    tell(session, keys=keys, visit=visit, key=key, type=EventType.VERIFY_CARD_OPENED, taught=taught, about=about)


def used(session: Session, *, keys: KeyRing, visit: VisitView, taught: Taught, key: str, quantity: int = 1) -> None:
    """The learner says: I used the AI feature on this task, or about `quantity` times today. On the learner's word."""
    tell(
        session,
        keys=keys,
        visit=visit,
        key=key,
        type=EventType.AI_FEATURE_USED,
        taught=taught,
        about=_feature_of(taught),
        grade="self",
        quantity=quantity,
    )


def open_ai_feature(session: Session, *, keys: KeyRing, visit: VisitView, taught: Taught, key: str) -> None:
    """The AI feature was opened by its link here; opened is never counted as used."""
    tell(
        session,
        keys=keys,
        visit=visit,
        key=key,
        type=EventType.AI_FEATURE_OPENED,
        taught=taught,
        about=_feature_of(taught),
        grade="opened",
    )


def shown(session: Session, *, keys: KeyRing, visit: VisitView, without: frozenset[str] = frozenset()) -> None:
    """The visit's tutorials were in view: once a learner, version and day. `without`: those not on the page."""
    today = _now().date()
    for choice in visit.choices:
        if choice.tutorial in without:
            continue
        event = UsageEvent(
            **who_and_where(visit),
            type=EventType.TUTORIAL_SHOWN,
            day_only=True,
            object_type="tutorial",
            object_id=choice.tutorial,
            object_version=str(choice.version),
            reasons=tuple(reason["kind"].replace(" ", "-") for reason in choice.reasons),
        )
        key = f"shown/{visit.learner}/{choice.tutorial}/{choice.version}/{today}"
        ledger.record(session, keys=keys, key=key, event=event, first_wins=True)


def present(session: Session, *, keys: KeyRing, visit: VisitView) -> None:
    """The learner was here: once a day, without context or clock time."""
    if (visit.organization, visit.learner) in _present_today():
        return
    event = UsageEvent(**who_and_where(visit), type=EventType.LEARNER_PRESENT, day_only=True)
    ledger.record(session, keys=keys, key=f"present/{visit.learner}/{_now().date()}", event=event, first_wins=True)


def remember_present(visit: VisitView) -> None:
    """After the commit: the day's later launches in this process need not ask the ledger again."""
    _present_today().add((visit.organization, visit.learner))


def _present_today() -> set[tuple[UUID, UUID]]:
    """Learners known to stand in today's ledger, with their organizations."""
    today = _now().date()
    if today not in _present:
        _present.clear()
    return _present.setdefault(today, set())


def _place(session: Session, visit: VisitView, taught: Taught) -> Progress:
    """The learner's place, begun now if there is none; two openings at once begin it once."""
    progress = find_progress(session, visit, taught.version)
    if progress is None:
        now = _moment(taught)
        names = _key_of(visit, taught.version.tutorial) | {"version": taught.version.version}
        empty = {"step": None, "finished_at": None, "feature_version": None}
        insert_new(session, Progress, **names, **empty, started_at=now, updated_at=now)
        progress = find_progress(session, visit, taught.version)
    assert progress is not None
    return progress


def _feature_of(taught: Taught) -> About:
    if taught.feature is None:
        raise NotOffered("no single AI feature is taught")
    return about_feature(taught)


def _key_of(visit: VisitView, tutorial: str) -> dict[str, UUID | str]:
    return {"organization": visit.organization, "learner": visit.learner, "tutorial": tutorial}


def _index(taught: Taught, part: str) -> int:
    return [each.slug for each in taught.version.parts].index(part)


def _reached(taught: Taught, progress: Progress) -> int:
    """Index of the furthest part; -1 while only the card was seen."""
    return -1 if progress.step is None else _index(taught, progress.step)


def _moment(taught: Taught) -> datetime:
    """Now; of a sensitive AI feature the day alone, as in the ledger."""
    return datetime.combine(_now().date(), time(), UTC) if taught.sensitive else _now()


def _now() -> datetime:
    return datetime.now(UTC)
