"""What the preview says, decided before the template."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from smart_app.library.targeting import Choice, because
from smart_app.studio.targeting.target_list import Option


@dataclass(frozen=True)
class Shown:
    """A tutorial that would be shown."""

    tutorial: str
    title: str
    version: int
    why: str


def shown_of(choices: Iterable[Choice], titles: Mapping[str, str]) -> tuple[Shown, ...]:
    """In their order, in the words that the clinician reads."""
    return tuple(
        Shown(choice.tutorial, titles.get(choice.tutorial, choice.tutorial), choice.version, because(choice.reasons))
        for choice in choices
    )


def titles_in_order(titles: Mapping[str, str]) -> tuple[Option, ...]:
    """All tutorials, for a choice."""
    return tuple(
        Option(tutorial, title) for tutorial, title in sorted(titles.items(), key=lambda each: each[1].lower())
    )
