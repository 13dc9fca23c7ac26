"""Obligations: Callback."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from launch.errors import AuthorizationRefused, LaunchRequestInvalid, ReplyIncomplete, StateExpired, StateUnknown
from tests.launch.canned_ehr import CannedEhr
from tests.launch.launching import LaunchedApp, query_of


def test_the_slug_of_the_registration_names_the_callback(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Callback: the redirect URI's slug names the callback."""
    launched.register(ehr, callback="lakeside")
    browser = launched.browser()
    location = browser.open_from_ehr(ehr).location
    assert query_of(location)["redirect_uri"].endswith("/launch/callback/lakeside")
    assert browser.bring_back(ehr.authorize(location), slug="lakeside").text == "welcome"


@pytest.mark.parametrize(("minutes", "status"), [(9, 200), (11, 400)])
def test_a_sign_in_may_take_ten_minutes(launched: LaunchedApp, ehr: CannedEhr, minutes: int, status: int) -> None:
    """Callback: state expires in 10 minutes."""
    launched.register(ehr)
    browser = launched.browser()
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        reply = ehr.authorize(browser.open_from_ehr(ehr).location)
        cookies = browser.cookies
        clock.move_to(start + timedelta(minutes=minutes))
        browser.keep(cookies)  # the browser may keep it longer than it was told to
        assert browser.bring_back(reply).status_code == status
    assert (ehr.hits("/token") == 0) == (status == 400)
    if status == 400:
        assert isinstance(launched.error, StateExpired)
        assert launched.error.offers_new_window


def test_a_state_that_nobody_made_is_refused(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Callback: state picks the registration; an unknown one picks none."""
    launched.register(ehr)
    for state in ("x", "x.y", "." * 50, "x" * 5_000, "é", "x.////"):
        assert launched.browser().bring_back({"state": state, "code": "c"}).status_code == 400
        assert isinstance(launched.error, StateUnknown)
    assert ehr.seen == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("access_denied", "did not allow it"),
        ("invalid_scope", "something that was asked for"),
        ("temporarily_unavailable", "too busy"),
        ("made_up_error", "made_up_error"),
    ],
)
def test_an_error_reply_is_shown_with_its_meaning(
    launched: LaunchedApp, ehr: CannedEhr, error: str, words: str
) -> None:
    """Callback: an `error` response is shown with its meaning; `error_uri` is shown as text."""
    launched.register(ehr)
    browser = launched.browser()
    reply = ehr.authorize(browser.open_from_ehr(ehr).location)
    sent = {
        "state": reply["state"],
        "error": error,
        "error_description": "Ask Mx Example",
        "error_uri": "https://ehr.example/why",
    }
    answer = browser.bring_back(sent)
    assert answer.status_code == 403
    assert isinstance(launched.error, AuthorizationRefused)
    for text in (words, "Ask Mx Example", "https://ehr.example/why"):
        assert text in launched.error.what_happened
    # What the EHR wrote freely is shown once and kept nowhere.
    assert "Mx Example" not in repr(launched.report)
    assert ehr.hits("/token") == 0


@pytest.mark.parametrize("reply", [{}, {"state": "x"}, {"code": "x"}, {"state": "", "code": "x"}, {"error": "x"}])
def test_a_reply_that_misses_a_part_is_refused(launched: LaunchedApp, ehr: CannedEhr, reply: dict[str, str]) -> None:
    """Callback: state is always there, and a code or an error."""
    launched.register(ehr)
    browser = launched.browser()
    assert browser.bring_back(reply).status_code == 400
    assert isinstance(launched.error, ReplyIncomplete)
    assert browser.client.get("/launch/callback/ehr", query_string=reply).status_code == 400


def test_a_parameter_given_twice_is_refused(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Callback: RFC 6749 3.1, parameters must not be included more than once."""
    launched.register(ehr)
    answer = launched.browser().client.get("/launch/callback/ehr?state=a&state=b&code=c")
    assert answer.status_code == 400
    assert isinstance(launched.error, LaunchRequestInvalid)
