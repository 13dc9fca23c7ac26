"""Every page of the player, reached by keyboard alone, is for everyone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.player import looking
from tests.player.browsing import ByKeyboard, ByPointer
from tests.player.every_page import EVERY_PAGE, Place
from tests.player.ward import Ward, opened_ward, refused_by_policy
from tests.plugins.browser import HOW_TO_GET_IT, find_chromium, running_browser

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
PARTS_OF_PAGES = {"acts.html", "side.html"}
NARROW = {"width": 320, "height": 800}
Temporary = pytest.TempPathFactory


@pytest.fixture(scope="module")
def ward(sqlite_template: Path, tmp_path_factory: Temporary, keys: Path) -> Iterator[Ward]:
    with opened_ward(sqlite_template, tmp_path_factory.mktemp("ward"), keys) as ward:
        yield ward


@pytest.fixture(scope="module")
def by_keyboard(playwright: Playwright, ward: Ward, tmp_path_factory: Temporary) -> Iterator[ByKeyboard]:
    with opened_window(playwright, tmp_path_factory.mktemp("keyboard"), scripts=True) as page:
        yield ByKeyboard(page, ward.address)


@pytest.fixture(scope="module")
def without_script(playwright: Playwright, ward: Ward, tmp_path_factory: Temporary) -> Iterator[ByPointer]:
    with opened_window(playwright, tmp_path_factory.mktemp("no-script"), scripts=False) as page:
        yield ByPointer(page, ward.address)


@contextmanager
def opened_window(playwright: Playwright, folder: Path, *, scripts: bool) -> Iterator[Page]:
    if find_chromium() is None:
        pytest.skip(HOW_TO_GET_IT)
    with running_browser(playwright, folder, cookies="allowed", scripts=scripts) as browser:
        page = browser.context.new_page()
        page.set_viewport_size(NARROW)
        yield page


@pytest.fixture(scope="module", params=EVERY_PAGE, ids=lambda place: place.name)
def place(request: pytest.FixtureRequest) -> Place:
    here: Place = request.param
    return here


@pytest.fixture(scope="module")
def broken_policy() -> list[str]:
    return []


@pytest.fixture(scope="module")
def person(place: Place, ward: Ward, by_keyboard: ByKeyboard, broken_policy: list[str]) -> Iterator[ByKeyboard]:
    """Somebody who went to the page with Tab, Enter, Space and arrow keys."""
    broken_policy.clear()

    def listen(message: object) -> None:
        if refused_by_policy(message):
            broken_policy.append(message.text)

    by_keyboard.page.on("console", listen)
    ward.leads(by_keyboard, place, by="keyboard")
    yield by_keyboard
    by_keyboard.page.remove_listener("console", listen)


@pytest.fixture
def page(person: ByKeyboard) -> Page:
    """The page as it came, 320 pixels wide."""
    person.page.set_viewport_size(NARROW)
    return person.page


def test_it_is_reached_by_keyboard_alone(page: Page, place: Place, ward: Ward) -> None:
    assert ward.rendered[-1] == place.template
    expect(page.locator("h1")).to_have_text(re.compile(f"^{re.escape(place.heading)}"))


def test_axe_finds_nothing_in_light_and_in_dark(page: Page) -> None:
    assert looking.what_axe_finds_in_light_and_dark(page) == {}


def test_nothing_scrolls_sideways_from_320_pixels_to_a_full_page(page: Page) -> None:
    for width in (320, 480, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert looking.what_scrolls_sideways(page) == [], width


def test_nothing_scrolls_sideways_at_400_percent(page: Page) -> None:
    with looking.at_400_percent(page):
        assert page.evaluate("[innerWidth, devicePixelRatio]") == [320, 4]
        assert looking.what_scrolls_sideways(page) == []


def test_nothing_scrolls_sideways_with_text_of_twice_the_size(page: Page) -> None:
    before = page.locator("h1").first.evaluate("h1 => parseFloat(getComputedStyle(h1).fontSize)")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    try:
        now = page.locator("h1").first.evaluate("h1 => parseFloat(getComputedStyle(h1).fontSize)")
        assert now == pytest.approx(2 * before)
        assert looking.what_scrolls_sideways(page) == []
    finally:
        page.evaluate("document.documentElement.style.fontSize = ''")


def test_a_screen_reader_has_a_name_for_every_control(page: Page) -> None:
    assert looking.controls(page), "there is the link to the content at least"
    assert looking.nameless_controls(page) == []


def test_no_two_controls_have_one_name_and_different_ends(page: Page) -> None:
    assert looking.same_words_for_different_ends(page) == []


def test_tab_goes_through_all_controls_in_order_and_each_can_be_seen_even_at_400_percent(page: Page) -> None:
    with looking.at_400_percent(page):
        reached, wanted, unseen, covered = looking.goes_through_by_tab(page)
    assert reached == list(range(wanted))
    assert unseen == []
    assert covered == []


def test_a_page_of_a_visit_says_that_it_shows_nothing_about_a_patient(page: Page) -> None:
    """The EHR may ask for a patient banner (need_patient_banner): there is no patient to name."""
    if page.get_by_role("button", name="Not you?").count():
        expect(page.locator("body")).to_contain_text("Nothing about a patient")


def test_targets_are_at_least_24_pixels(page: Page) -> None:
    assert looking.what_is_small(page) == []


def test_nothing_moves_where_the_reader_wants_no_motion(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    assert looking.what_moves(page) == []


def test_the_pages_own_policy_is_not_broken(page: Page, broken_policy: list[str]) -> None:
    assert broken_policy == []


def test_without_script_the_same_way_leads_to_the_same_page(
    page: Page, place: Place, ward: Ward, without_script: ByPointer
) -> None:
    ward.leads(without_script, place, by="pointer")
    assert ward.rendered[-1] == place.template
    assert without_script.page.locator("h1").inner_text() == page.locator("h1").inner_text()
    for_script_only = {name for _, name in looking.names(page)} - {
        name for _, name in looking.names(without_script.page)
    }
    assert for_script_only == set(place.needs_script)


def test_no_page_is_missing_here() -> None:
    ours = {path.name for path in (ROOT / "smart_app/templates").glob("*.html")} - PARTS_OF_PAGES
    launch = {f"launch/{path.name}" for path in (ROOT / "launch/templates/launch").glob("*.html")}
    assert {place.template for place in EVERY_PAGE} == ours | launch


A_BAD_PAGE = """<!doctype html><html lang=en><head><title>Bad</title><style>
  button { outline: none !important; height: 12px; padding: 0; transition: height 0s, width 1s }
  .thin { height: 30px; width: 20px; overflow: hidden }
  footer { position: fixed; inset: 0 }
