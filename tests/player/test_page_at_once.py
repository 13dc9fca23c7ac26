"""A launch that a script posts is answered with the page itself; its address and its rights are those of the visit."""

import re

import pytest
from werkzeug.test import TestResponse

from tests.journey.clinician import Clinician
from tests.plugins.app import BASE_URL, RealApp, Visitor
from tests.plugins.browser import OpenBrowser
from tests.plugins.servers import PutUp


def launched(app: RealApp, visitor: Visitor, *, place: str = "/launch", **said: str) -> TestResponse:
    reply = app.ehr.authorize(app.begin(visitor, place).location)
    return visitor.client.post("/launch/callback/ehr", data=reply | said, base_url=BASE_URL)


def without_keys(page: str) -> str:
    """Each form has a key of its own, each visit an address; nothing else may differ."""
    page = re.sub(r' data-address="[^"]*"', "", page)
    page = re.sub(r'name="key" value="[^"]*"', "", page)
    return re.sub(r"/v/[0-9a-f-]{36}/", "/v/", page)


@pytest.fixture(params=["welcomed", "new"])
def visitor(app: RealApp, request: pytest.FixtureRequest) -> Visitor:
    """Somebody who has seen the first page, and somebody who has not."""
    visitor = app.launch()
    if request.param == "welcomed":
        assert visitor.post("welcome").status_code == 303
    return visitor


def test_the_page_is_the_one_that_its_address_gives(app: RealApp, visitor: Visitor) -> None:
    answer = launched(app, visitor, script="1")
    assert answer.status_code == 200
    (address,) = re.findall(r' data-address="(/v/[0-9a-f-]{36}/)"', answer.text)
    again = visitor.client.get(address, base_url=BASE_URL)
    assert without_keys(answer.text) == without_keys(again.text)
    assert ' data-address="' not in again.text
    for name in ("Content-Security-Policy", "Cache-Control", "Referrer-Policy", "X-Content-Type-Options"):
        assert answer.headers[name] == again.headers[name], name


def test_its_forms_are_the_visits(app: RealApp) -> None:
    visitor = app.launch()
    visitor.post("welcome")
    answer = launched(app, visitor, script="1")
    visitor.home = re.findall(r' data-address="([^"]*)"', answer.text)[0]
    (token,) = set(re.findall(r'name="form_token" value="([^"]*)"', answer.text))
    sent = visitor.post("ask", {"form_token": token}, headers={"Sec-Fetch-Site": "same-origin"})
    assert sent.status_code == 303


@pytest.mark.parametrize("said", [{}, {"continue": "1"}, {"script": ""}, {"script": "yes"}])
def test_without_a_script_a_redirect_leads_to_it(app: RealApp, said: dict[str, str]) -> None:
    answer = launched(app, app.browser(), **said)
    assert (answer.status_code, answer.location[:3]) == (303, "/v/")


def test_the_studio_is_always_led_to(app: RealApp) -> None:
    answer = launched(app, app.browser(), place="/launch/studio", script="1")
    assert (answer.status_code, answer.location[:8]) == (303, "/studio/")


@pytest.mark.browser
def test_a_reload_asks_for_the_page_and_sends_nothing_again(stand: PutUp, open_browser: OpenBrowser) -> None:
    site = stand()
    clinician = Clinician(browser=open_browser(), ehr=site.ehr)
    clinician.opens_the_chart()
    clinician.sees("For you now")
    (frame,) = (frame for frame in clinician.page.frames if "/v/" in frame.url)
    assert re.search(r"/v/[0-9a-f-]{36}/$", frame.url)
    asked: list[str] = []
    clinician.page.on("request", lambda request: asked.append(f"{request.method} {request.resource_type}"))
    frame.evaluate("location.reload()")
    clinician.page.wait_for_timeout(500)
    clinician.sees("For you now")
    assert "GET document" in asked
    assert "POST document" not in asked
