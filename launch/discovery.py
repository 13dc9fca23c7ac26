"""What an EHR says of itself at `{iss}/.well-known/smart-configuration`.

Source: SMART App Launch 2.2, "Conformance". The registered issuer alone decides
where is asked; what the document says is believed only as far as it is safe.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urljoin, urlsplit

from launch.documents import Documents, fetch_json
from launch.errors import DiscoveryInvalid, DiscoveryIssuerMismatch, DiscoveryUnreachable
from launch.legacy_metadata import FOUND_AT, fetch_with_fallback
from launch.outbound import NotJson, OutboundError, RedirectRefused, TooLarge
from launch.stores import Registration

WELL_KNOWN: Final = "/.well-known/smart-configuration"
_ISS_SHAPE: Final = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~\-/%+=,;:@$!*'()]*)?")


@dataclass(frozen=True, kw_only=True)
class SmartConfiguration:
    """The parts of the discovery document that the client uses, checked."""

    authorization_endpoint: str
    token_endpoint: str
    issuer: str
    """The `iss` that id_tokens must carry: pinned, else the advertised one, else the FHIR base."""
    advertised_issuer: str | None
    jwks_uri: str | None
    says_s256: bool
    """`code_challenge_methods_supported` names S256. It is sent in any case."""
    sends_iss: bool
    """The EHR promises `iss` in its sign-in reply (RFC 9207)."""
    takes_post: bool = False
    """`authorize-post`: the authorization request may be a form."""
    revocation_endpoint: str | None = None
    """Where a token is given back (RFC 7009); None where the EHR names none that is safe."""
    found_at: str = WELL_KNOWN
    """Where below the FHIR base all this was read."""


def normalise_iss(iss: str) -> str:
    """The one documented normalisation before issuers are compared: one trailing slash is dropped."""
    return iss[:-1] if iss.endswith("/") else iss


def is_plausible_iss(iss: str) -> bool:
    """Whether `iss` may be compared at all: an http(s) URL of plain characters, no user, query or fragment."""
    return len(iss) <= 512 and _ISS_SHAPE.fullmatch(iss) is not None


def discover(registration: Registration, documents: Documents) -> SmartConfiguration:
    """The EHR's configuration. Raises the `Discovery...` errors of :mod:`launch.errors`."""
    base = normalise_iss(registration.iss)
    try:
        fetch = fetch_with_fallback(base) if registration.legacy_metadata else fetch_json
        document = documents.get(registration.id, base + WELL_KNOWN, fetch)
    except (NotJson, RedirectRefused, TooLarge) as err:
        raise DiscoveryInvalid(f"{WELL_KNOWN}: {err}") from err
    except OutboundError as err:
        raise DiscoveryUnreachable(f"{WELL_KNOWN}: {err}") from err
    return documents.understood(registration, document, lambda: read_configuration(registration, document.body))


def read_configuration(registration: Registration, body: Mapping[str, Any]) -> SmartConfiguration:
    """`body` checked against the registration and its pins."""
    base = normalise_iss(registration.iss)
    advertised = _advertised_issuer(body)
    _compare_pin(registration, advertised)
    methods, capabilities = body.get("code_challenge_methods_supported"), body.get("capabilities")
    jwks_uri = registration.jwks_uri or body.get("jwks_uri")
    return SmartConfiguration(
        authorization_endpoint=_endpoint(body, "authorization_endpoint", base),
        token_endpoint=_endpoint(body, "token_endpoint", base),
        issuer=registration.token_issuer or advertised or base,
        advertised_issuer=advertised,
        jwks_uri=None if jwks_uri is None else _endpoint({"jwks_uri": jwks_uri}, "jwks_uri", base),
        says_s256=isinstance(methods, list) and "S256" in methods,
        sends_iss=body.get("authorization_response_iss_parameter_supported") is True,
        takes_post=isinstance(capabilities, list) and "authorize-post" in capabilities,
        revocation_endpoint=_endpoint_or_none(body, "revocation_endpoint", base),
        found_at=FOUND_AT.get(body.get("found_at"), WELL_KNOWN),
    )


def _advertised_issuer(body: Mapping[str, Any]) -> str | None:
    issuer = body.get("issuer")
    if issuer is not None and (not isinstance(issuer, str) or not is_plausible_iss(issuer)):
        raise DiscoveryInvalid("issuer is not an http(s) URL")
    return issuer


def _compare_pin(registration: Registration, advertised: str | None) -> None:
    """Keys found under another issuer's name are not the pinned issuer's keys.

    Some EHRs advertise one issuer and write another into id_tokens: then the keys
    are pinned too, and the advertised name no longer matters.
    """
    pinned = registration.token_issuer
    if pinned is None or advertised is None or registration.jwks_uri is not None:
        return
    if pinned != advertised:
        raise DiscoveryIssuerMismatch(
            f"advertised issuer {advertised}, registered {pinned}; where that is right, register the JWKS URI too"
        )


def _endpoint(body: Mapping[str, Any], name: str, base: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable() or " " in value:
        raise DiscoveryInvalid(f"{name} is missing or not a URL")
    url = urljoin(base + "/", value)
    if not _is_safe(url, urlsplit(base)):
        raise DiscoveryInvalid(f"{name} is not an https URL")
    return url


def _endpoint_or_none(body: Mapping[str, Any], name: str, base: str) -> str | None:
    """An endpoint that a launch can do without: an unsafe one is as good as none."""
    try:
        return _endpoint(body, name, base)
    except DiscoveryInvalid:
        return None


def _is_safe(url: str, base: SplitResult) -> bool:
    """https; or http on the FHIR base's own host, where the operator registered an http base."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
        return False
    if parts.scheme == "https":
        return True
    return parts.scheme == "http" and base.scheme == "http" and parts.hostname == base.hostname
