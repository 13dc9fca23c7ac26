"""Obligations: Authorize."""

import base64

from launch.scopes import missing_scopes
from tests.launch.canned_ehr import CannedEhr
from tests.launch.launching import BASE_URL, LaunchedApp, query_of

FEWEST = (
    "launch openid fhirUser user/Practitioner.rs user/PractitionerRole.rs user/Person.r user/Encounter.r user/Task.rs"
)


def test_the_request_holds_what_the_standard_asks_for_and_nothing_more(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Authorize: response_type=code, client_id, redirect_uri, scope, state, aud, launch, S256 challenge, nonce."""
    launched.register(ehr)
    location = launched.browser().open_from_ehr(ehr).location
    sent = query_of(location)
    assert location.startswith(f"{ehr.origin}/authorize?")
    assert {name: sent[name] for name in ("response_type", "client_id", "redirect_uri", "aud", "launch")} == {
        "response_type": "code",
        "client_id": ehr.client_id,
        "redirect_uri": f"{BASE_URL}/launch/callback/ehr",
        "aud": ehr.base,
        "launch": "launch-token-1",
    }
    assert set(sent) == {
        *("response_type", "client_id", "redirect_uri", "scope", "state", "aud", "launch", "nonce"),
        *("code_challenge", "code_challenge_method"),
    }


def test_state_and_nonce_are_long_and_never_the_same(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Authorize: state (at least 128 bits), nonce."""
    launched.register(ehr)
    browser = launched.browser()
    sent = [query_of(browser.open_from_ehr(ehr).location) for _ in range(20)]
    for name in ("state", "nonce"):
        values = {one[name].partition(".")[0] for one in sent}
        assert len(values) == 20
        assert all(len(base64.urlsafe_b64decode(value + "=")) >= 16 for value in values)


def test_the_launch_token_is_passed_on_as_it_is(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Authorize: launch (EHR launch only): opaque, so every character counts."""
    launched.register(ehr)
    token = "a+b/c==&%20 é"
    assert query_of(launched.browser().open_from_ehr(ehr, launch=token).location)["launch"] == token


def test_a_standalone_launch_sends_no_launch_and_asks_for_none(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Authorize: launch (EHR launch only)."""
    launched.register(ehr)
    sent = query_of(launched.browser().open_from_ehr(ehr, launch=None).location)
    assert "launch" not in sent
    assert "launch" not in sent["scope"].split()
    browser = launched.browser()
    browser.launch(ehr, launch=None)
    assert launched.context.standalone is True


def test_the_fewest_scopes_are_asked_for(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Authorize: ask the fewest scopes."""
    launched.register(ehr)
    assert query_of(launched.browser().open_from_ehr(ehr).location)["scope"] == FEWEST


def test_scopes_of_features_are_added_and_patients_never(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Authorize: only when the organization turns on what needs them; never Patient."""
    extra = ("online_access", "user/Task.cu", "user/Patient.rs", "patient/Task.rs", "user/*.rs", "user/Task.rs")
    launched.register(ehr, extra_scopes=extra)
    scopes = query_of(launched.browser().open_from_ehr(ehr).location)["scope"]
    assert scopes == f"{FEWEST} online_access user/Task.cu"


def test_the_authorization_endpoint_keeps_a_query_of_its_own(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Authorize: RFC 6749 3.1, the endpoint's own query is retained."""
    launched.register(ehr)
    ehr.configuration["authorization_endpoint"] = f"{ehr.origin}/authorize?tenant=7"
    assert query_of(launched.browser().open_from_ehr(ehr).location)["tenant"] == "7"


def test_granted_scopes_are_compared_by_what_they_allow() -> None:
    """Granted scopes may be fewer: diff them."""
    asked = tuple(FEWEST.split())
    assert missing_scopes(asked=asked, granted=frozenset(asked)) == frozenset()
    assert missing_scopes(asked=asked, granted=frozenset({"openid", "profile", "user/*.read"})) == frozenset()
    assert missing_scopes(asked=asked, granted=frozenset({"fhirUser", "user/*.cruds"})) == frozenset()
    fewer = frozenset({"fhirUser", "user/Practitioner.rs", "user/Person.read", "user/Task.r", "user/Encounter.rs"})
    assert missing_scopes(asked=asked, granted=fewer) == {"user/PractitionerRole.rs", "user/Task.rs"}
    filtered = frozenset({"fhirUser", "user/Task.rs?status=ready", "patient/*.rs"})
    assert "user/Task.rs" in missing_scopes(asked=asked, granted=filtered)


def test_missing_scopes_are_said_and_the_launch_goes_on(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Granted scopes may be fewer: degrade, and say what is missing."""
    launched.register(ehr)
    ehr.token_parameters["scope"] = "launch openid fhirUser user/Practitioner.rs"
    assert launched.browser().launch(ehr).text == "welcome"
    assert "user/Task.rs" in launched.context.missing_scopes
    assert "scope not granted: user/Task.rs" in launched.report.missing


def test_an_answer_without_scope_grants_all(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Granted scopes: RFC 6749 5.1, `scope` may be left out where it is as asked."""
    launched.register(ehr)
    ehr.token_parameters["scope"] = None
    launched.browser().launch(ehr)
    assert launched.context.missing_scopes == frozenset()
