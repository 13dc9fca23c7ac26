"""What each page says, decided before the template: templates decide nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from markupsafe import Markup

from smart_app.library import vocabulary
from smart_app.library.reading import Check, Part, TutorialVersion
from smart_app.library.targeting import Reason, because
from smart_app.player.models import Progress
from smart_app.player.offered import Taught
from smart_app.visits.session import VisitView

_SHORT_NAMES: Mapping[str, str] = {
    "why": "Why",
    "how": "How",
    "watch-for": "Watch for",
    "verify": "Verify",
    "try-it": "Try it",
    "when-not": "When not",
}
HOME = "home"
"""Where a verify card was opened from, if not from a part."""


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
class HiddenNote:
    """The tutorial that was put away by the press before."""

    tutorial: str
    title: str


@dataclass(frozen=True, kw_only=True)
class HomePage:
    """At most three tutorials, and what the EHR did not say."""

    picks: tuple[Pick, ...]
    notices: tuple[str, ...]
    empty: str
    undo: HiddenNote | None


@dataclass(frozen=True, kw_only=True)
class CardPage:
    """The 20-second card."""

    tutorial: str
    title: str
    why: str
    checks: tuple[Check, ...]
    first: str
    how: str
    length: str
    written_for: str


@dataclass(frozen=True, kw_only=True)
class StepMark:
    """One part in the step bar."""

    slug: str
    name: str
    done: bool
    here: bool


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """When the learner left this place."""

    iso: str
    words: str
    today: bool


@dataclass(frozen=True, kw_only=True)
class StepPage:
    """One part of the tutorial."""

    tutorial: str
    title: str
    slug: str
    heading: str
    html: Markup
    number: int
    steps: tuple[StepMark, ...]
    next: str
    previous: str | None
    ahead: StepMark | None
    """Set where this part lies beyond the furthest one reached: where to go on from."""
    stopped: Stopped | None


@dataclass(frozen=True, kw_only=True)
class VerifyPage:
    """The three checks, one keystroke away."""

    tutorial: str
    subject: str
    checks: tuple[Check, ...]
    note: str
    came_from: str
    back_words: str
    written_for: str


@dataclass(frozen=True, kw_only=True)
class FinishedPage:
    """What can be said at the end."""

    tutorial: str
    title: str
    feature: str | None
    feature_name: str
    question: str
    used_words: str
    used_records: str
    said_used: bool
    link: str | None


def home_page(
    visit: VisitView, offered: list[tuple[TutorialVersion, Progress | None]], undo: HiddenNote | None
) -> HomePage:
    """`offered`: the choices that were not put away, in their order. Finished ones go last."""
    picks = [_pick(visit, version, progress) for version, progress in offered]
    picks.sort(key=lambda pick: pick.finished)
    return HomePage(picks=tuple(picks), notices=_notices(visit), empty=_nothing_for(visit), undo=undo)


def card_page(taught: Taught) -> CardPage:
    """The card of a tutorial."""
    version = taught.version
    return CardPage(
        tutorial=version.tutorial,
        title=version.title,
        why=version.card or "",
        checks=version.checks,
        first=version.parts[0].slug,
        how=version.part("how").slug,
        length=f"{_minutes(version.minutes)} in {len(version.parts)} short steps",
        written_for=written_for(taught),
    )


def step_page(taught: Taught, progress: Progress, part: str, *, resumed: bool) -> StepPage:
    """The page of one part; KeyError if there is none."""
    version = taught.version
    here = version.part(part)
    slugs = [each.slug for each in version.parts]
    at, reached = slugs.index(part), slugs.index(progress.step) if progress.step else 0
    marks = tuple(_mark(each, index < reached, index == at) for index, each in enumerate(version.parts))
    return StepPage(
        tutorial=version.tutorial,
        title=version.title,
        slug=part,
        heading=here.heading,
        html=Markup(here.html),  # noqa: S704 (sanitized by nh3 when it was imported)
        number=at + 1,
        steps=marks,
        next=f"Next: {marks[at + 1].name}" if at + 1 < len(marks) else "Finish",
        previous=slugs[at - 1] if at else None,
        ahead=marks[reached] if at > reached else None,
        stopped=_stopped(progress, taught.sensitive) if resumed else None,
    )


def verify_page(taught: Taught, came_from: str) -> VerifyPage:
    """`came_from`: slug of a part, or HOME; anything else leads home."""
    name = short_name(taught.version, came_from)
    return VerifyPage(
        tutorial=taught.version.tutorial,
        subject=_sentence(taught.feature.name) if taught.feature else taught.version.title,
        checks=taught.version.checks,
        note=taught.version.verify_note,
        came_from=came_from if name else HOME,
        back_words=f"Back to {name}" if name else "Back to For you now",
        written_for=written_for(taught),
    )


def finished_page(visit: VisitView, taught: Taught, *, said_used: bool, link: str | None) -> FinishedPage:
    """`link`: the AI feature's address, where it may be opened from here."""
    return FinishedPage(
        tutorial=taught.version.tutorial,
        title=taught.version.title,
        feature=taught.feature.id if taught.feature else None,
        feature_name=taught.feature.name if taught.feature else "",
        question="Did you use it on this task?" if visit.task_open else "Did you use it?",
        used_words="I used it on this task" if visit.task_open else "I used it today",
        used_records=_what_used_records(visit, sensitive=taught.sensitive),
        said_used=said_used,
        link=link,
    )


