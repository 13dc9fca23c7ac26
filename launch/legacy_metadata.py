"""Endpoints of an EHR that has no smart-configuration: the OAuth extension of its CapabilityStatement.

Source: SMART App Launch 1.0.0, "Declaring support for OAuth2 endpoints", which later
versions dropped. Asked only where a registration says so: an EHR that was registered
with smart-configuration is never led to an older and weaker description of itself.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from launch.documents import fetch_json
from launch.outbound import FHIR_BYTES, BadStatus, Door, NotJson

METADATA: Final = "/metadata"
OAUTH_URIS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
FOUND_AT: Final[Mapping[object, str]] = {METADATA: METADATA}
_NAMES: Final = {
    "authorize": "authorization_endpoint",
    "token": "token_endpoint",
    "revoke": "revocation_endpoint",
}


def fetch_with_fallback(base: str) -> Callable[[Door, str], dict[str, Any]]:
    """A fetch of `{base}/.well-known/smart-configuration` that goes on to `{base}/metadata` where there is none.

    Only an answer that says "not here" counts (a status of 4xx, 501, or no JSON): an EHR
    that is slow or down has not said that its configuration is missing.
    """

    def fetch(door: Door, url: str) -> dict[str, Any]:
        try:
            return fetch_json(door, url)
        except NotJson:
            pass
        except BadStatus as err:
            if err.status != 501 and not 400 <= err.status < 429:
                raise
        statement = fetch_json(door, base + METADATA, accept="application/fhir+json", cap=FHIR_BYTES)
        return configuration_of(statement)

    return fetch


def configuration_of(statement: Mapping[str, Any]) -> dict[str, Any]:
    """The few members of a smart-configuration that a CapabilityStatement's OAuth extension holds.

    Nothing else of the statement is kept: it is large. What is missing is found missing
    by :func:`launch.discovery.read_configuration`.
    """
    found: dict[str, Any] = {"found_at": METADATA}
    for extension in _oauth_extensions(statement):
        for part in _objects(extension.get("extension")):
            name, uri = _NAMES.get(str(part.get("url"))), part.get("valueUri")
            if name and isinstance(uri, str):
                found.setdefault(name, uri)
    return found


def _oauth_extensions(statement: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for rest in _objects(statement.get("rest")):
        security = rest.get("security")
        for extension in _objects(security.get("extension") if isinstance(security, Mapping) else None):
            if extension.get("url") == OAUTH_URIS:
                yield extension


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; of anything else none."""
    yield from (one for one in (value if isinstance(value, list) else []) if isinstance(one, Mapping))
