"""Attack 5: A's code and state, brought to browser B."""

import pytest

from launch.errors import CrossSiteCallback, LaunchCookieMissing, LaunchCookieWrong
from tests.launch.canned_ehr import CannedEhr
from tests.launch.launching import LaunchedApp


def test_a_reply_without_the_cookie_of_its_launch_is_not_redeemed(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    reply = ehr.authorize(launched.browser().open_from_ehr(ehr).location)
    victim = launched.browser()
    victim.open_from_ehr(ehr)  # a launch of its own, and so a cookie, of another name
    assert victim.bring_back(reply).status_code == 403
    assert isinstance(launched.error, LaunchCookieMissing)
    assert ehr.hits("/token") == 0
    assert launched.arrived == []


@pytest.mark.parametrize("value", ["", "x", "00000000-guess", "{other}"])
def test_a_cookie_of_the_right_name_and_another_value_is_refused(
    launched: LaunchedApp, ehr: CannedEhr, value: str
) -> None:
    launched.register(ehr)
    attacker, victim = launched.browser(), launched.browser()
    reply = ehr.authorize(attacker.open_from_ehr(ehr).location)
    victim.open_from_ehr(ehr)
    (own,), (name,) = victim.cookies.values(), attacker.cookies
    victim.keep({name: value.replace("{other}", own)})
    assert victim.bring_back(reply).status_code == 403
    assert isinstance(launched.error, LaunchCookieWrong | LaunchCookieMissing)
    assert ehr.hits("/token") == 0


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_reply_posted_by_another_site_is_refused(launched: LaunchedApp, ehr: CannedEhr, site: str) -> None:
    launched.register(ehr)
    browser = launched.browser()
    reply = ehr.authorize(browser.open_from_ehr(ehr).location)
    assert browser.bring_back(reply, headers={"Sec-Fetch-Site": site}).status_code == 403
    assert isinstance(launched.error, CrossSiteCallback)
    assert ehr.hits("/token") == 0


def test_the_page_that_the_ehr_returns_to_redeems_nothing(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    browser = launched.browser()
    reply = ehr.authorize(browser.open_from_ehr(ehr).location)
    page = browser.client.get("/launch/callback/ehr", query_string=reply)
    assert page.status_code == 200
    assert ehr.hits("/token") == 0
    assert browser.bring_back(reply).status_code == 200
