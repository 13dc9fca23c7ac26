"""The four cookie rules that a browser may have: the first two launch in the frame, the third has a way out, the
fourth says what to change."""

import re

import pytest
from playwright.sync_api import expect

from tests.journey.clinician import FIRST_PAGE, HOME, Clinician
from tests.plugins.browser import Cookies, OpenBrowser
from tests.plugins.servers import Site

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("cookies", ["allowed", "third-party blocked"])
def test_the_launch_works_in_the_frame(site: Site, open_browser: OpenBrowser, cookies: Cookies) -> None:
    clinician = Clinician(browser=open_browser(cookies=cookies), ehr=site.ehr)
    clinician.opens_the_chart()
    clinician.sees("For you now")


def test_a_browser_that_knows_no_partitioned_launches_in_a_new_window(site: Site, open_browser: OpenBrowser) -> None:
    browser = open_browser(cookies="third-party blocked", knows_partitioned=False)
    clinician = Clinician(browser=browser, ehr=site.ehr)
    clinician.opens_the_chart()
    way_out = clinician.sidebar().get_by_role("link", name=re.compile("new window", re.IGNORECASE))
    with browser.context.expect_page() as opened:
        way_out.click()
    window = opened.value
    window.get_by_role("button", name="Sign in").click()
    expect(window.get_by_role("heading", level=1)).to_have_text(re.compile(f"{FIRST_PAGE}|{HOME}"))
    if window.get_by_role("heading", level=1).inner_text() == FIRST_PAGE:
        window.get_by_role("button", name=f"Go to {HOME}").click()
    expect(window.get_by_role("heading", level=1)).to_have_text(HOME)
    expect(window.locator("main")).to_contain_text("so no task is known")


def test_the_code_is_not_redeemed_where_no_cookie_comes_back(site: Site, open_browser: OpenBrowser) -> None:
    clinician = Clinician(browser=open_browser(knows_partitioned=False), ehr=site.ehr)
    site.ehr.control("hits", {}, method="DELETE")
    clinician.opens_the_chart()
    clinician.sidebar().get_by_role("link", name=re.compile("new window", re.IGNORECASE)).wait_for()
    counts = site.ehr.control("hits", {}, method="GET")["counts"]
    assert "POST /oauth/token" not in counts


def test_with_all_cookies_blocked_the_page_says_what_to_change_and_does_not_loop(
    site: Site, open_browser: OpenBrowser
) -> None:
    browser = open_browser(cookies="all blocked")
    clinician = Clinician(browser=browser, ehr=site.ehr)
    clinician.opens_the_chart()
    way_out = clinician.sidebar().get_by_role("link", name=re.compile("new window", re.IGNORECASE))
    with browser.context.expect_page() as opened:
        way_out.click()
    window = opened.value
    window.get_by_role("button", name="Sign in").click()
    body = window.locator("main")
    expect(body).to_contain_text("localhost")
    expect(body).to_contain_text(re.compile("cookies", re.IGNORECASE))
    expect(body.locator("code").first).to_have_text(re.compile(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$"))  # the reference
    assert body.get_by_role("link", name=re.compile("new window", re.IGNORECASE)).count() == 0
