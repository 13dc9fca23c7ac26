"""Attack 16: a sibling frame of the same EHR shares our cookie partition, and posts to us."""

import re

import pytest
from sqlalchemy import func, select

from smart_app.ledger.models import UsageEventRow
from tests.plugins.app import BASE_URL, RealApp, Visitor

OTHER_PAGES = [
    {"Sec-Fetch-Site": "cross-site", "X-Preceptor": "1"},
    {"Sec-Fetch-Site": "same-site", "X-Preceptor": "1"},
    {"Sec-Fetch-Site": "none", "X-Preceptor": "1"},
    {"Sec-Fetch-Site": "cross-site", "Origin": BASE_URL, "X-Preceptor": "1"},
    {"Origin": "https://sibling.example", "X-Preceptor": "1"},
    {"Origin": "null", "X-Preceptor": "1"},
    {"Origin": BASE_URL + ".evil.example", "X-Preceptor": "1"},
    {"X-Preceptor": "1"},
]
WITHOUT_TOKEN = [
    {"Sec-Fetch-Site": "same-origin"},
    {"Origin": BASE_URL},
    {"Sec-Fetch-Site": "same-origin", "X-Preceptor": "0"},
]


def writes(app: RealApp, visitor: Visitor) -> list[tuple[str, str]]:
    """(method, path) of every write below /v/, with made-up parts where the route has variables."""
    found = []
    for rule in app.app.url_map.iter_rules():
        if rule.rule.startswith("/v/"):
            path = re.sub(r"<(?!uuid:visit)[^>]+>", "inbox-draft-reply", rule.rule)
            path = path.replace("<uuid:visit>", str(visitor.visit))
            found += [(method, path) for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"})]
    return found


def events(app: RealApp) -> int:
    with app.database.reading() as session:
        return session.scalar(select(func.count()).select_from(UsageEventRow)) or 0


@pytest.mark.parametrize("headers", OTHER_PAGES)
def test_every_write_from_another_page_is_refused(app: RealApp, headers: dict[str, str]) -> None:
    visitor = app.launch()
    before = events(app)
    for method, path in writes(app, visitor):
        answer = visitor.client.open(path, method=method, headers=headers, base_url=BASE_URL)
        assert answer.status_code == 403, path
    assert events(app) == before


@pytest.mark.parametrize("headers", WITHOUT_TOKEN)
def test_every_write_without_the_visits_token_is_refused(app: RealApp, headers: dict[str, str]) -> None:
    visitor = app.launch()
    for method, path in writes(app, visitor):
        answer = visitor.client.open(path, method=method, headers=headers, base_url=BASE_URL)
        assert answer.status_code == 403, path


def test_the_token_of_another_visit_is_refused(app: RealApp) -> None:
    app.records.add_nurse("prac-2")
    hers, his = app.launch(person="prac-1"), app.launch(person="prac-2")
    token = form_token(his)
    answer = hers.post("leave", {"form_token": token}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 403


def test_our_own_form_is_taken_with_fetch_metadata_and_with_origin_alone(app: RealApp) -> None:
    for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": BASE_URL}):
        visitor = app.launch()
        answer = visitor.post("leave", {"form_token": form_token(visitor)}, headers=headers)
        assert answer.status_code == 200


def test_a_launch_cannot_be_finished_by_a_form_of_another_site(app: RealApp) -> None:
    visitor = app.browser()
    reply = app.ehr.authorize(app.begin(visitor).location)
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = visitor.client.post("/launch/callback/ehr", data=reply, headers=headers, base_url=BASE_URL)
    assert answer.status_code in (400, 403)
    assert app.ehr.hits("/token") == 0


def form_token(visitor: Visitor) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', visitor.get().text)
    assert found
    return found[1]
