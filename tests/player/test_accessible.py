"""Every page of the player in a real browser: axe finds nothing, nothing overflows, and it holds at 400% zoom."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page as BrowserPage
from werkzeug.serving import make_server

from tests.player.conftest import HANDOFF, Arrive, House
from tests.player.reader import Reader
from tests.player.test_playing import play_to_the_end
from tests.plugins.browser import OpenBrowser

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[1] / "vendor/axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PAGES = (
    "",
    f"?hidden={HANDOFF}",
    "role",
    "what-is-recorded",
    "record",
    "tutorials",
    "settings",
    "settings?saved=1",
    *(
        f"tutorials/{HANDOFF}{part}"
        for part in ("", "/why", "/how?resumed=1", "/watch-for", "/verify", "/when-not", "/questions")
    ),
    *(
        f"tutorials/{HANDOFF}{part}"
        for part in ("/verify-card?from=how", "/finished", "/finished?said=used&about=6", "/feature")
    ),
    "no-such-page",
)
CONTROL = re.compile(r"\s*- (link|button|radio|checkbox|textbox|searchbox|spinbutton|combobox)\b")
SHEET = Path(__file__).parents[2] / "smart_app/static/preceptor.css"
TAB_STOPS = """() => {
  const radios = new Set();
  window.stops = [...document.querySelectorAll('a[href], button, input:not([type=hidden])')].filter(each => {
    if (!each.getClientRects().length) return false;
    if (each.type !== 'radio') return true;
    if (radios.has(each.name)) return false;
    radios.add(each.name);
    return true;
  });
  return window.stops.length;
}"""
"""How many controls there are; radio buttons of one question are one stop."""
FOCUS = """() => {
  const here = document.activeElement;
  const same = each => each === here || (here.type === 'radio' && each.name === here.name);
  return [window.stops.findIndex(same), getComputedStyle(here).outlineStyle !== 'none'];
}"""
SIZES = ((320, 256), (320, 800), (480, 800), (1280, 800))


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is looked at here does not depend on the database."""
    return sqlite_url


@pytest.fixture
def address(house: House) -> Iterator[str]:
    """The app on a free port."""
    server = make_server("localhost", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def reader(arrive: Arrive) -> Reader:
    """Somebody who has finished a tutorial, hidden it and opened its verify card."""
    reader = arrive()
    play_to_the_end(reader)
    reader.press(reader.open(), "Verify card")
    return reader


@pytest.fixture
def page(open_browser: OpenBrowser, reader: Reader) -> BrowserPage:
    """A window that holds the reader's visit."""
    context = open_browser(cookies="allowed").context
    (cookie,) = (reader.client._cookies or {}).values()
    held: Any = {"name": cookie.key, "value": cookie.value, "domain": "localhost", "path": "/", "secure": True}
    context.add_cookies([held])
    return context.new_page()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: BrowserPage, address: str, reader: Reader, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": 360, "height": 800})
    for path in PAGES:
        page.goto(address + reader.home + path)
        page.evaluate(AXE.read_text())
        found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
        assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found] == [], path


def test_nothing_overflows_from_320_pixels_to_a_full_page(page: BrowserPage, address: str, reader: Reader) -> None:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for path in PAGES:
            page.goto(address + reader.home + path)
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, (path, width)


def test_nothing_overflows_with_text_of_twice_the_size(page: BrowserPage, address: str, reader: Reader) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    for path in PAGES:
        page.goto(address + reader.home + path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, path


def test_every_control_has_a_name_that_a_screen_reader_says(page: BrowserPage, address: str, reader: Reader) -> None:
    for path in PAGES:
        page.goto(address + reader.home + path)
        spoken = page.locator("body").aria_snapshot()
        controls = [line.strip(" -") for line in spoken.splitlines() if CONTROL.match(line)]
        assert controls, path
        assert [line for line in controls if '"' not in line] == [], path


def test_every_control_is_reached_by_tab_in_order_and_its_focus_is_seen(
    page: BrowserPage, address: str, reader: Reader
) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    for path in PAGES:
        page.goto(address + reader.home + path)
        wanted = page.evaluate(TAB_STOPS)
        reached = []
        for _ in range(wanted):
            page.keyboard.press("Tab")
            at, outlined = page.evaluate(FOCUS)
            assert outlined, (path, at)
            reached.append(at)
        assert reached == list(range(wanted)), path


def test_in_forced_colours_the_step_and_the_buttons_can_still_be_told(
    page: BrowserPage, address: str, reader: Reader
) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(f"{address}{reader.home}tutorials/{HANDOFF}/how")
    grounds = page.evaluate(
        """() => ['.bar .grow .button', '.bar a.button.second'].map(
          what => getComputedStyle(document.querySelector(what)).backgroundColor)"""
    )
    assert grounds[0] != grounds[1]
    marks = page.evaluate(
        """() => [...document.querySelectorAll('.steps a')].map(
          link => getComputedStyle(link, '::before').backgroundColor)"""
    )
    assert len(set(marks)) >= 3, "done, here and to come"


def test_nothing_moves_where_the_reader_wants_no_motion(page: BrowserPage, address: str, reader: Reader) -> None:
    page.emulate_media(reduced_motion="reduce")
    for path in PAGES:
        page.goto(address + reader.home + path)
        moving = page.evaluate(
            """() => [...document.querySelectorAll('*')].filter(e => {
              const style = getComputedStyle(e);
              return parseFloat(style.transitionDuration) > 0 || style.animationName !== 'none';
            }).length"""
        )
        assert moving == 0, path


def test_the_readers_own_colours_go_before_the_workstations(page: BrowserPage, address: str, reader: Reader) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}{reader.home}settings")
    page.get_by_role("radio", name="Dark Easier at night.").check()
    page.get_by_role("button", name="Save my colours").click()
    page.get_by_role("status").wait_for()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 28, 29)"
    page.evaluate(AXE.read_text())
    assert page.evaluate("rules => axe.run(document, rules)", RULES)["violations"] == []
    page.get_by_role("radio", name="Light", exact=True).check()
    page.get_by_role("button", name="Save my colours").click()
    page.wait_for_load_state()
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(253, 252, 250)"


