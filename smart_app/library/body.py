"""The body of a tutorial: six parts of Markdown, with citations `[@id]` and local slots `{local: ...}`."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # at run time where text is read: a server that shows what was rendered does without
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline

HEADINGS = {
    "Why": "why",
    "How": "how",
    "Watch for": "watch-for",
    "Verify": "verify",
    "Try it": "try-it",
    "When not to use it": "when-not",
}
"""The six parts in order, and their slugs."""

CITATION = re.compile(r"\[@([A-Za-z0-9-]+)\]")
SLOT = re.compile(r"\{local:\s{0,9}([^{}\n]{0,300}?)\s{0,9}\}")
PICTURE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,58}\.(?:png|jpg|webp)")
_PICTURE = re.compile(r"!\[[^\[\]\n]{0,400}\]\([^()\s]{0,200}\)")
_CITED = re.compile(r"\s{0,9}\[@[^\[\]]{0,80}\]")
"""Bounded, so that no text makes them slow."""
_LIST_MARK = re.compile(r"^\s*(?:\d+[.)]|[-*+])\s+")


@dataclass(frozen=True)
class Slot:
    """A gap that the organization fills."""

    text: str
    line: int


@dataclass(frozen=True)
class Paragraph:
    """A paragraph or list item, as Markdown."""

    text: str
    line: int


@dataclass(frozen=True)
class CheckSource:
    """A check of Verify, as Markdown; an empty action means that it opens with none."""

    action: str
    text: str
    line: int

    @property
    def slug(self) -> str:
        """What a drill's `caught_by` names."""
        return re.sub(r"[^a-z0-9]+", "-", self.action.lower()).strip("-")


@dataclass(frozen=True)
class PartSource:
    """One `##` part of the file."""

    heading: str
    line: int
    """Of the heading."""
    source: str
    """Its Markdown, without the heading."""

    @property
    def slug(self) -> str:
        """why, how, watch-for, verify, try-it, when-not; "" for a heading that is none of the six."""
        return HEADINGS.get(self.heading, "")

    def paragraphs(self) -> list[Paragraph]:
        """Paragraphs and list items, each with its line in the file."""
        return [Paragraph(text, self.line + 1 + line) for text, line in _paragraphs(self.source)]

    def slots(self) -> list[Slot]:
        """The local slots, in order."""
        return [
            Slot(match[1], self.line + 1 + number)
            for number, line in enumerate(self.source.splitlines())
            for match in SLOT.finditer(line)
        ]

    def citations(self) -> list[tuple[str, int]]:
        """(source id, line) of each citation, in order."""
        return [(match[1], para.line) for para in self.paragraphs() for match in CITATION.finditer(para.text)]

    def words(self) -> list[str]:
        """Words that count: slot text in, list marks, citations and pictures out."""
        lines = [_LIST_MARK.sub("", line) for line in self.source.splitlines()]
        text = _CITED.sub("", _PICTURE.sub("", "\n".join(lines)))
        return SLOT.sub(r"\1", text).split()


def markdown() -> "MarkdownIt":
    """CommonMark with HTML off, plus citations and slots as tokens of their own."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False})
    parser.inline.ruler.before("link", "citation", _citation)
    parser.inline.ruler.before("link", "slot", _slot)
    return parser


def blocks(body: str) -> list[Any]:
    """The tokens of CommonMark."""
    return _commonmark().parse(body)


@cache
def _reader() -> "MarkdownIt":
    """Made once: that takes longer than reading a part. Parsing keeps its state elsewhere."""
    return markdown()


@cache
def _commonmark() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")


@lru_cache(maxsize=256)
def _paragraphs(source: str) -> tuple[tuple[str, int], ...]:
    """(text, line in the part) of each. A check asks for them twenty times."""
    tokens = _reader().parse(source)
    return tuple((token.content, token.map[0]) for token in tokens if token.type == "inline" and token.map)


def split_parts(body: str, *, first_line: int) -> list[PartSource]:
    """The parts under `##` headings; `first_line` is the body's first line in its file."""
    lines = body.splitlines()
    starts = [
        (token.map[0], inline.content)
        for token, inline in pairwise(blocks(body))
        if token.type == "heading_open" and token.tag == "h2" and token.map and token.level == 0
    ]
    ends = [start for start, _ in starts[1:]] + [len(lines)]
    return [
        PartSource(heading, first_line + start, "\n".join(lines[start + 1 : end]))
        for (start, heading), end in zip(starts, ends, strict=True)
    ]


def checks_of(verify: PartSource) -> tuple[list[CheckSource], list[str]]:
    """The checks of the Verify part, and the paragraphs around their list (what to do with no match)."""
    checks: list[CheckSource] = []
    notes: list[str] = []
    in_list = 0
    for token in _reader().parse(verify.source):
        in_list += token.nesting if token.type.startswith(("bullet_list", "ordered_list")) else 0
        if token.type != "inline":
            continue
        if in_list:
            line = verify.line + 1 + (token.map or [0])[0]
            checks.append(_as_check(token.content, line))
        else:
            notes.append(token.content)
    return checks, notes


def plain(text: str) -> str:
    """Markdown of one paragraph as text: without bold marks, citations and pictures; slots stay as they are."""
    text = _CITED.sub("", _PICTURE.sub("", text))
    return re.sub(r"\s+", " ", text.replace("**", "").replace("*", "").replace("`", "")).strip()


def _as_check(text: str, line: int) -> CheckSource:
    match = re.match(r"\*\*(.+?)\*\*[.:]?\s*(.*)", text, re.DOTALL)
    if match is None:
        return CheckSource("", text, line)
    return CheckSource(match[1].rstrip(".:").strip(), match[2], line)


def _citation(state: "StateInline", silent: bool) -> bool:
    return _match(state, silent, CITATION, "citation")


def _slot(state: "StateInline", silent: bool) -> bool:
    return _match(state, silent, SLOT, "slot")


def _match(state: "StateInline", silent: bool, pattern: re.Pattern[str], kind: str) -> bool:
    match = pattern.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        token = state.push(kind, "", 0)
        token.content = match[1]
    state.pos = match.end()
    return True
