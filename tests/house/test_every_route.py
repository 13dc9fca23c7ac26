"""Nobody reaches a page unless it is written here who may: a new route fails until someone says so."""

from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from smart_app import keys
from smart_app.config import Settings
from smart_app.factory import create_app

OPEN_TO_ANYBODY = {
    "healthz": "whether the process lives; says nothing else",
    "readyz": "whether the database answers; says nothing else",
    "static": "style sheet and script",
    "launch.static": "the callback page's script",
    "launch.jwks": "public keys, which EHRs fetch",
    "launch.begin": "an EHR sends a browser here; the issuer must be registered",
    "launch.callback_page": "an EHR sends a browser here; redeems nothing",
    "studio.entry": "leads to visits whose cookies the browser holds, else to the EHR's sign-in",
    "launch.complete": "state and the browser's cookie decide",
}
"""Endpoint: why it needs no visit. Others are below /v/<visit>/ or /studio/<visit>/, guarded by its cookie."""


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> Flask:
    settings = Settings(data_dir=tmp_path, database_url=sqlite_url)
    keys.generate(settings.keys)
    return create_app(settings)


def guarded(app: Flask) -> list[Rule]:
    """Routes that a visit guards."""
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in OPEN_TO_ANYBODY]


def value_for(rule: Rule, name: str) -> object:
    """Something that fits the argument's converter."""
    converter = type(rule._converters[name]).__name__
    return {"UUIDConverter": uuid4(), "IntegerConverter": 1}.get(converter, "x")


def test_every_route_is_open_for_a_reason_or_below_a_visit(app: Flask) -> None:
    below_a_visit = ("/v/<uuid:visit>/", "/studio/<uuid:visit>/")
    assert [rule.rule for rule in guarded(app) if not rule.rule.startswith(below_a_visit)] == []


def test_every_route_of_the_studio_says_who_may_open_it(app: Flask) -> None:
    """Permissions, one of which is needed; or the reason why everybody with a visit may."""
    views = {name: view for name, view in app.view_functions.items() if name.startswith("studio.")}
    stated = {name: getattr(view, "policy", None) for name, view in views.items()}
    assert stated
    silent = [name for name, policy in stated.items() if not (policy and (policy.permissions or policy.reason))]
    assert silent == []


def test_only_the_studios_door_is_open_without_a_visit(app: Flask) -> None:
    open_to_anybody = [
        name
        for name, view in app.view_functions.items()
        if (policy := getattr(view, "policy", None)) and not policy.needs_visit
    ]
    assert open_to_anybody == ["studio.entry"]


def test_every_reason_belongs_to_a_route(app: Flask) -> None:
    assert set(OPEN_TO_ANYBODY) <= {rule.endpoint for rule in app.url_map.iter_rules()}


def test_without_the_visits_cookie_every_guarded_route_says_401(app: Flask) -> None:
    client = app.test_client()
    answers = {}
    for rule in guarded(app):
        values = {name: value_for(rule, name) for name in rule.arguments}
        path = app.url_map.bind("localhost").build(rule.endpoint, values, method=min(rule.methods or {"GET"}))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            headers = {"Sec-Fetch-Site": "same-origin", "X-Preceptor": "1"}
            answers[f"{method} {rule.rule}"] = client.open(path, method=method, headers=headers).status_code
    assert answers
    assert {route: status for route, status in answers.items() if status != 401} == {}
