"""Obligations: Authorize, by form POST where it is advertised and the query is long."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from launch.authorization import LONGEST_ADDRESS
from tests.launch.canned_ehr import CannedEhr
from tests.launch.launching import Browser, LaunchedApp, query_of

LONG = "t" * (LONGEST_ADDRESS + 1)


def takes_post(ehr: CannedEhr, *, advertised: bool = True) -> None:
    ehr.configuration["capabilities"] = ["launch-ehr", *(["authorize-post"] if advertised else [])]


def fields_of(page: TestResponse) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return {name: unescape(value) for name, value in found}


def test_a_long_request_is_a_form_with_all_that_the_address_would_hold(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Authorize: where `authorize-post` is advertised and the query is long, form POST."""
    launched.register(ehr)
    takes_post(ehr)
    browser = launched.browser()
    page = browser.open_from_ehr(ehr, launch=LONG)
    assert page.status_code == 200
    assert f'method="post" action="{ehr.origin}/authorize"' in page.text
    fields, short = fields_of(page), query_of(Browser.open_from_ehr(launched.browser(), ehr).location)
    assert set(fields) == set(short)
    assert fields["launch"] == LONG
    assert fields["code_challenge_method"] == "S256"
    assert fields["aud"] == ehr.base


def test_the_posted_request_comes_back_to_a_finished_launch(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Authorize: the way of the request changes nothing of the launch; the report names it."""
    launched.register(ehr)
    takes_post(ehr)
    browser = launched.browser()
    fields = fields_of(browser.open_from_ehr(ehr, launch=LONG))
    assert browser.bring_back(ehr.authorize(f"{ehr.origin}/authorize?{urlencode(fields)}")).text == "welcome"
    step = next(step for step in launched.report.steps if step["name"] == "authorization")
    assert step["outcome"] == "fell back"


@pytest.mark.parametrize(("token", "advertised"), [("short", True), (LONG, False)])
def test_else_it_is_a_redirect(launched: LaunchedApp, ehr: CannedEhr, token: str, advertised: bool) -> None:
    """Authorize: GET, where the query is short or the EHR takes no form."""
    launched.register(ehr)
    takes_post(ehr, advertised=advertised)
    assert launched.browser().open_from_ehr(ehr, launch=token).status_code == 303


def test_the_form_leads_to_the_ehr_and_nowhere_else_and_works_by_a_button(
    launched: LaunchedApp, ehr: CannedEhr
) -> None:
    """Authorize: form-action names that one origin (and ours, for the way back); a button without JavaScript."""
    launched.register(ehr)
    takes_post(ehr)
    page = launched.browser().open_from_ehr(ehr, launch=LONG)
    policy = dict(part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))
    assert policy["form-action"] == f"{ehr.origin} 'self'"
    assert policy["frame-ancestors"] == ehr.origin
    assert (policy["default-src"], policy["script-src"]) == ("'none'", "'self'")
    assert '<button class="button" type="submit">Continue</button>' in page.text
    assert not re.findall(r"<script>|\son\w+=", page.text)
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_what_the_ehr_sent_cannot_write_into_the_page(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Authorize: the launch token is opaque, and text."""
    launched.register(ehr)
    takes_post(ehr)
    page = launched.browser().open_from_ehr(ehr, launch='"><script>alert(1)</script>' + LONG)
    assert "<script>alert" not in page.text


def test_an_endpoint_whose_host_could_end_the_policy_gets_no_form(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Authorize: nothing of the EHR's metadata writes into our policy."""
    launched.register(ehr)
    takes_post(ehr)
    ehr.configuration["authorization_endpoint"] = "https://ehr.example;frame-ancestors/authorize"
    page = launched.browser().open_from_ehr(ehr, launch=LONG)
    assert "Content-Security-Policy" not in page.headers
    assert page.status_code in (303, 502)


def test_an_endpoints_own_query_stays_in_its_address(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Authorize: RFC 6749 3.1, the endpoint may have a query."""
    launched.register(ehr)
    takes_post(ehr)
    ehr.configuration["authorization_endpoint"] = f"{ehr.origin}/authorize?tenant=7"
    page = launched.browser().open_from_ehr(ehr, launch=LONG)
    assert f'action="{ehr.origin}/authorize?tenant=7"' in page.text
    assert "tenant" not in fields_of(page)
