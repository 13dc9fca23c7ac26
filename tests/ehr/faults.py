"""The faults of the table in docs/ehr: what is put in the way of every read of a launch, and of one search alone."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

TOMORROW = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)

FAULTS: Mapping[str, Mapping[str, Any]] = {
    "none": {},
    "slow: 10 seconds": {"kind": "slow", "seconds": 10},
    "401": {"kind": "status", "status": 401},
    "403": {"kind": "status", "status": 403},
    "429, once, one second": {"kind": "status", "status": 429, "times": 1, "headers": {"Retry-After": "1"}},
    "429, Retry-After in seconds": {"kind": "status", "status": 429, "headers": {"Retry-After": "30"}},
    "429, Retry-After as a date": {"kind": "status", "status": 429, "headers": {"Retry-After": TOMORROW}},
    "429, Retry-After absurd": {"kind": "status", "status": 429, "headers": {"Retry-After": "1000000000"}},
    "500": {"kind": "status", "status": 500},
    "truncated JSON": {"kind": "truncated"},
    "connection cut off": {"kind": "cut off"},
    "wrong resource type": {"kind": "wrong type"},
    "HTML instead of JSON": {"kind": "html"},
    "expired token": {"kind": "expired token"},
    "20,000 entries": {"kind": "many entries"},
    "one broken entry": {"kind": "broken entry"},
}

OF_ONE_SEARCH: Mapping[str, Mapping[str, Any]] = {
    "500, search for Task alone": {"path": "/fhir/Task", "kind": "status", "status": 500},
    "500, search for PractitionerRole alone": {"path": "/fhir/PractitionerRole", "kind": "status", "status": 500},
}
"""Everything else answers, a Task that the launch names too."""
