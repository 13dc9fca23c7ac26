"""A tutorial as the editor holds it: every field of its file by name. Pure.

The file is the truth (:mod:`smart_app.library.tutorial_file`); :func:`as_file` writes it and :func:`from_file` reads it
back. A draft may hold anything, also what no file may: the checks of the library speak of that.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from smart_app.library.body import HEADINGS, SLOT
from smart_app.library.tutorial_file import ParsedTutorial

PARTS: Mapping[str, str] = {slug: heading for heading, slug in HEADINGS.items()}
"""Slug -> heading, in order."""
TARGET_LISTS = ("task_codes", "intents", "placements", "specialties", "encounter_classes", "care_settings")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class SourceFields:
    """A source: what the tutorial shows, and what the library keeps of how it was read."""

    id: str = ""
    title: str = ""
    url: str = ""
    sentence: str = ""
    checked: str = ""


@dataclass(frozen=True, kw_only=True)
class QuestionFields:
    """One of the three questions of *I know this*."""

    text: str = ""
    choices: tuple[str, ...] = ()
    answer: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class DraftFields:
    """All that a trainer fills in. Numbers and dates are text, as typed."""

    title: str = ""
    workflow: str = ""
    ai_feature: str = ""
    roles: tuple[str, ...] = ()
    targets: Mapping[str, Any] = field(default_factory=dict)
    """As the front matter's `targets`, with dates as text."""
    card: str = ""
    drill: str = ""
    minutes: str = "3"
    review_by: str = ""
    sources: tuple[SourceFields, ...] = ()
    questions: tuple[QuestionFields, ...] = ()
    what_changed: str = ""
    sensitive: bool = False
    parts: Mapping[str, str] = field(default_factory=dict)
    """Slug of the part -> Markdown."""
    slots: Mapping[str, str] = field(default_factory=dict)
    """What this organization puts into each local slot."""
    in_progress: str = "finish"
    """What the new version does with people in the middle of the one before; no part of the file."""

    def slot_texts(self) -> tuple[str, ...]:
        """The local slots in the parts, in order, each once."""
        found = (match[1] for slug in PARTS for match in SLOT.finditer(self.parts.get(slug, "")))
        return tuple(dict.fromkeys(found))

    def unfilled(self) -> tuple[str, ...]:
        """The slots that nobody has filled."""
        return tuple(slot for slot in self.slot_texts() if not self.slots.get(slot))


def as_json(draft: DraftFields) -> dict[str, Any]:
    """For the row; :func:`from_json` gives the same fields back."""
    kept = {each.name: getattr(draft, each.name) for each in fields(draft)}
    kept["sources"] = [vars(source) for source in draft.sources]
    kept["questions"] = [{**vars(question), "choices": list(question.choices)} for question in draft.questions]
    return {**kept, "roles": list(draft.roles), "targets": dict(draft.targets)} | {
        "parts": dict(draft.parts),
        "slots": dict(draft.slots),
    }


def from_json(kept: Mapping[str, Any]) -> DraftFields:
    """The fields of a row."""
    sources = tuple(SourceFields(**source) for source in kept["sources"])
    questions = tuple(QuestionFields(**{**each, "choices": tuple(each["choices"])}) for each in kept["questions"])
    return DraftFields(**{**kept, "roles": tuple(kept["roles"]), "sources": sources, "questions": questions})


def one_line(text: str) -> str:
    """Without line ends, control characters and blanks around it."""
    return re.sub(r"\s+", " ", _CONTROL.sub("", text)).strip()


def paragraphs(text: str) -> str:
    """Unix line ends, no control characters, nothing blank around it or at the end of a line."""
    lines = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\t", "    ").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


@dataclass(frozen=True)
class DraftFile:
    """The file, and which field each of its lines belongs to."""

    text: str
    field_of_line: tuple[str, ...]

    def field(self, line: int) -> str:
        """Of a line counted from 1; past the end, of the last one."""
        return self.field_of_line[min(line, len(self.field_of_line)) - 1]


def as_file(draft: DraftFields, *, tutorial: str, version: int, status: str) -> DraftFile:
    """The tutorial as `library check` reads it."""
    lines = [("file", "---"), *_front_matter(draft, tutorial, version, status), ("file", "---")]
    for slug, heading in PARTS.items():
        lines += [(slug, ""), (slug, f"## {heading}"), (slug, "")]
        lines += [(slug, line) for line in draft.parts.get(slug, "").split("\n")]
    return DraftFile("".join(f"{line}\n" for _, line in lines), tuple(name for name, _ in lines))


