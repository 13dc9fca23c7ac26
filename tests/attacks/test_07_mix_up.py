"""Attack 7: one EHR's reply at another one's callback; a reply in another issuer's name."""

import pytest

from launch.errors import CallbackUnknown, ReplyIssuerMismatch
from launch.identity_errors import IdTokenIssuerWrong
from tests.launch.canned_ehr import CannedEhr
from tests.launch.launching import LaunchedApp


def test_the_state_of_one_ehr_is_refused_at_the_callback_of_another(
    launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr
) -> None:
    launched.register(ehr, callback="lakeside")
    launched.register(other_host, callback="evil")
    browser = launched.browser()
    reply = ehr.authorize(browser.open_from_ehr(ehr).location)
    assert browser.bring_back(reply, slug="evil").status_code == 400
    assert isinstance(launched.error, CallbackUnknown)
    assert other_host.hits("/token") == ehr.hits("/token") == 0


@pytest.mark.parametrize("iss", ["https://evil.example", "{base}/", "{BASE}", ""])
def test_a_reply_in_the_name_of_another_issuer_is_refused(launched: LaunchedApp, ehr: CannedEhr, iss: str) -> None:
    launched.register(ehr)
    browser = launched.browser()
    reply = ehr.authorize(browser.open_from_ehr(ehr).location)
    named = iss.replace("{base}", ehr.base).replace("{BASE}", ehr.base.upper())
    assert browser.bring_back({**reply, "iss": named}).status_code == 400
    assert isinstance(launched.error, ReplyIssuerMismatch)
    assert ehr.hits("/token") == 0


def test_an_issuer_that_was_promised_and_is_not_there_is_refused(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    ehr.configuration["authorization_response_iss_parameter_supported"] = True
    browser = launched.browser()
    reply = ehr.authorize(browser.open_from_ehr(ehr).location)
    assert browser.bring_back(reply).status_code == 400
    assert isinstance(launched.error, ReplyIssuerMismatch)


def test_two_ehrs_of_one_vendor_share_a_callback_and_their_codes_stay_apart(
    launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr
) -> None:
    launched.register(ehr, token_issuer=ehr.issuer)
    launched.register(other_host, token_issuer=other_host.issuer)
    browser = launched.browser()
    assert browser.launch(ehr).text == "welcome"
    assert (ehr.hits("/token"), other_host.hits("/token")) == (1, 0)
    other_host.claims["iss"] = ehr.issuer  # B speaks in A's name
    assert browser.launch(other_host).status_code == 403
    assert isinstance(launched.error, IdTokenIssuerWrong)
    assert ehr.hits("/token") == 1


def test_a_slug_that_nobody_registered_is_refused(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    browser = launched.browser()
    reply = ehr.authorize(browser.open_from_ehr(ehr).location)
    assert browser.bring_back(reply, slug="nobody").status_code == 400
    assert ehr.hits("/token") == 0
