"""Attack 4: the same reply twice."""

from concurrent.futures import ThreadPoolExecutor

from launch.errors import StateUnknown
from tests.launch.canned_ehr import CannedEhr
from tests.launch.launching import LaunchedApp


def test_a_reply_works_once(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    browser = launched.browser()
    reply = ehr.authorize(browser.open_from_ehr(ehr).location)
    cookies = browser.cookies
    assert browser.bring_back(reply).status_code == 200
    browser.keep(cookies)  # the browser dropped its cookie; an attacker kept it
    assert browser.bring_back(reply).status_code == 400
    assert isinstance(launched.error, StateUnknown)
    assert ehr.hits("/token") == 1
    assert len(launched.arrived) == 1


def test_of_eight_replies_at_once_one_works(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    browser = launched.browser()
    reply = ehr.authorize(browser.open_from_ehr(ehr).location)
    cookies = browser.cookies

    def send(_: int) -> int:
        double = launched.browser()
        double.keep(cookies)
        return double.bring_back(reply).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(send, range(8))) == [200, *[400] * 7]
    assert ehr.hits("/token") == 1
