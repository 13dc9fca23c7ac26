"""Checks of the id_token, each written out. Any doubt ends the launch.

Source: OpenID Connect Core 3.1.3.7; RFC 8725 (JWT best practice). In this order:

1. a compact JWS of bounded size, `typ` JWT or none, no `crit`, no key in its header;
2. `alg` on the allow-list;
3. the key from the pinned issuer's JWKS; the signature;
4. `iss` is the pinned issuer; `aud` names us, `azp` too where it is given or needed;
5. `exp`, `iat`, `nbf` with 90 seconds for clocks that differ;
6. `nonce` is the one of this launch; `sub` is there.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, JoseError

from launch import identity_errors as errors
from launch.jwks import KeySets
from launch.outbound import OutboundError

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "ES256", "ES384")
SKEW_SECONDS: Final = 90
OLDEST_SECONDS: Final = 300
"""An id_token is made for this launch, seconds ago; an older one was kept by somebody."""
_ISSUER: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]{0,64})*")
_LONGEST_ISSUER: Final = 120
_MAX_CHARACTERS: Final = 32_768
_KEPT_CLAIMS: Final = ("profile", "npi", "preferred_username")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who signed in, verified."""

    issuer: str
    subject: str
    fhir_user: str | None
    """The claim as sent: :mod:`launch.fhir_user` reads it."""
    claims: Mapping[str, str] = field(default_factory=dict)
    """The few claims that may help to identify staff."""


def verify_id_token(
    token: object,
    *,
    registration_id: str,
    jwks_uri: str | None,
    issuer: str,
    client_id: str,
    nonce: str,
    now: float,
    key_sets: KeySets,
) -> Identity:
    """The identity in `token`. `now`: seconds since 1970.

    Raises a subclass of :class:`launch.identity_errors.IdTokenError`.
    """
    if token is None:
        raise errors.IdTokenMissing("the token response holds no id_token")
    header, text = _read_header(token)
    claims = _verified_claims(text, header, registration_id, jwks_uri, key_sets)
    _check_issuer(claims, issuer)
    _check_audience(claims, client_id)
    _check_times(claims, now)
    _check_nonce(claims, nonce)
    return _identity(claims)


def _registry() -> jws.JWSRegistry:
    # Unknown header members are ignored as RFC 7515, 4 asks; `crit` is refused below.
    registry = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    registry.max_header_length = 8_192  # a certificate chain (x5c) may be there; it is not used
    return registry


def _read_header(token: object) -> tuple[Mapping[str, Any], str]:
    if not isinstance(token, str) or not token.isascii() or len(token) > _MAX_CHARACTERS:
        raise errors.IdTokenMalformed("the id_token is not a compact JWT")
    try:
        header = jws.extract_compact(token.encode(), registry=_registry()).headers()
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        raise errors.IdTokenMalformed("the id_token is not a compact JWT") from None
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise errors.IdTokenAlgorithmRefused(f"alg {str(algorithm)[:20]} is not accepted")
    if "crit" in header or "b64" in header:
        raise errors.IdTokenMalformed("the header asks for an extension (crit)")
    if "jwk" in header or "jku" in header or "x5u" in header:
        raise errors.IdTokenMalformed("the header brings a key of its own")
    if header.get("typ") is not None and str(header["typ"]).upper() not in {"JWT", "APPLICATION/JWT"}:
        raise errors.IdTokenMalformed("typ is not JWT")
    return header, token


def _verified_claims(
    token: str, header: Mapping[str, Any], registration_id: str, jwks_uri: str | None, key_sets: KeySets
) -> Mapping[str, Any]:
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise errors.IdTokenMalformed("kid is not a string")
    if jwks_uri is None:
        raise errors.KeySetUnreachable("neither the registration nor discovery names a JWKS")
    try:
        key = key_sets.find(registration_id, jwks_uri, algorithm=header["alg"], kid=kid)
    except OutboundError as err:
        raise errors.KeySetUnreachable(f"JWKS: {err}") from err
    if key is None:
        raise errors.IdTokenKeyUnknown("no key of the issuer fits the id_token")
    try:
        claims: Mapping[str, Any] = jwt.decode(token, key, algorithms=[header["alg"]], registry=_registry()).claims
        return claims
    except BadSignatureError:
        raise errors.IdTokenSignatureInvalid("the signature does not fit") from None
    except (JoseError, ValueError, TypeError, RecursionError):
        raise errors.IdTokenMalformed("the id_token cannot be verified") from None


def _check_issuer(claims: Mapping[str, Any], issuer: str) -> None:
    if claims.get("iss") != issuer:
        raise errors.IdTokenIssuerWrong(f"iss is {_as_issuer(claims.get('iss'))}, not the registered issuer {issuer}")


def _as_issuer(came: object) -> str:
    """`came` for the launch report, so that an analyst can pin it; only where it could be nothing but an issuer."""
    fits = isinstance(came, str) and len(came) <= _LONGEST_ISSUER and _ISSUER.fullmatch(came) is not None
    return str(came) if fits else "not an address of an issuer"


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    aud, azp = claims.get("aud"), claims.get("azp")
    audiences = [aud] if isinstance(aud, str) else aud
    if not isinstance(audiences, list) or not all(isinstance(one, str) for one in audiences):
        raise errors.IdTokenAudienceWrong("aud is missing or not a string")
    if client_id not in audiences:
        raise errors.IdTokenAudienceWrong("aud does not name this client")
    if azp is None and len(set(audiences)) > 1:
        raise errors.IdTokenAudienceWrong("several audiences and no azp")
    if azp is not None and azp != client_id:
        raise errors.IdTokenAudienceWrong("azp is another client")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expires, issued = _time(claims, "exp"), _time(claims, "iat")
    if expires is None or issued is None:
        raise errors.IdTokenMalformed("exp or iat is missing")
    if issued > now + SKEW_SECONDS:
        raise errors.IdTokenTimeWrong(f"iat is {round(issued - now)} s in the future, allowed {SKEW_SECONDS} s")
    if issued < now - OLDEST_SECONDS - SKEW_SECONDS:
        raise errors.IdTokenTimeWrong(f"iat is {round(now - issued)} s ago, allowed {OLDEST_SECONDS + SKEW_SECONDS} s")
    if expires <= now - SKEW_SECONDS:
        raise errors.IdTokenExpired(f"exp passed {round(now - expires)} s ago, allowed {SKEW_SECONDS} s")
    not_before = _time(claims, "nbf")
    if not_before is not None and not_before > now + SKEW_SECONDS:
        raise errors.IdTokenTimeWrong(f"nbf is {round(not_before - now)} s in the future, allowed {SKEW_SECONDS} s")


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    """A NumericDate; None if absent. NaN compares false with everything and is refused."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -1e11 < value < 1e11:
        raise errors.IdTokenMalformed(f"{name} is not a time")
    return float(value)


def _check_nonce(claims: Mapping[str, Any], nonce: str) -> None:
    sent = claims.get("nonce")
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), nonce.encode()):
        raise errors.IdTokenNonceWrong("nonce is not the one of this launch")


def _identity(claims: Mapping[str, Any]) -> Identity:
    subject, fhir_user = claims.get("sub"), claims.get("fhirUser")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise errors.IdTokenSubjectMissing("sub is missing or too long")
    if fhir_user is not None and not isinstance(fhir_user, str):
        raise errors.FhirUserRefused("fhirUser is not a string")
    kept = {name: claims[name] for name in _KEPT_CLAIMS if isinstance(claims.get(name), str)}
    return Identity(issuer=claims["iss"], subject=subject, fhir_user=fhir_user or None, claims=kept)
