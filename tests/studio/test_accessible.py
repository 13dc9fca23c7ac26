"""Pages of the studio in a real browser, from 768 to 1280 pixels: axe finds nothing, nothing overflows.

Those that need nothing but the visit come from the app's routes, so a new one is looked at by itself. Those of one
thing (a draft, a rollout, ...) come from an organization in which each has something to show; a new one that is not
among them makes a test fail.
"""

import io
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from playwright.sync_api import Page as BrowserPage
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.serving import make_server

from smart_app.organizations.models import EhrRegistration, LaunchReportRow
from smart_app.organizations.permissions import Permission
from tests.fhir.records import NURSE, SCT
from tests.player.looking import (
    at_400_percent,
    nameless_controls,
    names,
    what_axe_finds_in_light_and_dark,
)
from tests.plugins.app import RealApp, Visitor
from tests.plugins.browser import OpenBrowser
from tests.plugins.studio import Studio, upload
from tests.studio.filled import fill
from tests.studio.test_files import zipped

pytestmark = pytest.mark.browser
SIZES = ((768, 900), (1280, 900))
NARROW = ((320, 640), (480, 800))
"""Not for work, but nothing may be lost there (400% zoom)."""
MOST_STOPS, LOOK_EVERY = 300, 10
NOT_REACHED = """() => {
  const controls = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')];
  const reached = window.reached || new Set();
  const groups = new Set([...reached].filter(each => each.type === 'radio').map(each => each.name));
  return controls.filter(each => each.type !== 'hidden' && !each.disabled && each.tabIndex >= 0
    && each.checkVisibility({ visibilityProperty: true }) && !reached.has(each)
    && !(each.type === 'radio' && groups.has(each.name))).map(each => each.outerHTML.slice(0, 120));
}"""
"""Controls one can see that never had the focus; of radio buttons one of a group is enough."""
WATCH = """() => {
  [window.reached, window.unseen] = [new Set(), new Set()];
  addEventListener('focusin', ({ target: here }) => {
    window.reached.add(here);
    if (here.type === 'date' || here.tagName === 'IFRAME') return;  // these show the focus within themselves
    if (getComputedStyle(here).outlineStyle === 'none') window.unseen.add(here.outerHTML.slice(0, 120));
  });
}"""
"""From now on the page remembers what had the focus, and what of it did not show it."""


@pytest.fixture
def trainer(app: RealApp, studio: Studio) -> Visitor:
    """Somebody who may do everything, at an organization where something happened."""
    visitor = studio(*Permission)
    visitor.post("admin/permissions", {"by": "practitioner", "value": "prac-9", "permission": "trainer"})
    visitor.post("admin/permissions/codes", {"system": SCT, "code": NURSE, "permission": "reviewer"})
    file = FileStorage(io.BytesIO(zipped()), "library.zip")
    assert upload(visitor, "files", {"author": "Ann Author", "files": file}).status_code == 303
    with app.database.writing() as session:
        session.add(a_failed_launch(app))
        session.commit()
    visitor.filled = fill(app, visitor)  # type: ignore[attr-defined]
    return visitor


def a_failed_launch(app: RealApp) -> LaunchReportRow:
    step = {"name": "discovery", "outcome": "failed", "milliseconds": 31, "detail": "the address answers 404"}
    return LaunchReportRow(
        organization=app.organization,
        reference="7F3K-92QD",
        registration=uuid4(),
        ehr_name="Lakeside demo EHR",
        outcome="failed",
        error="DiscoveryUnreachable",
        reason="smart-configuration: 404",
        steps=[step],
        missing=["no open task: the job role alone is used"],
        started_at=datetime.now(UTC),
        milliseconds=40,
    )


@pytest.fixture
def paths(app: RealApp, trainer: Visitor) -> list[str]:
    """Every page that needs nothing but the visit, and those of one thing that this organization has."""
    plain = [
        rule.rule.replace("<uuid:visit>", str(trainer.visit))
        for rule in app.app.url_map.iter_rules()
        if rule.endpoint.startswith("studio.") and "GET" in (rule.methods or ()) and rule.arguments <= {"visit"}
    ]
    with app.database.reading() as session:
        ehr = session.scalars(select(EhrRegistration.id)).first()
    sent = re.search("files/[0-9a-f-]{36}", trainer.get("files").text)
    assert sent
    effect = f"job-roles/effect?{urlencode({'system': SCT, 'code': NURSE, 'job_role': 'medical-assistant'})}"
    more = [f"admin/ehrs/{ehr}", "admin/reports?reference=7F3K-92QD", "admin/reports?reference=AAAA-AAAA", sent[0]]
    html = [path for path in plain if "html" in trainer.get(path).content_type]
    assert len(html) >= 10
    more += [effect, *trainer.filled]  # type: ignore[attr-defined]
    there = [*html, *(trainer.home + path for path in more), f"{trainer.home}no-such-page"]
    # A page that only says what is wrong would pass all that is asked here: those that are meant to are named.
    refused = {
        path.removeprefix(trainer.home): code for path in there if (code := trainer.get(path).status_code) != 200
    }
    assert refused == {"job-roles/effect": 400, "no-such-page": 404}
    return there


