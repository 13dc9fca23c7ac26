"""What a usage event may not say."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_app.ledger import EventType, NotRecordable, recordable_task_codes
from smart_app.ledger.event import SECONDS_AT_MOST
from tests.ledger.conftest import present, used


@pytest.mark.parametrize(
    "said",
    [
        {"context": {"patient": "123"}},
        {"context": {"task_codes": ["please call Mrs. Example about her results"]}},
        {"context": {"task_codes": [f"urn:x|{n}" for n in range(21)]}},
        {"context": {"intent": "reply to Mrs. Example"}},
        {"object_id": "inbox draft reply"},
        {"object_id": "someone@example.org"},
        {"step": "why\n"},
        {"job_role": ""},
        {"reasons": ("because you are a nurse",)},
        {"seconds": -1},
        {"seconds": True},
        {"quantity": 0},
        {"quantity": 10_001},
        {"grade": "sure"},
        {"grade": "self", "strength": "verified"},
        {"grade": "chart", "strength": "certain"},
        {"mode": "both"},
        {"occurred_at": datetime(2026, 1, 1)},  # noqa: DTZ001 (that is the point)
        {"type": EventType.EVENT_DISPUTED},
    ],
)
def test_free_text_and_what_has_no_meaning_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(NotRecordable):
        used(**said)


@pytest.mark.parametrize(
    "said", [{"day_only": False}, {"context": {"intent": "reply-to-message"}}, {"seconds": 3}, {"grade": "chart"}]
)
def test_what_keeps_the_day_alone_carries_neither_clock_nor_context(said: dict[str, Any]) -> None:
    with pytest.raises(NotRecordable):
        present(**said)


def test_seconds_are_capped() -> None:
    assert used(seconds=SECONDS_AT_MOST + 1).seconds == SECONDS_AT_MOST


def test_an_empty_context_says_nothing() -> None:
    assert used(context={"task_codes": (), "intent": None}).context == {}


@given(st.lists(st.text()))
def test_whatever_codes_an_ehr_has_those_that_are_kept_can_be_recorded(codes: list[str]) -> None:
    kept = recordable_task_codes(tuple(codes))
    assert used(context={"task_codes": kept}).context.get("task_codes", []) == list(kept)


def test_codes_of_the_usual_systems_are_kept() -> None:
    codes = ("urn:preceptor:task|reply-to-message", "http://snomed.info/sct|394777002")
    assert recordable_task_codes((*codes, "urn:x|call her back today")) == codes
