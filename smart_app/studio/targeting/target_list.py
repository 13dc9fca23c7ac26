"""The list of who sees what: fifty tutorials a page, filtered by role, AI feature and what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass

from smart_app.library.situation import Target
from smart_app.library.target_problems import Problem
from smart_app.library.vocabulary import EVERYONE
from smart_app.studio.targeting.surroundings import ACCESS_IS_NO_RULE, Surroundings

A_PAGE = 50


@dataclass(frozen=True)
class Line:
    """One tutorial."""

    tutorial: str
    title: str
    sentence: str
    people: int
    own: bool
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Option:
    """A choice of a filter."""

    value: str
    words: str


@dataclass(frozen=True)
class ListPage:
    """The page, in words."""

    lines: tuple[Line, ...]
    found: int
    first: int
    """Of the lines shown, counted from 1."""
    earlier: int | None
    later: int | None
    """Page numbers, from 1."""
    roles: tuple[Option, ...]
    features: tuple[Option, ...]
    role: str
    feature: str
    words: str
    wrong: bool
    known: int
    whose: str
    access: str
    """What the numbers go by that a launch does not; "": nothing."""


def list_page(around: Surroundings, asked: Mapping[str, str]) -> ListPage:
    """`asked`: the query. Whatever stands there, a page comes of it."""
    role, feature, words = (asked.get(name, "")[:60] for name in ("role", "feature", "words"))
    wrong = asked.get("wrong") == "1"
    targets = [each for each in around.catalogue.targets if _fits(each, around, role, feature, words)]
    targets.sort(key=lambda each: (around.catalogue.titles[each.tutorial].lower(), each.tutorial))
    if wrong:
        targets = [each for each in targets if around.problems(each, around.count(each))]
    number = _number(asked.get("page", ""), -(-len(targets) // A_PAGE))
    first = (number - 1) * A_PAGE
    return ListPage(
        lines=tuple(_line(around, each) for each in targets[first : first + A_PAGE]),
        found=len(targets),
        first=first + 1,
        earlier=number - 1 if number > 1 else None,
        later=number + 1 if first + A_PAGE < len(targets) else None,
        roles=(Option(EVERYONE, "Everyone"), *(Option(each.id, each.title) for each in around.roles)),
        features=tuple(Option(name, facts.name) for name, facts in sorted(around.catalogue.features.items())),
        role=role,
        feature=feature,
        words=words,
        wrong=wrong,
        known=sum(group.people for group in around.people),
        whose=around.whose,
        access=ACCESS_IS_NO_RULE if around.roster_says_access else "",
    )


def _fits(target: Target, around: Surroundings, role: str, feature: str, words: str) -> bool:
    said = words.strip().lower()
    return (
        (not role or role in target.roles)
        and (not feature or target.ai_feature == feature)
        and (not said or said in around.catalogue.titles[target.tutorial].lower() or said in target.tutorial)
    )


def _line(around: Surroundings, target: Target) -> Line:
    counted = around.count(target)
    return Line(
        target.tutorial,
        around.catalogue.titles[target.tutorial],
        around.sentence(target),
        counted.fitting,
        target.tutorial in around.catalogue.own,
        around.problems(target, counted),
    )


def _number(given: str, pages: int) -> int:
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 1
    return max(1, min(number, pages))
