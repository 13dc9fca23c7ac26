"""Opening an AI feature from the EHR's frame: a new window shares no cookie with it, and one press is enough."""

import pytest
from playwright.sync_api import expect

from tests.journey.clinician import Clinician
from tests.plugins.browser import OpenBrowser
from tests.plugins.servers import PutUp, Site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(stand: PutUp) -> Site:
    """SQLite, one EHR."""
    return stand()


def at_the_end(site: Site, open_browser: OpenBrowser, *, scripts: bool = True) -> Clinician:
    clinician = Clinician(browser=open_browser(scripts=scripts), ehr=site.ehr)
    clinician.opens_the_chart()
    if not scripts:
        clinician.presses("Continue")
    clinician.sees("For you now")
    clinician.first_pick().click()
    clinician.goes_through_the_parts_to_the_end()
    return clinician


def times_opened(site: Site) -> int:
    return sum(row["type"] == "AI feature opened" for row in site.export())


def test_one_press_records_and_opens_the_feature_in_a_new_window(site: Site, open_browser: OpenBrowser) -> None:
    before = times_opened(site)
    clinician = at_the_end(site, open_browser)
    with clinician.browser.context.expect_page() as opened:
        clinician.sidebar().locator("form[data-opens] button").click()
    assert opened.value.evaluate("window.opener") is None
    clinician.sees("Finished")
    clinician.page.wait_for_timeout(500)
    assert times_opened(site) == before + 1


def test_without_script_the_link_follows_on_a_page_of_its_own(site: Site, open_browser: OpenBrowser) -> None:
    before = times_opened(site)
    clinician = at_the_end(site, open_browser, scripts=False)
    clinician.sidebar().locator("form[data-opens] button").click()
    clinician.reads("Opened never counts as used")
    with clinician.browser.context.expect_page():
        clinician.sidebar().get_by_role("link", name="Go to").click()
    expect(clinician.heading()).to_contain_text("Open ")
    assert times_opened(site) == before + 1
