"""A tutorial as a file: YAML front matter between `---` lines, then Markdown with six `##` parts."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from smart_app.library.body import HEADINGS, PICTURE_NAME, CheckSource, PartSource, Slot, blocks, checks_of, split_parts
from smart_app.library.claims import check_claims
from smart_app.library.field_checks import Fields
from smart_app.library.findings import Finding, Findings, did_you_mean
from smart_app.library.front_matter import Known, check_front_matter
from smart_app.library.length import check_grade, check_length
from smart_app.library.yaml_reading import Located, YamlRefused, read_yaml

if TYPE_CHECKING:
    from markdown_it.token import Token

MOST_CHECKS = 3
MOST_CHARACTERS = 12_000
MOST_IN_PARAGRAPH = 2_000
MOST_BRACKETS = 200
"""Of the body. Reading Markdown takes the square of a paragraph's brackets: without a limit 100 kB take a minute."""
_ONLY_TEXT = {
    "html_block": "HTML",
    "html_inline": "HTML",
    "link_open": "A link",
    "fence": "Code",
    "code_block": "Code",
    "code_inline": "Code",
    "blockquote_open": "A quotation",
    "hr": "A rule",
}


@dataclass(frozen=True)
class ParsedTutorial:
    """A tutorial file that can be rendered. Whether it may be published, the checks say."""

    name: str
    """File name."""
    text: str
    """The file, character for character."""
    front: dict[str, Any]
    """Front matter as JSON: dates are text."""
    fields: Located
    """Front matter with its lines."""
    parts: tuple[PartSource, ...]

    @property
    def id(self) -> str:
        """The tutorial's slug."""
        return str(self.front["id"])

    @property
    def version(self) -> int:
        """The version's number."""
        return int(self.front["version"])

    @property
    def slots(self) -> tuple[Slot, ...]:
        """All local slots, in order."""
        return tuple(slot for part in self.parts for slot in part.slots())

    @property
    def checks(self) -> tuple[CheckSource, ...]:
        """The checks of the Verify part."""
        return tuple(checks_of(part_of(self.parts, "verify"))[0])


def parse(text: str, *, name: str) -> ParsedTutorial | list[Finding]:
    """The tutorial, or what stands in the way of reading it. `name`: the file's name."""
    found = Findings(name)
    tutorial = read(text, found)
    return tutorial if tutorial is not None else found.in_order()


def check_tutorial(text: str, *, name: str, known: Known, grade: bool = True) -> list[Finding]:
    """Every rule that a file must keep to be published. `grade=False` leaves the reading grade out."""
    found = Findings(name)
    opened = _open(text, found)
    if opened is None:
        return found.in_order()
    located, parts = opened
    fields = Fields(located, found)
    check_front_matter(fields, name=name, known=known)
    _check_parts(parts, found)
    _check_text_only(text, found, known.pictures)
    check_claims(parts, fields.sources(), found)
    check_length(parts, found)
    if grade:
        check_grade(parts, found)
    return found.in_order()


def read(text: str, found: Findings) -> ParsedTutorial | None:
    """The tutorial if its fields have the right shape and its six parts are there; else None with findings."""
    opened = _open(text, found)
    if opened is None:
        return None
    located, parts = opened
    fields = Fields(located, found)
    # A day on which review_by is always ahead: its date is the checker's concern, not the parser's.
    check_front_matter(fields, name=found.file, known=Known(today=_year_before(located)))
    fields.sources()
    _check_parts(parts, found)
    if found.found:
        return None
    return ParsedTutorial(found.file, text, _as_json(located.value), located, tuple(parts))


def part_of(parts: tuple[PartSource, ...] | list[PartSource], slug: str) -> PartSource:
    """The part with this slug; KeyError if there is none."""
    for part in parts:
        if part.slug == slug:
            return part
    raise KeyError(slug)


def _year_before(located: Located) -> date:
    day = located.value.get("review_by")
    return day if type(day) is date else datetime.now(UTC).date()


def _open(text: str, found: Findings) -> tuple[Located, list[PartSource]] | None:
    match = re.match(r"---\n(.*?\n)---\n", text, re.DOTALL)
    if match is None:
        found.add(1, "There is no front matter.", 'Begin the file with "---", the fields, and "---".')
        return None
    try:
        located = read_yaml(match[1], first_line=2)
    except YamlRefused as refused:
        found.add(refused.line, refused.wrong, refused.mend)
        return None
    if not isinstance(located.value, dict):
        found.add(1, "The front matter has no fields.", "Write one field a line, as title: ...")
        return None
    body, first_line = text[match.end() :], match[0].count("\n") + 1
    faults = too_much(body)
    if faults:
        found.add(first_line, *faults)
        return None
    return located, split_parts(body, first_line=first_line)