def written_for(taught: Taught) -> str:
    """Which version of the AI feature it is about, and who stands for it."""
    feature, version = taught.feature, taught.version
    about = [f"Written for {feature.name} {feature.version}."] if feature else []
    about += [f"Reviewed here by {version.reviewer}."] if version.reviewer else []
    return " ".join([*about, f"Next review by {day_words(version.review_by)}."])


def short_name(version: TutorialVersion, slug: str) -> str | None:
    """The part's name in the step bar; None where the tutorial has no such part."""
    return next((_SHORT_NAMES.get(part.slug, part.heading) for part in version.parts if part.slug == slug), None)


def day_words(day: date) -> str:
    """ "5 December", with the year where it is another than today's."""
    words = f"{day.day} {day:%B}"
    return words if day.year == datetime.now(UTC).year else f"{words} {day.year}"


def _pick(visit: VisitView, version: TutorialVersion, progress: Progress | None) -> Pick:
    choice = next(choice for choice in visit.choices if choice.tutorial == version.tutorial)
    finished = bool(progress and progress.finished_at)
    step = progress.step if progress and not finished else None
    at = [part.slug for part in version.parts].index(step) if step else 0
    return Pick(
        tutorial=version.tutorial,
        title=version.title,
        minutes="Finished" if finished else _minutes_left(version, at),
        why=because(Reason(reason["kind"], reason["text"]) for reason in choice.reasons),
        button=_button(finished, step is not None, at, len(version.parts)),
        resumes=step is not None,
        finished=finished,
    )


def _button(finished: bool, resumes: bool, at: int, of: int) -> str:
    if finished:
        return "Look at it again"
    return f"Resume at step {at + 1} of {of}" if resumes else "Open"


def _minutes_left(version: TutorialVersion, at: int) -> str:
    if not at:
        return _minutes(version.minutes)
    seconds = sum(part.seconds for part in version.parts[at:])
    return f"{_minutes(max(1, min(version.minutes, -(-seconds // 60))))} left"


def _minutes(minutes: int) -> str:
    return f"{minutes} min"


def _notices(visit: VisitView) -> tuple[str, ...]:
    """What the EHR did not say, and what was done instead."""
    said = []
    if visit.standalone:
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


def _mark(part: Part, done: bool, here: bool) -> StepMark:
    return StepMark(slug=part.slug, name=_SHORT_NAMES.get(part.slug, part.heading), done=done and not here, here=here)


def _stopped(progress: Progress, sensitive: bool) -> Stopped:
    left = progress.updated_at
    today = left.date() == datetime.now(UTC).date()
    words = f"at {left:%H:%M} UTC" if today else f"on {day_words(left)}"
    if sensitive and today:
        words = "earlier today"
    return Stopped(iso=f"{left:%Y-%m-%dT%H:%M}Z", words=words, today=today and not sensitive)


def _what_used_records(visit: VisitView, *, sensitive: bool) -> str:
    if sensitive:
        return "the day, and nothing of the task"
    said = ["the time"]
    if visit.task_open and visit.task_codes:
        said.append(f"that {vocabulary.task_is_open(visit.task_codes[0])}")
    if visit.encounter_class in vocabulary.ENCOUNTER_CLASSES:
        said.append(f"that {vocabulary.encounter_is(visit.encounter_class or '')}")
    return vocabulary.in_words(said)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
