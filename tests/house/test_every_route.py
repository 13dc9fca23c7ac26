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
    "launch.complete": "state and the browser's cookie decide",
}
"""Endpoint: why it needs no visit. All others must be below /v/<visit>/, which the visit's cookie guards."""


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> Flask:
    settings = Settings(data_dir=tmp_path, database_url=sqlite_url)
    keys.generate(settings.keys)
    return create_app(settings)


def guarded(app: Flask) -> list[Rule]:
    """Routes that a visit guards."""
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in OPEN_TO_ANYBODY]


def test_every_route_is_open_for_a_reason_or_below_a_visit(app: Flask) -> None:
    assert [rule.rule for rule in guarded(app) if not rule.rule.startswith("/v/<uuid:visit>/")] == []


def test_every_reason_belongs_to_a_route(app: Flask) -> None:
    assert set(OPEN_TO_ANYBODY) <= {rule.endpoint for rule in app.url_map.iter_rules()}


def test_without_the_visits_cookie_every_guarded_route_says_401(app: Flask) -> None:
    client = app.test_client()
    answers = {}
    for rule in guarded(app):
        values = {name: uuid4() if name == "visit" else "x" for name in rule.arguments}
        path = app.url_map.bind("localhost").build(rule.endpoint, values, method=min(rule.methods or {"GET"}))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            headers = {"Sec-Fetch-Site": "same-origin", "X-Preceptor": "1"}
            answers[f"{method} {rule.rule}"] = client.open(path, method=method, headers=headers).status_code
    assert answers
    assert {route: status for route, status in answers.items() if status != 401} == {}
