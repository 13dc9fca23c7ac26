"""SMART Backend Services (SMART 2.2, "Backend Services"): a token for an app that nobody has opened.

1. grant_type=client_credentials, authenticated by a signed assertion and by nothing else (assertion.py);
2. a client that is registered for it, with the `system/` scopes that it may have at most;
3. of the asked scopes those are granted; where none is left, invalid_scope;
4. no refresh token, no id_token, no launch context, and a short life.
"""

import secrets
import time
from typing import TYPE_CHECKING, Any

from authlib.oauth2.rfc6749 import InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant

from launch.sandbox.memory import Launch, Token
from launch.sandbox.scopes import leave_out, trim_system

if TYPE_CHECKING:
    from launch.sandbox.ehr import SandboxEhr


class SmartBackendGrant(ClientCredentialsGrant):  # type: ignore[misc]  # Authlib comes without types
    """Backend Services: for clients with `system/` scopes only."""

    ehr: "SandboxEhr"
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_assertion_jwt",)

    def validate_token_request(self) -> None:
        super().validate_token_request()
        if not self._granted():
            raise InvalidScopeError()

    def generate_token(self, *_: Any, **__: Any) -> dict[str, Any]:
        # Not Authlib's generator: it asks the client what a person may grant to it.
        return {
            "access_token": secrets.token_urlsafe(32),
            "token_type": "Bearer",
            "expires_in": self.ehr.behaviour.backend_seconds,
            "scope": self._granted(),
        }

    def save_token(self, token: dict[str, Any]) -> None:
        client_id = self.request.client.client_id
        self.ehr.memory.add_token(
            Token(
                access_token=token["access_token"],
                refresh_token=None,
                client_id=client_id,
                scope=token["scope"],
                launch=Launch(client_id=client_id, person=""),
                ehr_launch=False,
                grant=secrets.token_hex(8),
                expires_at=time.time() + self.ehr.behaviour.backend_seconds,
            )
        )

    def _granted(self) -> str:
        behaviour = self.ehr.behaviour
        without = behaviour.unsupported_types if behaviour.trim_unsupported_scopes else ()
        allowed = trim_system(self.request.payload.scope or "", self.request.client.backend_scopes)
        return leave_out(allowed, types=without, wildcards=behaviour.trim_wildcard_scopes)
