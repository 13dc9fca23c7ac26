"""What stands in the way of a draft's review, field by field, and what of its budget is used.

The rules are the library's: the draft is written as its file, checked as `library check` checks it, and each finding
goes to the field that its line came from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from smart_app.library.body import PartSource
from smart_app.library.front_matter import Known
from smart_app.library.length import (
    MOST_GRADE,
    MOST_WORDS,
    MOST_WORDS_IN_PART,
    reading_grade,
    reading_text,
)
from smart_app.library.registries import MOST_SLOT_VALUE
from smart_app.library.tutorial_file import check_tutorial, too_much
from smart_app.studio.tutorials.fields import PARTS, DraftFields, SourceFields, as_file

SECONDS_AT_MOST = 180
_WORDS_A_MINUTE = 200
EMPTY: Mapping[str, str] = {
    "title": "Write a title.",
    "card": "Write the card's line: why, in one sentence.",
    "ai_feature": "Choose the AI feature, or none in particular.",
    "roles": "Choose who it is for.",
    "targets": "Say for which work it shows, or that it fits any.",
    "minutes": "Say how many minutes it takes.",
    "review_by": "Say when it is to be read again.",
    "sources": "Add one source at least, and cite it.",
    "what_changed": "Say what changed since the version before.",
    **dict.fromkeys(PARTS, "Write it, or the tutorial cannot teach it."),
}


@dataclass(frozen=True)
class Problem:
    """What must be mended before review."""

    field: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A draft under the rules."""

    problems: tuple[Problem, ...]
    words: Mapping[str, int]
    """Of each part, without its heading."""
    total: int
    """With headings, as the limit of 450 counts."""
    grade: float | None
    unfilled: tuple[str, ...]
    most_words: int = MOST_WORDS
    most_in_part: int = MOST_WORDS_IN_PART
    most_grade: float = MOST_GRADE

    @property
    def seconds(self) -> int:
        """Reading time at 200 words a minute."""
        return round(self.total * 60 / _WORDS_A_MINUTE)

    def of(self, name: str) -> tuple[str, ...]:
        """The problems of one field."""
        return tuple(problem.words for problem in self.problems if problem.field == name)


@dataclass(frozen=True)
class Surroundings:
    """What else a draft is checked against."""

    known: Known
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The library's, by id."""


def judge(draft: DraftFields, *, tutorial: str, version: int, around: Surroundings, grade: bool = True) -> Judged:
    """Every rule that publishing asks for. `grade=False` leaves the reading grade out."""
    empty = _empty(draft, version)
    file = as_file(draft, tutorial=tutorial, version=version, status="published")
    findings = check_tutorial(file.text, name=f"{tutorial}.md", known=around.known, grade=False)
    found = [Problem(file.field(finding.line), f"{finding.wrong} {finding.mend}".strip()) for finding in findings]
    parts = [PartSource(heading, 1, draft.parts.get(slug, "")) for slug, heading in PARTS.items()]
    counts = {part.slug: len(part.words()) for part in parts}
    graded = _grade(parts) if grade and not too_much("\n\n".join(part.source for part in parts)) else None
    problems = [Problem(name, EMPTY[name]) for name in empty]
    problems += [problem for problem in found if problem.field not in empty]
    problems += [Problem("sources", words) for source in draft.sources for words in _source(source, around)]
    problems += [Problem("slots", f"Fill in: {slot}.") for slot in draft.unfilled()]
    problems += [
        Problem("slots", f"{slot}: {MOST_SLOT_VALUE} characters at most.")
        for slot, value in draft.slots.items()
        if len(value) > MOST_SLOT_VALUE
    ]
    if graded is not None and graded > MOST_GRADE:
        problems.append(
            Problem("file", f"Reading grade {graded:.1f}; {MOST_GRADE:.0f} at most. Shorten the sentences.")
        )
    return Judged(
        problems=tuple(dict.fromkeys(problems)),
        words=counts,
        total=sum(counts.values()) + sum(len(heading.split()) for heading in PARTS.values()),
        grade=graded,
        unfilled=draft.unfilled(),
    )


def _empty(draft: DraftFields, version: int) -> list[str]:
    """Fields that nobody has filled, in the order of the page."""
    asked = [name for name in EMPTY if name not in PARTS and (name != "what_changed" or version > 1)]
    blank = [name for name in asked if not getattr(draft, name)]
    return blank + [slug for slug in PARTS if not draft.parts.get(slug, "").strip()]


def _grade(parts: list[PartSource]) -> float | None:
    text = reading_text(parts)
    return round(reading_grade(text), 1) if text.strip() else None


def _source(source: SourceFields, around: Surroundings) -> list[str]:
    listed = around.sources.get(source.id)
    if listed is not None:
        differs = [name for name in ("title", "url") if listed.get(name) != getattr(source, name)]
        return [f"{source.id}: the library has it with another {name}. Give yours another id." for name in differs]
    found = []
    if not source.sentence:
        found.append(f"{source.id or 'A source'}: copy the sentence that you rely on.")
    if not source.checked:
        found.append(f"{source.id or 'A source'}: say how you read it, honestly.")
    return found