def from_file(
    parsed: ParsedTutorial, *, listed: Mapping[str, Mapping[str, str]], slots: Mapping[str, str]
) -> DraftFields:
    """The fields of a file. `listed`: the library's sources by id; `slots`: what the organization filled in."""
    front = parsed.front
    draft = DraftFields(
        title=front["title"],
        workflow=front["workflow"],
        ai_feature=front["ai_feature"],
        roles=tuple(front["roles"]),
        targets={name: value for name, value in front["targets"].items() if value},
        card=front["card"],
        drill=front["drill"] or "",
        minutes=str(front["minutes"]),
        review_by=front["review_by"],
        sources=tuple(_source(source, listed.get(source["id"], {})) for source in front["sources"]),
        questions=tuple(_question(question) for question in front.get("questions") or ()),
        what_changed=front.get("what_changed") or "",
        sensitive=bool(front.get("sensitive")),
        parts={part.slug: paragraphs(part.source) for part in parsed.parts},
    )
    return DraftFields(**{**vars(draft), "slots": {slot: slots[slot] for slot in draft.slot_texts() if slot in slots}})


def _source(front: Mapping[str, str], listed: Mapping[str, str]) -> SourceFields:
    return SourceFields(**front, sentence=listed.get("sentence", ""), checked=listed.get("checked", ""))


def _question(front: Mapping[str, Any]) -> QuestionFields:
    return QuestionFields(**{**front, "choices": tuple(front["choices"])})


def _front_matter(draft: DraftFields, tutorial: str, version: int, status: str) -> Iterable[tuple[str, str]]:
    yield "title", f"id: {_plain(tutorial)}"
    yield "title", f"title: {_quoted(draft.title)}"
    yield "what_changed", f"version: {version}"
    yield "file", f"status: {status}"
    yield "workflow", f"workflow: {_plain(draft.workflow)}"
    yield "ai_feature", f"ai_feature: {_plain(draft.ai_feature)}"
    yield "roles", f"roles: {_list(draft.roles)}"
    yield from _targets(draft.targets)
    yield "card", f"card: {_quoted(draft.card)}"
    yield "drill", f"drill: {_plain(draft.drill) if draft.drill else 'null'}"
    yield "minutes", f"minutes: {_plain(draft.minutes)}"
    yield "review_by", f"review_by: {_plain(draft.review_by)}"
    yield "sources", "sources:" if draft.sources else "sources: []"
    for source in draft.sources:
        yield "sources", f"  - id: {_plain(source.id)}"
        yield "sources", f"    title: {_quoted(source.title)}"
        yield "sources", f"    url: {_quoted(source.url)}"
    yield from _questions(draft.questions)
    if version > 1:
        yield "what_changed", f"what_changed: {_quoted(draft.what_changed)}"
    if draft.sensitive:
        yield "sensitive", "sensitive: true"


def _targets(targets: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    yield "targets", "targets:" if targets else "targets: {}"
    for name in TARGET_LISTS:
        if targets.get(name):
            yield "targets", f"  {name}: {_list(targets[name])}"
    if targets.get("any"):
        yield "targets", "  any: true"
    for name in ("from", "until"):
        if targets.get(name):
            yield "targets", f"  {name}: {_plain(targets[name])}"


def _questions(questions: Iterable[QuestionFields]) -> Iterable[tuple[str, str]]:
    if questions:
        yield "questions", "questions:"
    for question in questions:
        yield "questions", f"  - text: {_quoted(question.text)}"
        yield "questions", f"    choices: {_list(question.choices, quote=True)}"
        yield "questions", f"    answer: {_quoted(question.answer)}"
        yield "questions", f"    why: {_quoted(question.why)}"


def _list(items: Iterable[str], *, quote: bool = False) -> str:
    return f"[{', '.join(_quoted(item) if quote else _plain(item) for item in items)}]"


def _plain(value: str) -> str:
    """Bare where YAML reads it as the word, number or date that it is; else in quotes."""
    bare = re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", value) and value not in ("null", "true", "false", "yes", "no")
    return value if bare else _quoted(value)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
