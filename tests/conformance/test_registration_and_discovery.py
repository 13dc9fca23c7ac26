"""Obligations: Registration, Discovery."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from launch.discovery import normalise_iss
from launch.errors import DiscoveryUnreachable
from tests.launch.canned_ehr import Answer, CannedEhr
from tests.launch.launching import LaunchedApp, make_app, query_of

WELL_KNOWN = "/fhir/.well-known/smart-configuration"


@pytest.mark.parametrize("registered", ["", "/"])
@pytest.mark.parametrize("sent", ["", "/"])
def test_a_trailing_slash_is_the_only_difference_that_is_forgiven(
    launched: LaunchedApp, ehr: CannedEhr, registered: str, sent: str
) -> None:
    """Registration: compare the string exactly after one documented normalisation (a trailing slash)."""
    launched.register(ehr, iss=ehr.base + registered)
    assert launched.browser().open_from_ehr(ehr, iss=ehr.base + sent).status_code == 303
    assert normalise_iss("https://ehr.example/fhir//") == "https://ehr.example/fhir/"


@pytest.mark.parametrize("sent", ["", "/"])
def test_aud_is_echoed_exactly_as_the_ehr_wrote_it(launched: LaunchedApp, ehr: CannedEhr, sent: str) -> None:
    """Registration: echo `aud` exactly as the EHR wrote it."""
    launched.register(ehr)
    location = launched.browser().open_from_ehr(ehr, iss=ehr.base + sent).location
    assert query_of(location)["aud"] == ehr.base + sent


def test_discovery_is_asked_once_an_hour_and_shared_by_the_workers(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Discovery: `{iss}/.well-known/smart-configuration`, cached with a TTL, shared by the workers."""
    launched.register(ehr)
    other_worker = make_app(stores=launched.stores)
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        for _ in range(3):
            launched.browser().open_from_ehr(ehr)
        other_worker.browser().open_from_ehr(ehr)
        assert ehr.hits(WELL_KNOWN) == 1
        clock.move_to(start + timedelta(minutes=61))
        launched.browser().open_from_ehr(ehr)
        assert ehr.hits(WELL_KNOWN) == 2


def test_a_copy_of_the_same_day_serves_while_the_ehr_does_not_answer(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Discovery: cached with a TTL; a silent EHR does not stop launches that could go on."""
    launched.register(ehr)
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        launched.browser().open_from_ehr(ehr)
        ehr.answers[WELL_KNOWN] = lambda seen: Answer({}, 503)
        clock.move_to(start + timedelta(hours=20))
        assert launched.browser().open_from_ehr(ehr).status_code == 303
        clock.move_to(start + timedelta(hours=30))
        assert launched.browser().open_from_ehr(ehr).status_code == 502
        assert isinstance(launched.error, DiscoveryUnreachable)


def test_relative_endpoints_resolve_against_the_fhir_base(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Discovery: relative endpoints resolve against the FHIR base."""
    launched.register(ehr)
    ehr.configuration |= {"authorization_endpoint": "auth/authorize", "token_endpoint": "/token"}
    location = launched.browser().open_from_ehr(ehr).location
    assert location.startswith(f"{ehr.base}/auth/authorize?")
    assert launched.browser().launch(ehr).text == "welcome"


def test_where_keys_are_pinned_the_advertised_issuer_may_differ(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Callback: the pinned issuer decides (Oracle Health writes another `iss` than it advertises)."""
    pinned = "https://authorization.example/tenants/1"
    launched.register(ehr, token_issuer=pinned, jwks_uri=f"{ehr.origin}/jwks")
    ehr.claims["iss"] = pinned
    assert launched.browser().launch(ehr).text == "welcome"


def test_without_a_pin_and_without_an_advertised_issuer_the_fhir_base_is_the_issuer(
    launched: LaunchedApp, ehr: CannedEhr
) -> None:
    """Registration: None: the `issuer` of discovery, else the FHIR base."""
    launched.register(ehr)
    ehr.configuration["issuer"] = None
    assert launched.browser().launch(ehr).text == "welcome"
    assert launched.context.issuer == ehr.base
