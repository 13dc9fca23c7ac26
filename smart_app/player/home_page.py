"""What the home page says, decided before the template."""

from dataclasses import dataclass
from datetime import datetime

from smart_app.library.reading import TutorialVersion
from smart_app.library.targeting import Reason, because
from smart_app.player.offered import Offered
from smart_app.player.pages import minutes_words
from smart_app.visits.session import VisitView

CHANGED = ("changed", "feature changed")
"""Kinds of reason for which what changed comes first."""


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A tutorial on the home page."""

    tutorial: str
    title: str
    minutes: str
    why: str
    button: str
    resumes: bool
    finished: bool


@dataclass(frozen=True, kw_only=True)
class PutAway:
    """The tutorial that was put away by the press before."""

    tutorial: str
    title: str
    until: datetime | None
    """End of the shift it is quiet for; None: hidden until asked for."""


@dataclass(frozen=True, kw_only=True)
class HomePage:
    """At most three tutorials, and what the EHR did not say."""

    picks: tuple[Pick, ...]
    leads: bool
    """The first is put first, with the filled button; else all stand in a quiet list."""
    notices: tuple[str, ...]
    empty: str
    undo: PutAway | None
    put_away: int
    """How many tutorials this learner has put away."""


def home_page(
    visit: VisitView,
    offered: list[Offered],
    *,
    undo: PutAway | None,
    put_away: int,
) -> HomePage:
    """`offered`: the choices that were not put away, in their order. Finished ones go last."""
    picks = [_pick(visit, each) for each in offered]
    picks.sort(key=lambda pick: pick.finished)
    return HomePage(
        picks=tuple(picks),
        leads=_leads(visit, picks),
        notices=_notices(visit),
        empty=_nothing_for(visit),
        undo=undo,
        put_away=put_away,
    )


def _leads(visit: VisitView, picks: list[Pick]) -> bool:
    """A nudge is for one tutorial: when that is done or put away, no other takes its place unasked."""
    nudged = visit.nudges and [pick.tutorial for pick in picks[:1]] == [each.tutorial for each in visit.choices[:1]]
    return bool(picks) and not picks[0].finished and (visit.asked or nudged)


def _pick(visit: VisitView, offered: Offered) -> Pick:
    version, progress, finished = offered.version, offered.progress, offered.done
    choice = next(choice for choice in visit.choices if choice.tutorial == version.tutorial)
    changed = any(reason["kind"] in CHANGED for reason in choice.reasons)
    step = progress.step if progress and progress.finished_at is None else None
    at = [part.slug for part in version.parts].index(step) if step else 0
    return Pick(
        tutorial=version.tutorial,
        title=version.title,
        minutes="Finished" if finished else _minutes_left(version, at),
        why=because(Reason(reason["kind"], reason["text"]) for reason in choice.reasons),
        button=_button(finished, step is not None, changed, at, len(version.parts)),
        resumes=step is not None,
        finished=finished,
    )


def _button(finished: bool, resumes: bool, changed: bool, at: int, of: int) -> str:
    if finished:
        return "Look at it again"
    if resumes:
        return f"Resume at step {at + 1} of {of}"
    return "See what changed" if changed else "Open"


def _minutes_left(version: TutorialVersion, at: int) -> str:
    if not at:
        return minutes_words(version.minutes)
    seconds = sum(part.seconds for part in version.parts[at:])
    return f"{minutes_words(max(1, min(version.minutes, -(-seconds // 60))))} left"


def _notices(visit: VisitView) -> tuple[str, ...]:
    """What the EHR did not say, and what was done instead."""
    said = []
    if visit.task_said:
        pass  # the learner said what is open: nothing is missing
    elif visit.standalone:
        said.append("This window was opened on its own, so no task is known.")
    elif not visit.task_open:
        said.append("Your EHR did not say which task is open.")
    if visit.missing:
        said.append("Part of what your EHR knows could not be read, so this may fit less well than usual.")
    return tuple(said)


def _nothing_for(visit: VisitView) -> str:
    if visit.task_open:
        return "Nothing for this task yet. When your organization adds a tutorial for it, it will stand here."
    return "Nothing for your role yet. When your organization adds a tutorial for it, it will stand here."
