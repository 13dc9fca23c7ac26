"""Two texts side by side: which words went and which came, field by field. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from smart_app.library.vocabulary import people
from smart_app.studio.tutorials.fields import PARTS, DraftFields
from smart_app.studio.tutorials.target_words import lines_of
from smart_app.studio.tutorials.version_rules import IN_PROGRESS_WORDS, InProgress

Kind = Literal["same", "gone", "new"]
_MOST_WORDS = 4000
"""Beyond it a field is shown whole: comparing takes the square of its words."""


@dataclass(frozen=True)
class Piece:
    """Some words of one side."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Row:
    """A field of both texts."""

    name: str
    heading: str
    left: tuple[Piece, ...]
    right: tuple[Piece, ...]
    changed: bool


NAMES: Mapping[str, str] = {
    "title": "Title",
    "ai_feature": "AI feature",
    "roles": "Who it is for",
    "targets": "When it shows",
    "card": "The card's line",
    **PARTS,
    "sources": "Sources",
    "questions": "Three questions",
    "slots": "Local slots",
    "what_changed": "What changed",
    "in_progress": "People in the middle of it",
    "minutes": "Minutes",
    "review_by": "Review again by",
    "workflow": "Workflow",
    "drill": "Drill",
    "sensitive": "Sensitive",
}
"""Every field in the order of the page, with its heading."""


def compare(left: DraftFields, right: DraftFields) -> tuple[Row, ...]:
    """Every field that either text fills, in the order of the page."""
    one, other = texts_of(left), texts_of(right)
    return tuple(_row(name, one[name], other[name]) for name in NAMES if one[name] or other[name])


def differing(left: DraftFields, right: DraftFields) -> tuple[Row, ...]:
    """The fields that are not the same."""
    return tuple(row for row in compare(left, right) if row.changed)


def texts_of(draft: DraftFields) -> dict[str, str]:
    """Each field as text that people read."""
    plain = {name: str(getattr(draft, name)) for name in NAMES if hasattr(draft, name)}
    return {
        **plain,
        **{slug: draft.parts.get(slug, "") for slug in PARTS},
        "roles": "\n".join(people(role) for role in draft.roles),
        "targets": "\n".join(lines_of(draft.targets)),
        "sources": "\n\n".join("\n".join(filter(None, vars(source).values())) for source in draft.sources),
        "questions": "\n\n".join(
            "\n".join([each.text, *(f"- {choice}" for choice in each.choices), f"Right: {each.answer}", each.why])
            for each in draft.questions
        ),
        "slots": "\n".join(f"{slot}: {value}" for slot, value in draft.slots.items()),
        "sensitive": "yes" if draft.sensitive else "",
        "in_progress": IN_PROGRESS_WORDS[InProgress(draft.in_progress)] if draft.what_changed else "",
    }


def pieces(left: str, right: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The words of both, marked."""
    one, other = _words(left), _words(right)
    if len(one) + len(other) > _MOST_WORDS:
        return (Piece("gone", left),), (Piece("new", right),)
    before: list[Piece] = []
    after: list[Piece] = []
    for tag, start, end, begin, stop in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        same = tag == "equal"
        if start < end:
            before.append(Piece("same" if same else "gone", "".join(one[start:end])))
        if begin < stop:
            after.append(Piece("same" if same else "new", "".join(other[begin:stop])))
    return tuple(before), tuple(after)


def _words(text: str) -> list[str]:
    return re.findall(r"\s+|[^\s]+", text)


def _row(name: str, left: str, right: str) -> Row:
    if left == right:
        whole = (Piece("same", left),)
        return Row(name, NAMES[name], whole, whole, False)
    before, after = pieces(left, right)
    return Row(name, NAMES[name], before, after, True)