</style></head><body><main><h1>Bad</h1><div style="width: 400px">Wide</div><button></button>
<button aria-label="Open: one's &quot;own&quot; list">Open</button>
<button class=thin>Thin</button><a href="/a">Go</a> <p>In text: <a href="/b">Go</a>.</p></main>
<footer style="background: white"></footer></body></html>"""


def test_what_is_looked_for_is_found_on_a_page_that_has_it(by_keyboard: ByKeyboard) -> None:
    page = by_keyboard.page
    page.goto("about:blank")  # no policy of ours, so that its style counts
    page.set_content(A_BAD_PAGE)
    page.set_viewport_size(NARROW)
    page.emulate_media(reduced_motion="reduce")
    assert [rule for rule, _ in looking.what_axe_finds(page)]
    assert looking.what_scrolls_sideways(page)
    assert looking.nameless_controls(page) == ["- button"]
    assert ("button", """Open: one's \\"own\\" list""") in looking.names(page)
    assert looking.same_words_for_different_ends(page) == ["A Go"]
    _, wanted, unseen, covered = looking.goes_through_by_tab(page)
    assert (wanted, len(unseen), len(covered)) == (5, 3, 5)
    assert looking.what_is_small(page) == ["", "Open", "Thin", "Go"]
    assert len(looking.what_moves(page)) == 3
