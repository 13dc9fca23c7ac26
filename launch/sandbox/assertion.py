"""private_key_jwt as SMART 2.2 wants it ("Client Authentication: Asymmetric"; RFC 7523).

Authlib's own class verifies RS256 only and takes an assertion that lives a year, so
this adds: RS384 and ES384 and no other; `typ` and `kid`; at most 300 s; a jti once;
and the token endpoint as the one audience.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from launch.sandbox.clients import Client
from launch.sandbox.memory import Memory

ALGORITHMS = ("RS384", "ES384")
MAXIMUM_SECONDS = 300
_CLOCK_SKEW_SECONDS = 5


class StrictAssertion(JWTBearerClientAssertion):  # type: ignore[misc]  # Authlib comes without types
    """Authenticates a client by a signed assertion, or raises InvalidClientError."""

    def __init__(self, *, memory: Memory, token_url: Callable[[], str]) -> None:
        super().__init__(validate_jti=True, leeway=_CLOCK_SKEW_SECONDS)
        self._memory = memory
        self._audience = token_url

    def get_audiences(self) -> list[str]:
        return [self._audience()]

    def resolve_client_public_key(self, client: Client) -> Client:
        # The keys are picked by `kid`, which Authlib does not pass here.
        return client

    def process_assertion_claims(self, assertion: str, client: Client) -> Mapping[str, Any]:
        if client.auth != "private_key_jwt":
            raise InvalidClientError(description="This client is not registered for private_key_jwt.")
        headers, _ = self.extract_assertion(assertion)
        kid = _checked_kid(headers)
        try:
            token = jwt.decode(assertion, _key_of(client, kid), algorithms=list(ALGORITHMS))
        except JoseError as error:
            raise InvalidClientError(description="The assertion's signature is not good.") from error
        self.verify_claims(token.claims)
        return token.claims

    def verify_claims(self, claims: dict[str, Any]) -> None:
        _check_lifetime(claims)
        super().verify_claims(claims)

    def validate_jti(self, claims: Mapping[str, Any], jti: object) -> bool:
        if not isinstance(jti, str) or not jti:
            return False
        return self._memory.remember_jti(claims["sub"], jti, until=claims["exp"] + _CLOCK_SKEW_SECONDS)


def _checked_kid(headers: Mapping[str, Any]) -> str:
    if headers.get("typ") != "JWT":
        raise InvalidClientError(description="The assertion's typ must be JWT.")
    if headers.get("alg") not in ALGORITHMS:
        raise InvalidClientError(description="The assertion's alg must be RS384 or ES384.")
    if not isinstance(headers.get("kid"), str):
        raise InvalidClientError(description="The assertion has no kid.")
    return str(headers["kid"])


def _key_of(client: Client, kid: str) -> KeySet:
    try:
        keys = client.public_keys(kid=kid)
    except (OSError, ValueError, JoseError) as error:  # requests' errors are OSErrors
        raise InvalidClientError(description="The key set of this client could not be read.") from error
    fitting = [key for key in keys.keys if key.kid == kid]
    if not fitting:
        raise InvalidClientError(description="No key of this client has this kid.")
    return KeySet(fitting)


def _check_lifetime(claims: Mapping[str, Any]) -> None:
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or isinstance(expires, bool):
        raise InvalidClientError(description="The assertion has no exp.")
    if expires - time.time() > MAXIMUM_SECONDS:
        raise InvalidClientError(description="The assertion lives longer than five minutes.")
