"""*I know this*: three questions. Pure: marked here, told to the learner, kept nowhere."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256

from smart_app.library.reading import TutorialVersion


@dataclass(frozen=True, kw_only=True)
class Option:
    """An answer to choose."""

    number: int
    """Its place in the file, which the form sends."""
    words: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question as the page shows it."""

    number: int
    words: str
    options: tuple[Option, ...]
    unanswered: bool
    missed: str | None
    """Why another answer fits, where the one given does not."""


@dataclass(frozen=True, kw_only=True)
class QuestionsPage:
    """The questions, and what became of them."""

    tutorial: str
    title: str
    asked: tuple[Asked, ...]
    marked: bool
    passed: bool
    unanswered: bool


def questions_page(
    version: TutorialVersion, *, given: Callable[[str], str | None], marked: bool, seed: str
) -> QuestionsPage:
    """`given`: field name -> what the form sent. `seed`: keeps the order of the answers for a visit."""
    asked = tuple(_asked(number, question, given, marked, seed) for number, question in enumerate(version.questions))
    unanswered = any(each.unanswered for each in asked)
    if unanswered:  # nothing is marked before all three have an answer
        asked = tuple(replace(each, missed=None) for each in asked)
    return QuestionsPage(
        tutorial=version.tutorial,
        title=version.title,
        asked=asked,
        marked=marked,
        passed=marked and not unanswered and not any(each.missed for each in asked),
        unanswered=unanswered,
    )


def _asked(number: int, question: object, given: Callable[[str], str | None], marked: bool, seed: str) -> Asked:
    assert isinstance(question, dict)
    choices: list[str] = question["choices"]
    sent = given(f"q{number}")
    chosen = int(sent) if sent is not None and sent in map(str, range(len(choices))) else None
    # The file's order would give the answer away, if its author always writes it first.
    order = sorted(range(len(choices)), key=lambda at: sha256(f"{seed}{number}{choices[at]}".encode()).digest())
    return Asked(
        number=number,
        words=question["text"],
        options=tuple(Option(number=at, words=choices[at], chosen=at == chosen) for at in order),
        unanswered=marked and chosen is None,
        missed=question["why"] if marked and chosen is not None and choices[chosen] != question["answer"] else None,
    )
