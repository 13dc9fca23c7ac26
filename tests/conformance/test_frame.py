"""Obligations: the frame."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import g

from launch.errors import CookiesBlocked, LaunchCookieMissing
from tests.launch.canned_ehr import CannedEhr
from tests.launch.launching import BASE_URL, LaunchedApp, query_of


@pytest.fixture
def ancestors(launched: LaunchedApp) -> list[tuple[str, ...]]:
    """What `g.frame_ancestors` was, request by request."""
    seen: list[tuple[str, ...]] = []
    launched.app.teardown_request(lambda _: seen.append(g.frame_ancestors))
    return seen


def test_the_launch_cookie_works_in_a_frame_and_nowhere_else(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Frame 1: Secure; HttpOnly; Path=/; SameSite=None; Partitioned, named after the state."""
    launched.register(ehr)
    header = launched.browser().open_from_ehr(ehr).headers["Set-Cookie"]
    name, _, rest = header.partition("=")
    assert re.fullmatch(r"__Host-launch-[0-9a-f]{16}", name)
    attributes = {one.strip() for one in rest.split(";")[1:]}
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned", "Max-Age=600"} <= attributes
    assert not any(one.startswith("Domain") for one in attributes)


def test_only_hashes_are_kept_on_the_server(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Frame 1: a server-side transaction, bound to the browser; nothing secret at rest."""
    launched.register(ehr)
    browser = launched.browser()
    sent = query_of(browser.open_from_ehr(ehr).location)
    (secret,) = browser.cookies.values()
    kept = repr(launched.stores.transactions.rows)
    assert not any(value in kept for value in (sent["state"], sent["nonce"], sent["code_challenge"], secret))


def test_two_charts_and_two_ehrs_at_once_do_not_disturb_each_other(
    launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr
) -> None:
    """Frame 1: several launches at once do not disturb each other."""
    launched.register(ehr, callback="one")
    launched.register(other_host, callback="two")
    browser = launched.browser()
    first = ehr.authorize(browser.open_from_ehr(ehr).location)
    second = ehr.authorize(browser.open_from_ehr(ehr).location)
    third = other_host.authorize(browser.open_from_ehr(other_host).location)
    ehr.token_parameters["encounter"] = "enc-second"
    assert browser.bring_back(second, slug="one").text == "welcome"
    other_host.token_parameters["encounter"] = "enc-third"
    assert browser.bring_back(third, slug="two").text == "welcome"
    ehr.token_parameters["encounter"] = "enc-first"
    assert browser.bring_back(first, slug="one").text == "welcome"
    assert [one.encounter for one in launched.arrived] == ["enc-second", "enc-third", "enc-first"]
    assert [one.registration.id for one in launched.arrived] == ["ehr-0", "ehr-1", "ehr-0"]
    assert browser.cookies == {}


def test_launches_that_were_left_do_not_fill_the_cookie_jar(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Frame 1: a frame's cookies share about 10 kB; the oldest launch cookies go."""
    launched.register(ehr)
    browser = launched.browser()
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        for _ in range(20):
            clock.shift(timedelta(seconds=1))
            location = browser.open_from_ehr(ehr).location
    assert len(browser.cookies) <= 12
    assert browser.bring_back(ehr.authorize(location)).text == "welcome"


def test_the_callback_page_posts_what_came_back(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Frame 2: the callback page (no-store, no-referrer) strips the query and POSTs; without script: *Continue*."""
    launched.register(ehr)
    browser = launched.browser()
    reply = ehr.authorize(browser.open_from_ehr(ehr).location)
    page = browser.client.get("/launch/callback/ehr", query_string=reply, base_url=BASE_URL)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert '<form id="reply" method="post" action="/launch/callback/ehr"' in page.text
    assert ">Continue</button>" in page.text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    assert fields == reply
    with browser.client.get("/launch/static/callback.js") as script:
        assert b"replaceState" in script.data
    assert "<script>" not in page.text
    assert browser.bring_back(fields).text == "welcome"


def test_what_came_back_cannot_write_into_the_page(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Frame 2: code and state are a stranger's text."""
    launched.register(ehr)
    evil = '"><script>alert(1)</script>'
    query = {"state": evil, "code": evil, "error_description": evil}
    page = launched.browser().client.get("/launch/callback/ehr", query_string=query)
    assert "<script>alert" not in page.text


def test_without_a_cookie_nothing_is_redeemed_and_a_new_window_is_offered(
    launched: LaunchedApp, ehr: CannedEhr
) -> None:
    """Frame 2: no cookie -> fail closed, code not redeemed, and a page with "open in a new window"."""
    launched.register(ehr)
    browser = launched.browser()
    begun = browser.open_from_ehr(ehr, place="/launch/inbox")
    reply = ehr.authorize(begun.location)
    assert launched.browser().bring_back(reply).status_code == 403
    assert ehr.hits("/token") == 0
    error = launched.error
    assert isinstance(error, LaunchCookieMissing)
    assert error.offers_new_window
    assert error.new_window_url is not None
    assert error.new_window_url.startswith(f"{BASE_URL}/launch/inbox?iss=")


def test_the_new_window_is_a_standalone_launch_that_arrives(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Frame 2: a standalone launch, first-party cookies: browsers that know no `Partitioned`."""
    launched.register(ehr)
    reply = ehr.authorize(launched.browser().open_from_ehr(ehr).location)
    launched.browser().bring_back(reply)
    window = launched.browser()
    begun = window.client.get(launched.error.new_window_url or "", base_url=BASE_URL)
    assert "launch" not in query_of(begun.location)
    assert window.bring_back(ehr.authorize(begun.location)).text == "welcome"
    assert launched.context.standalone is True


def test_where_the_new_window_keeps_no_cookie_either_the_page_says_what_to_change(
    launched: LaunchedApp, ehr: CannedEhr
) -> None:
    """Frame 2: cookies blocked there too -> a page that names the host and the setting, with a reference; no loop."""
    launched.register(ehr)
    begun = launched.browser().open_from_ehr(ehr, launch=None, way_out="1")
    answer = launched.browser().bring_back(ehr.authorize(begun.location))
    assert answer.status_code == 403
    assert isinstance(launched.error, CookiesBlocked)
    assert not launched.error.offers_new_window
    assert "localhost" in launched.error.what_happened
    assert any("Settings" in line and "localhost" in line for line in launched.error.what_to_do)
    assert launched.report.reference in answer.text


def test_only_the_launching_ehr_may_frame_what_is_shown(
    launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr, ancestors: list[tuple[str, ...]]
) -> None:
    """Frame 5: frame-ancestors: the launching registration's EHR origins only, error pages included."""
    launched.register(ehr)
    launched.register(other_host)
    browser = launched.browser()
    reply = ehr.authorize(browser.open_from_ehr(ehr).location)
    browser.client.get("/launch/callback/ehr", query_string=reply, base_url=BASE_URL)
    browser.bring_back(reply)
    browser.bring_back(reply)  # a second time: an error page
    assert ancestors[1:] == [(ehr.origin,)] * 3


def test_nobody_may_frame_the_page_of_an_unknown_issuer(
    launched: LaunchedApp, ehr: CannedEhr, ancestors: list[tuple[str, ...]]
) -> None:
    """Frame 5: `'none'` for an unknown `iss`."""
    launched.register(ehr)
    launched.browser().open_from_ehr(ehr, iss="https://unknown.example/fhir")
    launched.browser().bring_back({"state": "made-up", "code": "x"})
    launched.browser().bring_back({"state": "made-up.bm9ib2R5", "code": "x"})
    assert ancestors == [(), (), ()]
