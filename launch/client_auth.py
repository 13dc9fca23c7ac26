"""How the client shows the token endpoint who it is: public, or private_key_jwt.

Source: SMART App Launch 2.2, "Client Authentication: Asymmetric"; RFC 7523.
"""

import secrets
import time
from functools import lru_cache
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from launch.errors import RegistrationUnsupported
from launch.stores import Registration, SigningKeys

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS: Final = 240
"""Life of an assertion. The specification allows 300; a minute is left for clocks that differ."""


def client_authentication(registration: Registration, *, token_url: str, keys: SigningKeys) -> dict[str, str]:
    """Form fields that authenticate the client in one token request."""
    if registration.auth == "public":
        return {"client_id": registration.client_id}
    if registration.auth == "private_key_jwt":
        assertion = client_assertion(registration, token_url=token_url, keys=keys)
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    raise RegistrationUnsupported(f"client authentication {registration.auth} is not available")


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