@pytest.fixture
def address(app: RealApp) -> Iterator[str]:
    """The app on a free port."""
    server = make_server("localhost", 0, app.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://localhost:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(open_browser: OpenBrowser, trainer: Visitor) -> BrowserPage:
    """A window that holds the trainer's visit."""
    context = open_browser(cookies="allowed").context
    (cookie,) = trainer.cookies.items()
    held: Any = {"name": cookie[0], "value": cookie[1], "domain": "localhost", "path": "/", "secure": True}
    context.add_cookies([held])
    return context.new_page()


@pytest.fixture
def without_script(page: BrowserPage, trainer: Visitor) -> BrowserPage:
    """A window of the same browser in which no script runs, with the trainer's visit."""
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    window = context.new_page()
    window.set_content("<title>Not run</title><script>document.title = 'Run'</script>")
    assert window.title() == "Not run"
    return window


def test_every_page_is_among_those_looked_at(app: RealApp, paths: list[str]) -> None:
    routes = app.app.url_map.bind("localhost")
    seen = {routes.match(path.partition("?")[0])[0] for path in paths if "no-such" not in path}
    pages = {
        rule.endpoint
        for rule in app.app.url_map.iter_rules()
        if rule.endpoint.startswith("studio.") and "GET" in (rule.methods or ())
    }
    assert pages - seen == {"studio.draft_picture", "studio.tutorial_file"}, "these two are no pages"


def test_axe_finds_nothing_in_light_and_dark(page: BrowserPage, address: str, paths: list[str]) -> None:
    wrong = {}
    for path in paths:
        page.goto(address + path)
        if found := what_axe_finds_in_light_and_dark(page):
            wrong[path] = found
    assert wrong == {}


def test_nothing_overflows(page: BrowserPage, address: str, paths: list[str]) -> None:
    wrong = {}
    for path in paths:
        page.goto(address + path)
        for width, height in (*SIZES, *NARROW):
            page.set_viewport_size({"width": width, "height": height})
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0:
                wrong[f"{path} at {width}"] = over
    assert wrong == {}


def test_nothing_scrolls_sideways_at_400_percent(page: BrowserPage, address: str, paths: list[str]) -> None:
    """As zooming does it, with the dots of a screen; tables scroll within themselves."""
    wrong = {}
    with at_400_percent(page):
        for path in paths:
            page.goto(address + path)
            assert page.evaluate("[innerWidth, devicePixelRatio]") == [320, 4]
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0:
                wrong[path] = over
    assert wrong == {}


ONLY_BY_SCRIPT = {"Put it back", "Throw it away"}
"""Buttons of what a browser keeps: without a script it keeps nothing."""
IN_REACH = """() => [...document.querySelectorAll('main button, main a[href]')]
  .filter(each => each.checkVisibility()).map(each => each.textContent.replace(/\\s+/g, ' ').trim()).sort()"""
FORMS_THAT_LEAD_NOWHERE = """() => [...document.querySelectorAll('form')]
  .filter(form => ![...form.elements].some(each => each.type === 'submit')).map(form => form.outerHTML.slice(0, 120))"""


def test_without_script_every_page_says_the_same_and_every_form_can_be_sent(
    page: BrowserPage, address: str, paths: list[str], without_script: BrowserPage
) -> None:
    wrong: dict[str, Any] = {}
    seen: set[str] = set()
    for path in paths:
        page.goto(address + path)
        without_script.goto(address + path)
        with_it, without = (each.evaluate(IN_REACH) for each in (page, without_script))
        dead = without_script.evaluate(FORMS_THAT_LEAD_NOWHERE)
        seen |= set(without)
        if sorted(set(with_it) - ONLY_BY_SCRIPT - set(without)) or dead:
            wrong[path] = (sorted(set(with_it) - set(without)), dead)
    assert wrong == {}
    assert {"Send for review", "Save who sees this", "Find codes", "Save what I chose"} <= seen


def test_every_control_has_a_name_and_is_reached_by_tab_with_its_focus_seen(
    page: BrowserPage, address: str, paths: list[str]
) -> None:
    wrong: dict[str, Any] = {}
    for path in paths:
        page.goto(address + path)
        nameless = nameless_controls(page)
        unseen, missed = goes_by_tab(page)
        if nameless or unseen or missed:
            wrong[path] = (nameless, unseen, missed)
    assert wrong == {}


def goes_by_tab(page: BrowserPage, *, most_stops: int = MOST_STOPS) -> tuple[list[str], list[str]]:
    """Controls that do not show that they have the focus, and those that Tab does not come to."""
    page.evaluate(WATCH)
    missed = []
    for stop in range(1, most_stops + 1):
        page.keyboard.press("Tab")
        # Looking for what is left costs more than the press: at some of the stops is enough.
        if stop % LOOK_EVERY == 0 and not (missed := page.evaluate(NOT_REACHED)):
            break
    return page.evaluate("[...window.unseen]"), missed


def test_the_way_by_tab_sees_what_it_does_not_come_to_and_what_does_not_show_the_focus(page: BrowserPage) -> None:
    page.set_content("<button>One</button><button style='outline: none'>Two</button><input type=date>")
    assert goes_by_tab(page) == (['<button style="outline: none">Two</button>'], [])
    page.set_content("<button onkeydown='event.preventDefault()'>Trap</button><button>Behind it</button>")
    assert goes_by_tab(page, most_stops=LOOK_EVERY) == ([], ["<button>Behind it</button>"])


def test_the_look_for_names_sees_a_control_without_one_wherever_it_stands(page: BrowserPage) -> None:
    page.set_content(
        '<main><ul><li><p><button></button> <input aria-label="A &quot;name&quot;"></p></li></ul>'
        "<button>A: b</button></main>"
    )
    assert nameless_controls(page) == ["- button"]
    assert names(page) == {("textbox", r"A \"name\""), ("button", "A: b")}
    page.set_content('<main><section><label>Named <input></label><input value="said &quot;so&quot;"></section></main>')
    assert nameless_controls(page) == ['- textbox: said "so"']