def too_much(body: str) -> tuple[str, str] | None:
    """What is wrong and how to mend it, where the parts are larger than anything reads as Markdown; else None."""
    brackets, longest = body.count("["), max(map(len, body.split("\n\n")))
    if len(body) > MOST_CHARACTERS:
        return f"The parts have {len(body)} characters; {MOST_CHARACTERS} at most.", "Cut them."
    if brackets > MOST_BRACKETS:
        return f'The parts have {brackets} times "["; {MOST_BRACKETS} at most.', "Take some out."
    if longest > MOST_IN_PARAGRAPH:
        return f"A paragraph has {longest} characters; {MOST_IN_PARAGRAPH} at most.", "Cut it, or divide it."
    return None


def _check_parts(parts: list[PartSource], found: Findings) -> None:
    wanted = list(HEADINGS)
    headings = [part.heading for part in parts]
    for part in parts:
        if part.heading not in HEADINGS:
            found.add(part.line, f'Unknown part "{part.heading}".', f"The parts are: {', '.join(wanted)}.")
        elif headings.count(part.heading) > 1:
            found.add(part.line, f'Part "{part.heading}" is here more than once.', "Join them.")
    end = parts[-1].line if parts else 1
    for heading in wanted:
        if heading not in headings:
            found.add(end, f'Part "{heading}" is missing.', f'Add "## {heading}".')
    known = [part for part in parts if part.heading in HEADINGS]
    for before, after in pairwise(known):
        if wanted.index(before.heading) > wanted.index(after.heading):
            found.add(
                before.line, f'Parts are out of order: "{before.heading}" before "{after.heading}".', "Swap them."
            )
    for part in known:
        _check_part(part, found)


def _check_part(part: PartSource, found: Findings) -> None:
    if not part.source.strip():
        found.add(part.line, f'Part "{part.heading}" is empty.', "Write it, or the tutorial cannot teach it.")
    elif part.slug == "how" and not re.search(r"^1[.)] ", part.source, re.MULTILINE):
        found.add(part.line, '"How" has no numbered steps.', 'Begin each with "1. ", "2. " and so on.')
    elif part.slug == "verify":
        _check_verify(part, found)


def _check_verify(part: PartSource, found: Findings) -> None:
    checks, _ = checks_of(part)
    if not checks:
        found.add(part.line, '"Verify" has no check.', 'Write "- **Open the lab.** Match each result.".')
    if len(checks) > MOST_CHECKS:
        found.add(
            part.line, f'"Verify" has {len(checks)} checks; {MOST_CHECKS} at most.', "Keep the ones that catch most."
        )
    for number, check in enumerate(checks, 1):
        if not check.action:
            mend = "Open it with a bold verb and a thing: **Open the lab.**"
            found.add(check.line, f"Check {number} starts with no action.", mend)


def _check_text_only(text: str, found: Findings, pictures: Collection[str] | None) -> None:
    match = re.match(r"---\n(.*?\n)---\n", text, re.DOTALL)
    start = match[0].count("\n") if match else 0
    body = text[match.end() :] if match else text
    for token in blocks(body):
        line = start + 1 + (token.map or [0])[0]
        for kind in (token, *(token.children or ())):
            if kind.type in _ONLY_TEXT:
                found.add(line, f"{_ONLY_TEXT[kind.type]} is not allowed here: text only.", "Say it in words.")
            if kind.type == "image":
                _check_picture(kind, line, found, pictures)
        if token.type == "heading_open" and token.tag != "h2":
            found.add(line, "Only the six ## headings are allowed.", "Make it a sentence.")


def _check_picture(image: "Token", line: int, found: Findings, pictures: Collection[str] | None) -> None:
    name = str(image.attrGet("src") or "")
    if not PICTURE_NAME.fullmatch(name):
        mend = "Pictures stand in the library: ![what it shows](name.png)."
        found.add(line, "A picture from elsewhere is not allowed here.", mend)
    elif not image.content.strip():
        found.add(line, f'The picture "{name}" has no words for those who cannot see it.', "Say what it shows: ![...].")
    elif pictures is not None and name not in pictures:
        found.add(line, f'No picture "{name}" in the library.', did_you_mean(name, list(pictures)) if pictures else "")


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
