"""Obligations: Registration and discovery, for EHRs that speak an older SMART: /metadata, v1 scopes."""

from typing import Any

import pytest

from launch.errors import DiscoveryInvalid, DiscoveryUnreachable
from tests.launch.canned_ehr import Answer, CannedEhr
from tests.launch.launching import LaunchedApp, query_of

WELL_KNOWN = "/fhir/.well-known/smart-configuration"
METADATA = "/fhir/metadata"
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


def statement(**uris: str) -> dict[str, Any]:
    """A CapabilityStatement with the OAuth extension."""
    parts = [{"url": name, "valueUri": uri} for name, uri in uris.items()]
    security = {"cors": True, "extension": [{"url": "urn:other"}, {"url": OAUTH_URIS, "extension": parts}]}
    return {"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "security": security}]}


def has_only_metadata(ehr: CannedEhr, missing: Answer | None = None) -> None:
    answer = missing or Answer({"error": "not found"}, 404)
    ehr.answers[WELL_KNOWN] = lambda seen: answer
    found = statement(authorize=f"{ehr.origin}/authorize", token=f"{ehr.origin}/token")
    ehr.answers[METADATA] = lambda seen: Answer(found)


def old(ehr: CannedEhr) -> dict[str, Any]:
    return {"legacy_metadata": True, "jwks_uri": f"{ehr.origin}/jwks"}


@pytest.mark.parametrize(
    "missing", [Answer({}, 404), Answer({}, 401), Answer({}, 501), Answer(b"<html>no such page</html>", 200)]
)
def test_an_ehr_without_smart_configuration_launches_by_its_metadata(
    launched: LaunchedApp, ehr: CannedEhr, missing: Answer
) -> None:
    """Discovery: fall back to the /metadata OAuth extension where a registration says so; the report names it."""
    launched.register(ehr, **old(ehr))
    has_only_metadata(ehr, missing)
    assert launched.browser().launch(ehr).text == "welcome"
    step = next(step for step in launched.report.steps if step["name"] == "discovery")
    assert step["outcome"] == "fell back"
    assert "/metadata" in step["detail"]


def test_without_the_registrations_word_metadata_is_never_asked(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Discovery: only where a registration says so."""
    launched.register(ehr)
    has_only_metadata(ehr)
    assert launched.browser().open_from_ehr(ehr).status_code == 502
    assert ehr.hits(METADATA) == 0


def test_smart_configuration_goes_before_metadata(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Discovery: {iss}/.well-known/smart-configuration first."""
    launched.register(ehr, **old(ehr))
    assert launched.browser().launch(ehr).text == "welcome"
    assert ehr.hits(METADATA) == 0


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_ehr_that_is_down_has_not_said_that_its_configuration_is_missing(
    launched: LaunchedApp, ehr: CannedEhr, status: int
) -> None:
    """Discovery: a fault is no fallback."""
    launched.register(ehr, **old(ehr))
    has_only_metadata(ehr, Answer({}, status))
    assert launched.browser().open_from_ehr(ehr).status_code == 502
    assert type(launched.error) is DiscoveryUnreachable
    assert ehr.hits(METADATA) == 0


def test_metadata_is_asked_once_an_hour_and_its_bulk_is_not_kept(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Discovery: cached with a TTL."""
    launched.register(ehr, **old(ehr))
    has_only_metadata(ehr)
    large = {**statement(authorize=f"{ehr.origin}/authorize", token=f"{ehr.origin}/token"), "note": "x" * 700_000}
    ehr.answers[METADATA] = lambda seen: Answer(large)
    for _ in range(3):
        launched.browser().launch(ehr)
    assert (ehr.hits(WELL_KNOWN), ehr.hits(METADATA)) == (1, 1)
    kept = launched.stores.metadata.rows[("ehr-0", ehr.base + "/.well-known/smart-configuration")]
    assert len(str(kept.body)) < 1_000


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"resourceType": "CapabilityStatement", "rest": [{"security": "none"}, 7]},
        {"rest": {"security": {}}},
        statement(token="https://ehr.example/token"),
        statement(authorize="http://elsewhere.example/authorize", token="https://ehr.example/token"),
        statement(authorize="javascript:alert(1)", token="https://ehr.example/token"),
    ],
)
def test_metadata_that_name_no_safe_endpoints_are_refused(
    launched: LaunchedApp, ehr: CannedEhr, found: dict[str, Any]
) -> None:
    """Discovery: what the document says is believed only as far as it is safe."""
    launched.register(ehr, **old(ehr))
    has_only_metadata(ehr)
    ehr.answers[METADATA] = lambda seen: Answer(found)
    assert launched.browser().open_from_ehr(ehr).status_code == 502
    assert type(launched.error) is DiscoveryInvalid


def test_an_ehr_of_v1_is_asked_in_v1_words(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Scopes: v1 scopes for EHRs that only take v1. Never Patient."""
    launched.register(ehr, scopes="v1", extra_scopes=("user/Task.cu", "user/AuditEvent.c", "patient/Observation.rs"))
    asked = query_of(launched.browser().open_from_ehr(ehr).location)["scope"].split()
    assert asked == [
        *("launch", "openid", "fhirUser"),
        *("user/Practitioner.read", "user/PractitionerRole.read", "user/Person.read", "user/Encounter.read"),
        *("user/Task.read", "user/Task.write", "user/AuditEvent.write"),
    ]


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (None, set()),
        ("openid fhirUser user/*.read", set()),
        ("openid fhirUser user/*.rs", set()),
        (
            "openid fhirUser user/Practitioner.read user/Person.read user/Encounter.read",
            {"user/Task.rs", "user/PractitionerRole.rs"},
        ),
    ],
)
def test_a_grant_in_either_words_is_compared_by_what_it_allows(
    launched: LaunchedApp, ehr: CannedEhr, granted: str | None, missing: set[str]
) -> None:
    """Granted scopes may be fewer: diff them, degrade, and say what is missing."""
    launched.register(ehr, scopes="v1")
    if granted is not None:
        ehr.token_parameters["scope"] = granted
    assert launched.browser().launch(ehr).text == "welcome"
    assert launched.context.missing_scopes == missing
