"""What a usage event may say. Pure: no database, no Flask.

An event that says more than it may cannot be made: codes and slugs only, no free text,
no clock time for facts of which only the day is kept.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, get_args
from uuid import UUID

SECONDS_AT_MOST = 3600
"""A step left open over lunch is not an hour's reading: longer times are capped."""
QUANTITY_AT_MOST = 10_000
TASK_CODES_AT_MOST = 20

Mode = Literal["practice", "real"]
Grade = Literal["self", "opened", "vendor", "chart"]
Strength = Literal["verified", "labelled"]

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#+-]{0,199}")
_TASK_CODE = re.compile(r"[A-Za-z0-9][^\s|@]{0,199}\|[A-Za-z0-9][^\s|@]{0,63}")
_CONTEXT = frozenset({"task_codes", "intent", "encounter_class"})


class NotRecordable(ValueError):
    """The event says something that the ledger does not keep."""


class EventType(StrEnum):
    """What happened, in the past tense."""

    LEARNER_PRESENT = "learner present"
    TUTORIAL_SHOWN = "tutorial shown"
    TUTORIAL_OPENED = "tutorial opened"
    TUTORIAL_DISMISSED = "tutorial dismissed"
    TUTORIAL_FINISHED = "tutorial finished"
    STEP_COMPLETED = "step completed"
    VERIFY_CARD_OPENED = "verify card opened"
    DRILL_ATTEMPTED = "drill attempted"
    AI_FEATURE_OPENED = "AI feature opened"
    AI_FEATURE_USED = "AI feature used"
    AI_OUTPUT_EDITED = "AI output edited"
    AI_OUTPUT_DISCARDED = "AI output discarded"
    EVENT_DISPUTED = "event disputed"


DAY_ONLY_TYPES = frozenset({EventType.LEARNER_PRESENT, EventType.TUTORIAL_SHOWN})
"""An EHR relaunches a sidebar for every chart, so a clock time here would tell which charts were opened."""


@dataclass(frozen=True, kw_only=True)
class UsageEvent:
    """One thing that a learner did. Raises :class:`NotRecordable` where it says what the ledger does not keep."""

    organization: UUID
    learner: UUID
    type: EventType
    occurred_at: datetime | None = None
    """Aware; None: the moment of recording, and then no part of the sender's content."""
    day_only: bool = False
    """Keep the UTC day alone: no context, no clock time, a random id that tells no order."""
    mode: Mode = "real"
    ehr: str | None = None
    """Key of the EHR registration."""
    job_role: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    """Codes only: task_codes ("system|code", ...), intent, encounter_class."""
    object_type: str | None = None
    """tutorial, drill, ai-feature, ...: opaque to the ledger, as are id and version."""
    object_id: str | None = None
    object_version: str | None = None
    step: str | None = None
    seconds: int | None = None
    """Capped at an hour."""
    quantity: int | None = None
    """How many uses one event tells of."""
    reasons: tuple[str, ...] = ()
    """Kinds of reason why a tutorial was shown, not their words."""
    grade: Grade | None = None
    """How we know of a use of AI."""
    strength: Strength | None = None
    """Of `chart` evidence alone."""
    source_reference: str | None = None
    """Where the evidence is (a FHIR reference, a vendor's id). Only its keyed hash is kept."""
    points_at: UUID | None = None
    """The event that this one corrects or disputes."""

    def __post_init__(self) -> None:
        EventType(self.type)
        for name in ("ehr", "job_role", "object_type", "object_id", "object_version", "step"):
            _check_word(name, getattr(self, name))
        for reason in self.reasons:
            _check_word("reasons", reason)
        _check_evidence(self)
        _check_day_only(self)
        if self.occurred_at is not None and self.occurred_at.tzinfo is None:
            raise NotRecordable("occurred_at has no time zone")
        object.__setattr__(self, "context", _checked_context(self.context))
        object.__setattr__(self, "reasons", tuple(self.reasons))
        object.__setattr__(self, "seconds", _capped_seconds(self.seconds))
        _check_number("quantity", self.quantity, least=1, most=QUANTITY_AT_MOST)


def recordable_task_codes(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Those of an EHR's task codes ("system|code") that the ledger keeps: the rest look like free text."""
    return tuple(code for code in codes if _TASK_CODE.fullmatch(code))[:TASK_CODES_AT_MOST]


def _check_word(name: str, value: str | None) -> None:
    if value is not None and not _WORD.fullmatch(value):
        raise NotRecordable(f"{name} is not a code or slug")


def _check_number(name: str, value: int | None, *, least: int, most: int | None = None) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
        raise NotRecordable(f"{name} is not a whole number from {least}" + (f" to {most}" if most else ""))


def _capped_seconds(seconds: int | None) -> int | None:
    _check_number("seconds", seconds, least=0)
    return None if seconds is None else min(seconds, SECONDS_AT_MOST)


def _check_evidence(event: UsageEvent) -> None:
    if event.mode not in get_args(Mode):
        raise NotRecordable("mode is practice or real")
    if event.grade is not None and event.grade not in get_args(Grade):
        raise NotRecordable("grade is self, opened, vendor or chart")
    if event.strength is not None and (event.strength not in get_args(Strength) or event.grade != "chart"):
        raise NotRecordable("strength is verified or labelled, and of chart evidence alone")
    if event.type is EventType.EVENT_DISPUTED and event.points_at is None:
        raise NotRecordable("a dispute names the event it disputes")


def _check_day_only(event: UsageEvent) -> None:
    if event.type in DAY_ONLY_TYPES and not event.day_only:
        raise NotRecordable(f"{event.type} keeps the day alone: day_only=True")
    if event.day_only and (event.context or event.grade == "chart" or event.seconds is not None):
        raise NotRecordable("an event that keeps the day alone has no context, no seconds and no chart evidence")


def _checked_context(context: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = set(context) - _CONTEXT
    if unknown:
        raise NotRecordable(f"context has unknown keys: {', '.join(sorted(map(repr, unknown)))}")
    for name in ("intent", "encounter_class"):
        _check_word(name, context.get(name))
    codes = list(context.get("task_codes") or ())
    if len(codes) > TASK_CODES_AT_MOST or not all(isinstance(c, str) and _TASK_CODE.fullmatch(c) for c in codes):
        raise NotRecordable("task_codes are not at most 20 of the form system|code")
    said = {"task_codes": codes, "intent": context.get("intent"), "encounter_class": context.get("encounter_class")}
    return {name: value for name, value in said.items() if value}
