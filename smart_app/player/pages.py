"""What the pages of a tutorial say, decided before the template: templates decide nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from smart_app.library import vocabulary
from smart_app.library.reading import Check, Part, TutorialVersion
from smart_app.library.rendering import with_pictures_at
from smart_app.player.dates import day_words
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
NOT_STATED = "not stated"
"""The version of an AI feature that nobody has looked up here yet."""
HOME = "home"
"""Where a verify card was opened from, if not from a part."""


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
    has_questions: bool
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
    said_used: str | None
    """ "used", or "used, about 6 times today"; None where nothing was said."""
    link: str | None
    error: bool
    """What was said is no number of times."""


@dataclass(frozen=True, kw_only=True)
class ChangedPage:
    """What is new since the learner finished an earlier version."""

    tutorial: str
    title: str
    version: int
    changes: tuple[str, ...]
    checks: tuple[Check, ...]
    written_for: str


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
        length=f"{minutes_words(version.minutes)} in {len(version.parts)} short steps",
        has_questions=bool(version.questions),
        written_for=written_for(taught),
    )


def step_page(taught: Taught, progress: Progress, part: str, *, resumed: bool, pictures: str) -> StepPage:
    """The page of one part; KeyError if there is none. `pictures`: the address below which they are served."""
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
        html=Markup(with_pictures_at(here.html, pictures)),  # noqa: S704 (sanitized by nh3 when it was imported)
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


def changed_page(taught: Taught, changes: tuple[str, ...]) -> ChangedPage:
    """`changes`: of each version since the one finished, in their order."""
    return ChangedPage(
        tutorial=taught.version.tutorial,
        title=taught.version.title,
        version=taught.version.version,
        changes=changes,
        checks=taught.version.checks,
        written_for=written_for(taught),
    )


def finished_page(
    visit: VisitView, taught: Taught, *, said_used: int | None, link: str | None, error: bool = False
) -> FinishedPage:
    """`said_used`: how many times, as just said. `link`: the AI feature's address, where it may be opened from here."""
    return FinishedPage(
        tutorial=taught.version.tutorial,
        title=taught.version.title,
        feature=taught.feature.id if taught.feature else None,
        feature_name=taught.feature.name if taught.feature else "",
        question="Did you use it on this task?" if visit.task_open else "Did you use it?",
        used_words="I used it on this task" if visit.task_open else "I used it today",
        used_records=_what_used_records(visit, sensitive=taught.sensitive),
        said_used=_times_used(said_used) if said_used else None,
        link=link,
        error=error,
    )


def written_for(taught: Taught) -> str:
    """Which version of the AI feature it is about, and who stands for it."""
    feature, version = taught.feature, taught.version
    about = [f"Written for {feature.name} {feature.version}."] if feature and feature.version != NOT_STATED else []
    about += [f"Reviewed here by {version.reviewer}."] if version.reviewer else []
    return " ".join([*about, f"Next review by {day_words(version.review_by)}."])


def short_name(version: TutorialVersion, slug: str) -> str | None:
    """The part's name in the step bar; None where the tutorial has no such part."""
    return next((_SHORT_NAMES.get(part.slug, part.heading) for part in version.parts if part.slug == slug), None)


def minutes_words(minutes: int) -> str:
    """ "3 min"."""
    return f"{minutes} min"


def _mark(part: Part, done: bool, here: bool) -> StepMark:
    return StepMark(slug=part.slug, name=_SHORT_NAMES.get(part.slug, part.heading), done=done and not here, here=here)


def _stopped(progress: Progress, sensitive: bool) -> Stopped:
    left = progress.updated_at
    today = left.date() == datetime.now(UTC).date()
    words = f"at {left:%H:%M} UTC" if today else f"on {day_words(left)}"
    if sensitive and today:
        words = "earlier today"
    return Stopped(iso=f"{left:%Y-%m-%dT%H:%M}Z", words=words, today=today and not sensitive)


def _times_used(times: int) -> str:
    return "used" if times == 1 else f"used, about {times} times today"


def _what_used_records(visit: VisitView, *, sensitive: bool) -> str:
    if sensitive:
        return "the day, and nothing of the task"
    said = ["the time"]
    if visit.task_open and visit.task_codes and visit.task_said is None:
        said.append(f"that {vocabulary.task_is_open(visit.task_codes[0])}")
    if visit.encounter_class in vocabulary.ENCOUNTER_CLASSES:
        said.append(f"that {vocabulary.encounter_is(visit.encounter_class or '')}")
    return vocabulary.in_words(said)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
