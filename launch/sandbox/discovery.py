"""What the sandbox EHR says about itself: smart-configuration, OpenID configuration, CapabilityStatement."""

from typing import TYPE_CHECKING, Any

from launch.sandbox.assertion import ALGORITHMS
from launch.sandbox.behaviour import Behaviour, with_changes
from launch.sandbox.scopes import PLAIN_SCOPES, leave_out
from launch.sandbox.search import search_parameters, served_types

if TYPE_CHECKING:
    from launch.sandbox.ehr import SandboxEhr

CAPABILITIES = (
    "launch-ehr", "launch-standalone", "authorize-post", "client-public", "client-confidential-symmetric",
    "client-confidential-asymmetric", "sso-openid-connect", "context-banner", "context-style", "context-ehr-patient",
    "context-ehr-encounter", "context-standalone-patient", "permission-offline", "permission-online",
    "permission-user", "permission-v1", "permission-v2",
)  # fmt: skip

_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


def smart_configuration(ehr: "SandboxEhr") -> dict[str, Any]:
    """`{iss}/.well-known/smart-configuration` (SMART 2.2, "Conformance")."""
    document = {
        **_endpoints(ehr),
        "scopes_supported": _scopes_supported(ehr.behaviour),
        "code_challenge_methods_supported": ["S256"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "none"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "authorization_response_iss_parameter_supported": ehr.behaviour.send_iss,
        "capabilities": list(CAPABILITIES),
    }
    return with_changes(document, ehr.behaviour.discovery)


def openid_configuration(ehr: "SandboxEhr") -> dict[str, Any]:
    """`{issuer}/.well-known/openid-configuration` (OpenID Connect Discovery 3)."""
    return {
        **_endpoints(ehr),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "fhirUser", "profile"],
    }


def capability_statement(ehr: "SandboxEhr") -> dict[str, Any]:
    """`{iss}/metadata`, with the OAuth extension that older apps read."""
    uris = {"authorize": ehr.authorize_url, "token": ehr.token_url, "revoke": ehr.revoke_url}
    extension = [{"url": name, "valueUri": uri} for name, uri in uris.items()]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-01-01",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "software": {"name": ehr.behaviour.software},
        "implementation": {"description": "Sandbox EHR: synthetic people", "url": ehr.iss},
        "rest": [
            {
                "mode": "server",
                "security": {"extension": [{"url": _OAUTH_URIS, "extension": extension}]},
                "resource": [_resource(resource_type, ehr.behaviour) for resource_type in _types(ehr.behaviour)],
            }
        ],
    }


def _scopes_supported(behaviour: Behaviour) -> list[str]:
    if behaviour.scopes_supported is not None:
        return list(behaviour.scopes_supported)
    without = () if behaviour.advertise_what_is_refused else behaviour.unsupported_types
    return leave_out(PLAIN_SCOPES, types=without, wildcards=False).split()


def _types(behaviour: Behaviour) -> list[str]:
    """Types that the CapabilityStatement names."""
    hidden = () if behaviour.advertise_what_is_refused else behaviour.unsupported_types
    return [resource_type for resource_type in served_types() if resource_type not in hidden]


def _resource(resource_type: str, behaviour: Behaviour) -> dict[str, Any]:
    is_searched = behaviour.advertise_what_is_refused or resource_type not in behaviour.read_by_id_only
    interactions: tuple[str, ...] = ("read", "search-type") if is_searched else ("read",)
    if resource_type in behaviour.writable_types:
        interactions += ("create", "update")
    described: dict[str, Any] = {"type": resource_type, "interaction": [{"code": code} for code in interactions]}
    if is_searched:
        parameters = search_parameters(resource_type)
        described["searchParam"] = [{"name": name, "type": kind} for name, kind in parameters.items()]
    return described


def _endpoints(ehr: "SandboxEhr") -> dict[str, Any]:
    return {
        "issuer": ehr.issuer,
        "jwks_uri": ehr.jwks_url,
        "authorization_endpoint": ehr.authorize_url,
        "token_endpoint": ehr.token_url,
        "revocation_endpoint": ehr.revoke_url,
        "response_types_supported": ["code"],
    }