def test_the_verify_card_prints_as_a_card_and_nothing_else(page: BrowserPage, address: str, reader: Reader) -> None:
    page.goto(f"{address}{reader.home}tutorials/{HANDOFF}/verify-card")
    assert page.get_by_role("button", name="Print this card").is_visible()
    page.emulate_media(media="print")
    assert page.locator("button:visible, a:visible, header:visible, footer:visible").count() == 0
    assert page.locator(".checks > li:visible").count() == 3
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_the_dark_colours_are_written_the_same_twice() -> None:
    blocks = re.findall(r"(?:dark\) \{\n  :root|:root\[data-colours=dark\]) \{(.*?)\}", SHEET.read_text(), re.DOTALL)
    assert len(blocks) == 2
    assert " ".join(blocks[0].split()) == " ".join(blocks[1].split())


def test_targets_are_at_least_24_pixels(page: BrowserPage, address: str, reader: Reader) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    for path in PAGES:
        page.goto(address + reader.home + path)
        small = page.evaluate(
            """() => [...document.querySelectorAll('button, main nav a, .foot a, .bar a')]
              .filter(e => e.getClientRects().length && !e.classList.contains('skip'))
              .filter(e => e.getBoundingClientRect().height < 24).map(e => e.textContent.trim())"""
        )
        assert small == [], path


def test_the_policy_of_the_page_is_never_broken(page: BrowserPage, address: str, reader: Reader) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    for path in PAGES[:-1]:
        page.goto(address + reader.home + path)
    assert said == []


def test_single_keys_can_be_turned_off(page: BrowserPage, address: str, reader: Reader) -> None:
    page.goto(address + reader.home)
    page.keyboard.press("v")
    page.get_by_text("Verify before you rely on it").wait_for()
    page.get_by_role("button", name="Turn single keys off").click()
    page.get_by_role("button", name="Turn single keys on").wait_for()
    page.goto(address + reader.home)
    page.keyboard.press("v")
    page.wait_for_timeout(500)
    assert page.title() == "For you now - Preceptor"
    assert page.locator("kbd").count() == 0


def test_two_clicks_send_once(page: BrowserPage, address: str, reader: Reader, house: House) -> None:
    page.goto(f"{address}{reader.home}tutorials/{HANDOFF}/finished")
    page.get_by_role("button", name="I used it on this task").dblclick()
    page.get_by_text("on your word").wait_for()
    assert house.told().count("AI feature used") == 1


def test_the_seconds_on_a_step_are_those_it_could_be_seen(
    page: BrowserPage, address: str, reader: Reader, house: House
) -> None:
    page.goto(f"{address}{reader.home}tutorials/{HANDOFF}/how")
    page.wait_for_timeout(1600)
    page.get_by_role("button", name="Next: Watch for").click()
    page.get_by_role("heading", level=1, name="Watch for").wait_for()
    seconds = house.events()[-1].seconds
    assert seconds is not None
    assert 1 <= seconds <= 20


def test_static_files_are_kept_by_browsers_and_change_their_address_with_their_content(reader: Reader) -> None:
    answer = reader.client.get(reader.home)
    address = answer.text.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    assert "?v=" in address
    assert reader.client.get(address, buffered=True).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "immutable" not in reader.client.get(address[:-1] + "0", buffered=True).headers.get("Cache-Control", "")
