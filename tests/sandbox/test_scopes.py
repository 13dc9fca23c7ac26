"""Scopes against SMART 2.2 "Scopes and Launch Context": v1, v2, trimming."""

import pytest

from launch.sandbox.scopes import allows, trim


@pytest.mark.parametrize(
    ("requested", "registered", "granted"),
    [
        ("user/Task.rs", "user/Task.rs", "user/Task.rs"),
        ("user/Task.cruds", "user/Task.rs", "user/Task.rs"),
        ("user/Task.r", "user/Task.rs", "user/Task.r"),
        ("user/*.rs", "user/Task.rs user/Person.r", "user/Task.rs user/Person.r"),
        ("user/Task.rs", "user/*.rs", "user/Task.rs"),
        ("user/Task.read", "user/Task.rs", "user/Task.read"),
        ("user/Person.read", "user/Person.r", "user/Person.r"),
        ("user/Task.write", "user/Task.rs", ""),
        ("user/Device.rs", "user/Task.rs", ""),
        ("patient/Task.rs", "patient/Task.rs", ""),
        ("user/Task.rs?status=done", "user/Task.rs?status=done", ""),
        ("openid fhirUser", "openid", "openid"),
        ("user/Task.sr", "user/Task.rs", ""),
        ("user/Task.", "user/*.cruds", ""),
    ],
)
def test_a_request_is_trimmed_to_the_registration(requested: str, registered: str, granted: str) -> None:
    assert trim(requested, registered) == granted


@pytest.mark.parametrize(
    ("granted", "resource", "action", "allowed"),
    [
        ("user/Task.rs", "Task", "r", True),
        ("user/Task.r", "Task", "s", False),
        ("user/Task.read", "Task", "s", True),
        ("user/*.read", "Task", "r", True),
        ("user/Task.write", "Task", "r", False),
        ("user/Task.rs", "Patient", "r", False),
        ("openid", "Task", "r", False),
    ],
)
def test_a_token_allows_what_its_scopes_say(granted: str, resource: str, action: str, allowed: bool) -> None:
    assert allows(granted, resource, action) is allowed
