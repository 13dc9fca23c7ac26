"""Obligations: Token, client_secret_basic."""

import base64
from urllib.parse import unquote

import pytest

from launch.errors import RegistrationUnsupported
from launch.identity_errors import ClientRefused, TokenRefused
from tests.launch.canned_ehr import CannedEhr, Seen
from tests.launch.launching import LaunchedApp


def basic(seen: Seen) -> tuple[str, str]:
    """Client id and secret of a Basic header, each decoded as RFC 6749 2.3.1 says."""
    scheme, _, encoded = seen.headers["Authorization"].partition(" ")
    assert scheme == "Basic"
    name, _, secret = base64.b64decode(encoded).decode("ascii").partition(":")
    return unquote(name), unquote(secret)


@pytest.mark.parametrize("secret", ["plain-Secret_1", "with:colon", "with space and +", "50 % naïve \N{EURO SIGN}"])
def test_the_secret_goes_in_the_header_and_nowhere_else(launched: LaunchedApp, ehr: CannedEhr, secret: str) -> None:
    """Token: confidential: client_secret_basic; whatever is in the secret arrives whole."""
    launched.register(ehr, auth="client_secret_basic", client_secret=secret)
    assert launched.browser().launch(ehr).text == "welcome"
    sent = ehr.last("/token")
    assert basic(sent) == (ehr.client_id, secret)
    assert {"client_id", "client_secret", "client_assertion"}.isdisjoint(sent.form)
    assert sent.form["grant_type"] == "authorization_code"
    others = [seen for seen in ehr.seen if seen.path != "/token"]
    assert not any("Authorization" in seen.headers for seen in others)


def test_pkce_is_used_with_a_secret_too(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Authorize: S256 always."""
    launched.register(ehr, auth="client_secret_basic", client_secret="s")
    launched.browser().launch(ehr)
    assert len(ehr.last("/token").form["code_verifier"]) == 43


def test_a_registration_that_lost_its_secret_is_refused_before_the_token_request(
    launched: LaunchedApp, ehr: CannedEhr
) -> None:
    """Token: without the secret nothing is sent."""
    launched.register(ehr, auth="client_secret_basic", client_secret=None)
    assert launched.browser().launch(ehr).status_code == 500
    assert type(launched.error) is RegistrationUnsupported
    assert ehr.hits("/token") == 0


def test_the_secret_is_in_no_page_report_or_text(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Token: never in cookies, URLs, logs or pages."""
    registration = launched.register(ehr, auth="client_secret_basic", client_secret="canary-secret")
    page = launched.browser().launch(ehr)
    everything = [page.text, str(page.headers), repr(registration), repr(launched.context), repr(launched.report)]
    assert not any("canary-secret" in text for text in everything)


ROTATED = {"auth": "client_secret_basic", "client_secret": "new", "earlier_client_secret": "old"}


def tried(ehr: CannedEhr) -> list[str]:
    """The secrets that came to the token endpoint, in their order."""
    return [basic(seen)[1] for seen in ehr.seen if seen.path == "/token"]


def test_while_a_secret_is_rotated_the_one_before_is_used_where_the_new_one_is_refused(
    launched: LaunchedApp, ehr: CannedEhr
) -> None:
    """Token: the EHR has not taken the new secret yet; the report says so."""
    ehr.client_secrets = {"old"}
    launched.register(ehr, **ROTATED)
    assert launched.browser().launch(ehr).text == "welcome"
    assert tried(ehr) == ["new", "old"]
    (step,) = [step for step in launched.report.steps if step["name"] == "token"]
    assert (step["outcome"], step["detail"]) == (
        "fell back",
        "the EHR refused the new client secret: the one before it was used",
    )


def test_the_new_secret_comes_first_and_the_one_before_is_not_sent_where_it_is_taken(
    launched: LaunchedApp, ehr: CannedEhr
) -> None:
    ehr.client_secrets = {"old", "new"}
    launched.register(ehr, **ROTATED)
    assert launched.browser().launch(ehr).text == "welcome"
    assert tried(ehr) == ["new"]
    assert [step["outcome"] for step in launched.report.steps if step["name"] == "token"] == ["ok"]


def test_where_both_secrets_are_refused_there_is_no_session(launched: LaunchedApp, ehr: CannedEhr) -> None:
    ehr.client_secrets = {"another"}
    launched.register(ehr, **ROTATED)
    assert launched.browser().launch(ehr).status_code == 502
    assert type(launched.error) is ClientRefused
    assert tried(ehr) == ["new", "old"]
    assert not {"new", "old"} & {launched.error.reason, *launched.error.what_to_do}


def test_a_refused_code_is_not_tried_again_with_the_secret_before(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Token: only an unknown client is a reason to show the other secret."""
    ehr.client_secrets = {"new", "old"}
    launched.register(ehr, **ROTATED)
    browser = launched.browser()
    reply = ehr.authorize(browser.open_from_ehr(ehr).location)
    ehr.codes.clear()
    assert browser.bring_back(reply).status_code == 502
    assert type(launched.error) is TokenRefused
    assert tried(ehr) == ["new"]
