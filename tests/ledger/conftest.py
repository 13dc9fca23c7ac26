"""A key ring with real cryptography, and events to record."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from smart_app.keys import KeyRing, generate
from smart_app.ledger import EventType, UsageEvent

ORGANIZATION = UUID(int=0xA11CE)
LEARNER = UUID(int=0xBEA)


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh key file."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    generate(path)
    return path


@pytest.fixture(scope="session")
def keys(key_file: Path) -> KeyRing:
    """The app's own key ring."""
    return KeyRing.load(key_file)


def used(**changes: Any) -> UsageEvent:
    """ "I used it on this task", with `changes`."""
    said: dict[str, Any] = {
        "organization": ORGANIZATION,
        "learner": LEARNER,
        "type": EventType.AI_FEATURE_USED,
        "ehr": "lakeside",
        "job_role": "physician",
        "context": {"task_codes": ("urn:preceptor:task|reply-to-message",), "intent": "reply-to-message"},
        "object_type": "ai-feature",
        "object_id": "inbox-draft-reply",
        "object_version": "2.1",
        "quantity": 1,
        "grade": "self",
    }
    return UsageEvent(**(said | changes))


def present(**changes: Any) -> UsageEvent:
    """The learner was there on this day."""
    said: dict[str, Any] = {
        "organization": ORGANIZATION,
        "learner": LEARNER,
        "type": EventType.LEARNER_PRESENT,
        "day_only": True,
        "ehr": "lakeside",
        "job_role": "physician",
    }
    return UsageEvent(**(said | changes))
