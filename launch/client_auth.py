"""How the client shows the token endpoint who it is: public, client_secret_basic, or private_key_jwt.

Source: SMART App Launch 2.2, "Client Authentication: Asymmetric" and "Symmetric"; RFC 7523; RFC 6749 2.3.1.
"""

import base64
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from launch.errors import RegistrationUnsupported
from launch.stores import Registration, SigningKeys

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS: Final = 240
"""Life of an assertion. The specification allows 300; a minute is left for clocks that differ."""


@dataclass(frozen=True, kw_only=True)
class ClientProof:
    """What one request to the token endpoint carries to authenticate the client."""

    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    earlier: "ClientProof | None" = field(default=None, repr=False)
    """Proof by the secret before this one, where a rotation is under way."""


def client_authentication(registration: Registration, *, token_url: str, keys: SigningKeys) -> ClientProof:
    """Proof for one token request: code exchange, refresh and revocation alike.

    Raises :class:`launch.errors.RegistrationUnsupported` where the registration lacks what its way needs.
    """
    if registration.auth == "public":
        return ClientProof(fields={"client_id": registration.client_id})
    if registration.auth == "private_key_jwt":
        assertion = client_assertion(registration, token_url=token_url, keys=keys)
        return ClientProof(fields={"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion})
    proof, earlier = _by_secret(registration), registration.earlier_client_secret
    if earlier is None:
        return proof
    return replace(proof, earlier=_by_secret(replace(registration, client_secret=earlier)))


def _by_secret(registration: Registration) -> ClientProof:
    if registration.client_secret is None:
        raise RegistrationUnsupported(f"client authentication {registration.auth} without a secret")
    return ClientProof(headers={"Authorization": _basic(registration.client_id, registration.client_secret)})


def _basic(client_id: str, secret: str) -> str:
    """Each part is form-encoded first, so that a colon or a letter beyond ASCII arrives whole (RFC 6749 2.3.1)."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def client_assertion(registration: Registration, *, token_url: str, keys: SigningKeys) -> str:
    """A signed assertion for one request: `jti` is never used twice."""
    algorithm = registration.signing_algorithm
    jwk = keys.signing_key(algorithm)
    now = int(time.time())
    header = {"alg": algorithm, "kid": jwk["kid"], "typ": "JWT"}
    claims = {
        "iss": registration.client_id,
        "sub": registration.client_id,
        "aud": token_url,
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
        "jti": secrets.token_urlsafe(32),
    }
    return jwt.encode(
        header,
        claims,
        _imported(tuple(sorted((name, value) for name, value in jwk.items() if isinstance(value, str)))),
        algorithms=[algorithm],
    )


def published_keys(keys: SigningKeys) -> dict[str, Any]:
    """The JWK Set for /.well-known/jwks.json: public members only, whatever the store hands out."""
    private = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
    listed = keys.public_jwks()["keys"]
    return {"keys": [{name: value for name, value in key.items() if name not in private} for key in listed]}


@lru_cache(maxsize=16)
def _imported(members: tuple[tuple[str, str], ...]) -> RSAKey | ECKey:
    """The key object of a private JWK; made once, since checking an RSA key takes milliseconds."""
    jwk: dict[str, str | list[str]] = dict(members)
    return RSAKey.import_key(jwk) if jwk["kty"] == "RSA" else ECKey.import_key(jwk)
