"""Usage events in words, for the person they are about. Pure: rows in, words out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from smart_app.ledger import EventType
from smart_app.ledger.models import UsageEventRow
from smart_app.library import vocabulary

_WORDS: Mapping[str, str] = {
    EventType.LEARNER_PRESENT: "Preceptor was open beside your chart",
    EventType.TUTORIAL_SHOWN: "On your screen:",
    EventType.TUTORIAL_OPENED: "Opened",
    EventType.TUTORIAL_DISMISSED: "Hid",
    EventType.TUTORIAL_FINISHED: "Finished",
    EventType.STEP_COMPLETED: "Went through a step of",
    EventType.VERIFY_CARD_OPENED: "Opened the verify card for",
    EventType.DRILL_ATTEMPTED: "Practised",
    EventType.AI_FEATURE_OPENED: "Opened by its link:",
    EventType.AI_FEATURE_USED: "Used",
    EventType.AI_OUTPUT_EDITED: "Edited what the AI wrote:",
    EventType.AI_OUTPUT_DISCARDED: "Discarded what the AI wrote:",
    EventType.EVENT_DISPUTED: "Took back an entry",
}
_SOURCES: Mapping[tuple[str | None, str | None], str] = {
    ("self", None): "Self: you said so",
    ("opened", None): "Opened: by the link here. Never counts as used",
    ("vendor", None): "Vendor: reported by the AI product or the EHR",
    ("chart", "verified"): "Chart, verified: the chart says that you reviewed it",
    ("chart", "labelled"): "Chart, labelled: says nothing of your review",
}
_STEPS: Mapping[str, str] = {
    "why": "Why",
    "how": "How",
    "watch-for": "Watch for",
    "verify": "Verify",
    "try-it": "Try it",
    "when-not": "When not to use it",
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One usage event, in words."""

    iso: str
    clock: str | None
    """Hours and minutes in UTC; None where only the day is kept."""
    words: str
    subject: str
    """Title of the tutorial or name of the AI feature; empty where there is none."""
    version: str | None
    details: str
    source: str
    grade: str | None
    strength: str | None


@dataclass(frozen=True, kw_only=True)
class Day:
    """The entries of one UTC day."""

    words: str
    entries: tuple[Entry, ...]


Names = Mapping[tuple[str, str], str]
"""(object type, id) -> what people call it."""


def days_of(rows: Iterable[UsageEventRow], *, names: Names, roles: Mapping[str, str]) -> tuple[Day, ...]:
    """`rows`: newest first. `roles`: titles of job roles by id."""
    by_day = groupby(rows, key=lambda row: row.occurred_at.date())
    return tuple(
        Day(words=_day(day), entries=tuple(_entry(row, names, roles) for row in of_day)) for day, of_day in by_day
    )


def _entry(row: UsageEventRow, names: Names, roles: Mapping[str, str]) -> Entry:
    day_only = is_day_only(row)
    return Entry(
        iso=f"{row.occurred_at:%Y-%m-%dT%H:%M:%SZ}",
        clock=None if day_only else f"{row.occurred_at:%H:%M}",
        words=_WORDS.get(row.type, row.type),
        subject=names.get((row.object_type or "", row.object_id or ""), row.object_id or ""),
        version=row.object_version,
        details=_details(row, roles),
        source=_SOURCES.get((row.grade, row.strength), "From this app"),
        grade=row.grade,
        strength=row.strength,
    )


def is_day_only(row: UsageEventRow) -> bool:
    """Only the day was kept: such ids tell no time (UUIDv4)."""
    return row.event_id.version == 4


def _details(row: UsageEventRow, roles: Mapping[str, str]) -> str:
    said = []
    if row.step:
        said.append(_STEPS.get(row.step, row.step))
    if row.seconds is not None:
        said.append(f"{row.seconds} seconds")
    if row.quantity is not None and row.quantity > 1:
        said.append(f"{row.quantity} times")
    if row.reasons:
        said.append(f"chosen for: {', '.join(reason.replace('-', ' ') for reason in row.reasons)}")
    said += _context(row.context)
    if row.job_role:
        said.append(f"role: {roles.get(row.job_role, row.job_role)}")
    return "; ".join(said)


def _context(context: Mapping[str, object]) -> list[str]:
    codes, intent = context.get("task_codes"), context.get("intent")
    said = [f"task: {', '.join(map(_code, codes))}"] if isinstance(codes, list) and codes else []
    said += [f"opened for: {str(intent).replace('-', ' ')}"] if intent else []
    encounter = context.get("encounter_class")
    return [*said, vocabulary.encounter_is(str(encounter))] if encounter else said


def _code(code: object) -> str:
    system, _, word = str(code).rpartition("|")
    return word.replace("-", " ") if system == vocabulary.TASK_SYSTEM else str(code)


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"
