"""Attack 2: a discovery document that leads elsewhere, or that claims another issuer."""

import pytest

from launch.errors import DiscoveryInvalid, DiscoveryIssuerMismatch
from tests.launch.canned_ehr import Answer, CannedEhr, gzipped
from tests.launch.launching import LaunchedApp

WELL_KNOWN = "/fhir/.well-known/smart-configuration"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["http://169.254.169.254/latest/meta-data", "{other}/x", "//169.254.169.254/"])
def test_a_redirect_of_discovery_is_not_followed(
    launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr, status: int, target: str
) -> None:
    launched.register(ehr)
    location = target.replace("{other}", other_host.origin)
    ehr.answers[WELL_KNOWN] = lambda seen: Answer({}, status, {"Location": location})
    assert launched.browser().open_from_ehr(ehr).status_code == 502
    assert isinstance(launched.error, DiscoveryInvalid)
    assert (len(ehr.seen), len(other_host.seen)) == (1, 0)


def test_metadata_of_another_issuer_than_the_pinned_one_is_refused(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr, token_issuer="https://ehr.example/oauth2")
    ehr.configuration["issuer"] = "https://evil.example/oauth2"
    assert launched.browser().open_from_ehr(ehr).status_code == 502
    assert isinstance(launched.error, DiscoveryIssuerMismatch)
    assert len(ehr.seen) == 1


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "value",
    [
        "http://169.254.169.254/token",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://127.0.0.1@169.254.169.254/token",
        "https://user:password@ehr.example/token",
        "https://ehr.example:port/token",
        "https://ehr.example/token#x",
        "https://ehr.example/to ken",
        "https:///token",
        "",
        7,
        ["https://ehr.example/token"],
    ],
)
def test_an_unsafe_endpoint_is_refused(launched: LaunchedApp, ehr: CannedEhr, name: str, value: object) -> None:
    launched.register(ehr)
    ehr.configuration[name] = value
    assert launched.browser().open_from_ehr(ehr).status_code == 502
    assert isinstance(launched.error, DiscoveryInvalid)
    assert len(ehr.seen) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"x"', b"NaN", b'{"a":NaN}', b"[" * 100_000, b"\xff\xfe"])
def test_a_document_that_is_not_json_is_refused(launched: LaunchedApp, ehr: CannedEhr, body: bytes) -> None:
    launched.register(ehr)
    ehr.answers[WELL_KNOWN] = lambda seen: Answer(body)
    assert launched.browser().open_from_ehr(ehr).status_code == 502
    assert isinstance(launched.error, DiscoveryInvalid)


def test_a_document_that_swells_is_cut_off(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    bomb = gzipped(20_000_000)
    ehr.answers[WELL_KNOWN] = lambda seen: bomb
    assert launched.browser().open_from_ehr(ehr).status_code == 502
    assert isinstance(launched.error, DiscoveryInvalid)
    assert "bytes" in launched.error.reason
