"""What single pages do for their readers in a real browser; what all of them do is in test_every_page.py."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page as BrowserPage
from werkzeug.serving import make_server

from tests.player import looking
from tests.player.conftest import HANDOFF, Arrive, House
from tests.player.reader import Reader
from tests.player.test_playing import play_to_the_end
from tests.plugins.browser import OpenBrowser

pytestmark = pytest.mark.browser
SHEET = Path(__file__).parents[2] / "smart_app/static/preceptor.css"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is looked at here does not depend on the database."""
    return sqlite_url


@pytest.fixture
def address(house: House) -> Iterator[str]:
    """The app on a free port."""
    server = make_server("localhost", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
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


@pytest.mark.parametrize("path", ["", f"tutorials/{HANDOFF}/verify-card", f"tutorials/{HANDOFF}/finished"])
def test_in_forced_colours_every_control_is_told_from_the_text_and_the_focus_is_seen(
    page: BrowserPage, address: str, reader: Reader, path: str
) -> None:
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    page.goto(f"{address}{reader.home}{path}")
    flat = page.locator("main button:visible, main a:visible").evaluate_all(
        """all => all.filter(each => {
          const style = getComputedStyle(each), ground = getComputedStyle(document.body).backgroundColor;
          const edge = parseFloat(style.borderTopWidth) > 0 && style.borderTopColor !== ground;
          const filled = ![ground, 'rgba(0, 0, 0, 0)'].includes(style.backgroundColor);
          return !edge && !filled && style.textDecorationLine === 'none';
        }).map(each => each.textContent.trim())"""
    )
    assert flat == []
    _, wanted, unseen, _ = looking.goes_through_by_tab(page)
    assert wanted
    assert unseen == []
    assert looking.what_axe_finds(page) == []


def test_the_readers_own_colours_go_before_the_workstations(page: BrowserPage, address: str, reader: Reader) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}{reader.home}settings")
    page.get_by_role("radio", name="Dark Easier at night.").check()
    page.get_by_role("button", name="Save my colours").click()
    page.get_by_role("status").wait_for()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 28, 29)"
    assert looking.what_axe_finds(page) == []
    page.get_by_role("radio", name="Light", exact=True).check()
    with page.expect_navigation():
        page.get_by_role("button", name="Save my colours").click()
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(253, 252, 250)"


def test_the_verify_card_prints_as_a_card_and_nothing_else(page: BrowserPage, address: str, reader: Reader) -> None:
    page.goto(f"{address}{reader.home}tutorials/{HANDOFF}/verify-card")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator("button:visible, a:visible, header:visible, footer:visible").count() == 0
    assert page.locator("h1:visible").inner_text()
    assert page.locator(".checks > li:visible").count() == 3
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    inks = page.locator("h1, .checks > li").evaluate_all("all => all.map(each => getComputedStyle(each).color)")
    assert all(sum(map(int, re.findall(r"\d+", ink)[:3])) < 200 for ink in inks), "dark ink on paper"
    assert looking.what_axe_finds(page) == []


def test_the_verify_card_is_printed_by_keyboard(page: BrowserPage, address: str, reader: Reader) -> None:
    page.goto(f"{address}{reader.home}tutorials/{HANDOFF}/verify-card")
    page.evaluate("window.print = () => { window.printed = true; }")
    page.get_by_role("button", name="Print this card").press("Enter")
    assert page.evaluate("window.printed") is True


def test_the_dark_colours_are_written_the_same_twice() -> None:
    blocks = re.findall(r"(?:dark\) \{\n  :root|:root\[data-colours=dark\]) \{(.*?)\}", SHEET.read_text(), re.DOTALL)
    assert len(blocks) == 2
    assert " ".join(blocks[0].split()) == " ".join(blocks[1].split())


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
    assert "immutable" not in reader.client.get(address[:-1] + "x", buffered=True).headers.get("Cache-Control", "")
