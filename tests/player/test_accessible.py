"""Every page of the player in a real browser: axe finds nothing, nothing overflows, and it holds at 400% zoom."""

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
    *(f"tutorials/{HANDOFF}{part}" for part in ("", "/why", "/how?resumed=1", "/watch-for", "/verify", "/when-not")),
    *(
        f"tutorials/{HANDOFF}{part}"
        for part in ("/verify-card?from=how", "/finished", "/finished?said=used", "/feature")
    ),
    "no-such-page",
)
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
