"""The chart page: what it shows, what it launches, and in a browser that blocks third-party cookies."""

import re
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from launch.sandbox.ehr import SandboxEhr
from launch.sandbox.server import running_sandbox
from tests.plugins.browser import OpenBrowser
from tests.sandbox.conftest import registered, resources

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B


class Parsed(HTMLParser):
    """Frames and chosen options of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.frames: list[str] = []
        self.chosen: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "iframe":
            self.frames.append(said["src"] or "")
        if tag == "option" and "selected" in said:
            self.chosen.append(said.get("value") or "")


def chart(ehr: SandboxEhr, **state: str) -> requests.Response:
    """The chart page."""
    answer = requests.get(ehr.base_url + "/", params=state, timeout=5)
    assert answer.status_code == 200
    return answer


def launched(ehr: SandboxEhr, html: str) -> list[dict[str, object]]:
    """What each frame of the page launches the app with."""
    tokens = [parse_qs(urlsplit(frame).query)["launch"][0] for frame in Parsed(html).frames]
    found = [ehr.memory.find_launch(token) for token in tokens]
    return [
        {name: getattr(one, name) for name in ("person", "patient", "task", "encounter", "intent")}
        for one in found
        if one is not None
    ]


def test_the_first_person_is_at_work_on_the_first_task(ehr: SandboxEhr) -> None:
    page = chart(ehr).text
    assert "Ada Sample" in page
    assert "Pia Made-Up" in page
    assert "MRN-1" in page
    assert "Sandbox EHR: synthetic people" in page
    assert launched(ehr, page) == [
        {"person": "Practitioner/ada", "patient": "Patient/p1", "task": "Task/t1", "encounter": None, "intent": None}
    ]


def test_tasks_of_a_persons_roles_are_in_the_list_and_finished_ones_are_not(ehr: SandboxEhr) -> None:
    page = chart(ehr, person="Practitioner/ada").text
    assert "Task/t2" in page
    assert "Task/t3" not in page


def test_a_task_brings_its_patient_and_encounter(ehr: SandboxEhr) -> None:
    page = chart(ehr, open="Task/t2", intent="reply-to-message").text
    assert launched(ehr, page) == [
        {
            "person": "Practitioner/ada",
            "patient": "Patient/p1",
            "task": "Task/t2",
            "encounter": "Encounter/e1",
            "intent": "reply-to-message",
        }
    ]


@pytest.mark.parametrize(
    ("opened", "encounter"), [("Patient/p1", None), ("Encounter/e1", "Encounter/e1")], ids=["patient", "visit"]
)
def test_a_chart_without_a_task_launches_without_one(ehr: SandboxEhr, opened: str, encounter: str | None) -> None:
    assert launched(ehr, chart(ehr, open=opened).text) == [
        {"person": "Practitioner/ada", "patient": "Patient/p1", "task": None, "encounter": encounter, "intent": None}
    ]


def test_somebody_without_work_has_no_patient_open(ehr: SandboxEhr) -> None:
    page = chart(ehr, person="Practitioner/ben").text
    assert "No patient open" in page
    assert launched(ehr, page)[0]["patient"] is None


def test_a_switch_of_person_closes_the_chart(ehr: SandboxEhr) -> None:
    page = chart(ehr, person="Practitioner/ben", was="Practitioner/ada", open="Task/t1").text
    assert launched(ehr, page)[0]["task"] is None


def test_two_charts_launch_two_frames(ehr: SandboxEhr) -> None:
    page = chart(ehr, open="Task/t1", beside="Encounter/e1").text
    assert [one["task"] for one in launched(ehr, page)] == ["Task/t1", None]


@pytest.mark.parametrize("opened", ["Task/made-up", "Practitioner/ada", "Task", "../oauth/jwks", "Task/t1/_history/1"])
def test_what_is_no_chart_opens_nothing_else(ehr: SandboxEhr, opened: str) -> None:
    assert launched(ehr, chart(ehr, open=opened).text)[0]["task"] == "Task/t1"


def test_the_place_is_in_the_launch_url(ehr: SandboxEhr) -> None:
    assert urlsplit(Parsed(chart(ehr, placement="inbox").text).frames[0]).path == "/launch/inbox"
    assert urlsplit(Parsed(chart(ehr, placement="../x").text).frames[0]).path == "/launch"


def test_the_switch_shows_what_is_chosen(ehr: SandboxEhr) -> None:
    state = {"person": "Practitioner/ada", "open": "Task/t2", "intent": "reply-to-message"}
    assert Parsed(chart(ehr, **state).text).chosen == ["Practitioner/ada", "Task/t2", "reply-to-message", "public"]


def test_names_are_text_and_never_markup(ehr: SandboxEhr) -> None:
    source = ehr.source.read("Patient", "p1")
    source["name"] = [{"text": "<script>alert(1)</script>"}]
    page = chart(ehr).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_page_frames_the_app_only_and_sets_no_cookie(ehr: SandboxEhr) -> None:
    headers = chart(ehr).headers
    assert "frame-src 'self' http://localhost:8000;" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "strict-origin"
    assert "Set-Cookie" not in headers


def test_an_ehr_without_people_says_what_is_missing() -> None:
    with running_sandbox(resources=[], clients=[]) as ehr:
        assert "No FHIR resources with staff." in chart(ehr).text


@pytest.fixture
def framed_ehr() -> Iterator[SandboxEhr]:
    """A sandbox with an app of a few lines on another site; the app shows whether it came back with a code."""
    served = Flask("app")

    @served.get("/launch")
    def start() -> ResponseReturnValue:
        base = request.args["iss"]
        asked = {
            "response_type": "code",
            "client_id": "stub",
            "redirect_uri": f"{request.host_url}back",
            "scope": "launch openid user/Task.rs" if "launch" in request.args else "openid user/Task.rs",
            "state": "s",
            "aud": base,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **({"launch": request.args["launch"]} if "launch" in request.args else {}),
        }
        return redirect(f"{base.removesuffix('/fhir')}/oauth/authorize?{urlencode(asked)}")

    @served.get("/back")
    def back() -> str:
        return f"<p>{'signed in' if request.args.get('code') else 'refused'}</p>"

    server = make_server("127.0.0.1", 0, served, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    origin = f"http://localhost:{server.port}"
    client = registered("stub", "public", redirect_uris=[f"{origin}/back"], launch_url=f"{origin}/launch")
    with running_sandbox(resources=resources(), clients=[client]) as ehr:
        yield ehr
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page(open_browser: OpenBrowser, framed_ehr: SandboxEhr) -> Page:
    """The chart in a Chromium that blocks third-party cookies."""
    opened = open_browser(cookies="third-party blocked").context.new_page()
    opened.goto(f"{framed_ehr.base_url}/")
    return opened


@pytest.mark.browser
def test_the_app_signs_in_inside_the_sidebar_without_cookies(page: Page) -> None:
    expect(page.frame_locator("iframe").get_by_text("signed in")).to_be_visible()
    box = page.locator("iframe").bounding_box()
    assert box is not None
    assert 360 <= box["width"] <= 420
    assert page.context.cookies() == []


@pytest.mark.browser
def test_the_switch_works_by_keyboard(page: Page) -> None:
    page.get_by_label("Person", exact=True).focus()
    page.keyboard.type("Ben")
    page.get_by_role("button", name="Open chart").press("Enter")
    expect(page.get_by_role("heading", name="No patient open")).to_be_visible()
    expect(page.frame_locator("iframe").get_by_text("signed in")).to_be_visible()


@pytest.mark.browser
def test_two_open_charts_each_keep_their_own_app(page: Page) -> None:
    page.get_by_role("link", name=re.compile("second tab")).first.click()
    for number in (1, 2):
        expect(page.frame_locator(f"iframe[name=app-{number}]").get_by_text("signed in")).to_be_attached()
    expect(page.locator("#panel-2")).to_be_hidden()
    behind = page.locator("iframe[name=app-2]").bounding_box()
    assert behind, "a frame without a box may stay blank once its tab is shown"
    page.locator("#tab-1").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#panel-2")).to_be_visible()
    expect(page.locator("#panel-1")).to_be_hidden()
    assert page.locator("iframe[name=app-2]").bounding_box() == behind


@pytest.mark.browser
def test_the_app_opens_in_a_window_of_its_own_after_a_sign_in(page: Page) -> None:
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open in own window").click()
    window = opened.value
    window.get_by_role("button", name="Sign in").click()
    expect(window.get_by_text("signed in")).to_be_visible()
