"""Obligations: Callback, one redirect URI for all customers of a vendor."""

import pytest

from launch.errors import CallbackUnknown, ReplyIssuerMismatch
from launch.identity_errors import IdTokenIssuerWrong, IdTokenKeyUnknown, IdTokenSignatureInvalid
from tests.launch.canned_ehr import CannedEhr, public_jwk, rsa_key
from tests.launch.launching import LaunchedApp


@pytest.fixture
def two(launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr) -> LaunchedApp:
    """Two hospitals of one vendor: one client id, one callback, an issuer each."""
    other_host.key = rsa_key(1)
    other_host.jwks = {"keys": [public_jwk(other_host.key, kid="ehr-1", use="sig", alg="RS256")]}
    for one in (ehr, other_host):
        launched.register(one, callback="vendor", token_issuer=one.base)
    return launched


def test_state_picks_the_registration(two: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr) -> None:
    """Callback: state picks the registration, the pinned issuer decides."""
    browser = two.browser()
    locations = [(one, browser.open_from_ehr(one).location) for one in (ehr, other_host)]
    for one, location in reversed(locations):
        assert browser.bring_back(one.authorize(location), slug="vendor").text == "welcome"
        assert two.context.registration.iss == one.base
        assert two.context.issuer == one.base
    assert (ehr.hits("/token"), other_host.hits("/token")) == (1, 1)


@pytest.mark.parametrize("lies", [False, True])
def test_the_pinned_issuer_decides(two: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr, lies: bool) -> None:
    """Callback: an id_token of the other customer, under its own name or another's, opens nothing here."""
    ehr.make_id_token = lambda claims: other_host.sign({**claims, "iss": ehr.base if lies else other_host.base})
    browser = two.browser()
    location = browser.open_from_ehr(ehr).location
    assert browser.bring_back(ehr.authorize(location), slug="vendor").status_code == 403
    assert isinstance(two.error, (IdTokenSignatureInvalid, IdTokenIssuerWrong, IdTokenKeyUnknown))
    assert two.arrived == []


def test_the_issuer_of_the_reply_is_checked_where_it_is_sent(
    two: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr
) -> None:
    """Callback: `iss` is checked where sent (RFC 9207): the other customer's code goes nowhere."""
    browser = two.browser()
    location = browser.open_from_ehr(ehr).location
    reply = {**ehr.authorize(location), "iss": other_host.base}
    assert browser.bring_back(reply, slug="vendor").status_code == 400
    assert isinstance(two.error, ReplyIssuerMismatch)
    assert (ehr.hits("/token"), other_host.hits("/token")) == (0, 0)


def test_a_reply_to_another_callback_is_refused(two: LaunchedApp, ehr: CannedEhr) -> None:
    """Callback: the redirect URI's slug names the callback."""
    browser = two.browser()
    location = browser.open_from_ehr(ehr).location
    assert browser.bring_back(ehr.authorize(location), slug="elsewhere").status_code == 400
    assert isinstance(two.error, CallbackUnknown)
