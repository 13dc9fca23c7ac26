"""Length of a tutorial, and how hard it is to read."""

from collections.abc import Iterable

from smart_app.library.body import SLOT, PartSource, plain
from smart_app.library.findings import Findings
from smart_app.library.reading_grade import longest_sentence, reading_grade

MOST_WORDS = 450
MOST_WORDS_IN_PART = 90
MOST_GRADE = 9.0


def check_length(parts: list[PartSource], found: Findings) -> None:
    """At most 450 words in all (headings in) and 90 a part (heading out)."""
    total = 0
    for part in parts:
        count = len(part.words())
        total += count + len(part.heading.split())
        if count > MOST_WORDS_IN_PART:
            found.add(part.line, f'"{part.heading}" has {count} words; {MOST_WORDS_IN_PART} at most.', "Cut one idea.")
    if total > MOST_WORDS:
        found.add(1, f"The tutorial has {total} words; {MOST_WORDS} at most.", "Cut the part that teaches least.")


def check_grade(parts: list[PartSource], found: Findings) -> None:
    """Flesch-Kincaid grade 9 at most, for the whole."""
    text = reading_text(parts)
    grade = reading_grade(text)
    if grade > MOST_GRADE:
        found.add(
            1,
            f"Reading grade {grade:.1f}; {MOST_GRADE:.0f} at most.",
            f'Longest sentence: "{longest_sentence(text)}"',
        )


def reading_text(parts: Iterable[PartSource]) -> str:
    """What is graded: list marks, citations and slots out, each paragraph ended by a full stop."""
    sentences = []
    for part in parts:
        for paragraph in part.paragraphs():
            text = plain(SLOT.sub("", paragraph.text))
            if text:
                sentences.append(text if text[-1] in ".!?" else f"{text}.")
    return " ".join(sentences)
