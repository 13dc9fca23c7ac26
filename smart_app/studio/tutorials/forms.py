"""From what the editor's form sent to the fields of a draft. Nothing is judged here."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from werkzeug.datastructures import MultiDict

from smart_app.studio.targeting.target_form import values_of
from smart_app.studio.tutorials.fields import (
    PARTS,
    TARGET_LISTS,
    DraftFields,
    QuestionFields,
    SourceFields,
    one_line,
    paragraphs,
)
from smart_app.studio.tutorials.target_fields import AS_IT_IS, MORE, with_more, with_work
from smart_app.studio.tutorials.version_rules import InProgress

MOST_SOURCES = 12
QUESTIONS = 3
Form = MultiDict[str, str]
_MOST_LINE, _MOST_PART = 1000, 20_000
"""What is longer is cut: it is refused for review anyway, long before."""


def fields_of_form(form: Form, before: DraftFields) -> DraftFields:
    """`before`: what the draft holds; what the form does not show stays as it is."""
    kept = [_kept_source(source) for source in _sources(form)]
    return replace(
        before,
        title=_line(form, "title"),
        ai_feature=_line(form, "ai_feature"),
        roles=tuple(one_line(role) for role in form.getlist("roles")),
        targets=_targets(form, before.targets),
        card=_line(form, "card"),
        drill=_line(form, "drill"),
        minutes=_line(form, "minutes"),
        review_by=_line(form, "review_by"),
        sources=tuple(source for source in kept if any(vars(source).values())),
        questions=_questions(form),
        what_changed=_line(form, "what_changed"),
        sensitive=form.get("sensitive") == "on",
        parts={slug: paragraphs(form.get(slug, "")[:_MOST_PART]) for slug in PARTS},
        slots=_slots(form, before.slots),
        in_progress=_in_progress(form.get("in_progress", "")),
    )


def _line(form: Form, name: str) -> str:
    return one_line(form.get(name, "")[:_MOST_LINE])


def _targets(form: Form, before: Mapping[str, Any]) -> dict[str, Any]:
    by, chosen = form.get("work_by", AS_IT_IS), form.getlist("work")
    worked = with_work(before, chosen, any_work=form.get("any_work") == "on", by=by)
    if MORE not in form:
        return worked
    given = {name: list(map(one_line, values_of(form, name))) for name in TARGET_LISTS}
    return with_more(worked, given, {name: _line(form, name)[:10] for name in ("from", "until")})


def _sources(form: Form) -> Iterable[SourceFields]:
    for number in range(MOST_SOURCES):
        if f"source-{number}-title" in form and f"source-{number}-out" not in form:
            yield SourceFields(
                **{
                    name: _line(form, f"source-{number}-{name}")
                    for name in ("id", "title", "url", "sentence", "checked")
                }
            )


def _kept_source(source: SourceFields) -> SourceFields:
    """A new source gets its id from its first words: "Smith et al. 2025" -> "smith-et-al-2025"."""
    if source.id or not source.title:
        return source
    words = "".join(mark if mark.isascii() and mark.isalnum() else " " for mark in source.title.lower()).split()
    return replace(source, id="-".join(words[:4])[:40].strip("-") or "source")


def _questions(form: Form) -> tuple[QuestionFields, ...]:
    found = [_question(form, number) for number in range(QUESTIONS)]
    return tuple(question for question in found if any(vars(question).values()))


def _question(form: Form, number: int) -> QuestionFields:
    given = form.get(f"question-{number}-choices", "")[: 4 * _MOST_LINE]
    choices = tuple(filter(None, map(one_line, given.splitlines())))
    right = form.get(f"question-{number}-right", "")
    at = int(right) - 1 if right.isascii() and right.isdecimal() and len(right) < 3 else -1
    return QuestionFields(
        text=_line(form, f"question-{number}-text"),
        choices=choices,
        answer=choices[at] if 0 <= at < len(choices) else "",
        why=_line(form, f"question-{number}-why"),
    )


def _slots(form: Form, before: Mapping[str, str]) -> dict[str, str]:
    """Slots are told by number; a slot that is no longer in the text keeps its value until the draft is published."""
    given = {}
    for number in range(60):
        name = one_line(form.get(f"slot-{number}-name", "")[:200])
        if name:
            given[name] = _line(form, f"slot-{number}")
    return {slot: value for slot, value in {**before, **given}.items() if value}


def _in_progress(given: str) -> str:
    return given if given in list(InProgress) else InProgress.FINISH.value
