"""Authlib's authorization server, made as strict as SMART App Launch 2.2 asks.

1. authorize: `aud`, `state` and a registered `redirect_uri` are required, PKCE by
   S256 too (Authlib lets it be absent and takes "plain"), a nonce serves once.
2. token: a code is used up by the first attempt; the second revokes what the first got.
3. the answer carries the launch context beside the tokens.
"""

import time
from typing import TYPE_CHECKING, Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import (
    InvalidClientError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from flask import Flask

from launch.sandbox.answer import token_members
from launch.sandbox.assertion import StrictAssertion
from launch.sandbox.backend_grant import SmartBackendGrant
from launch.sandbox.clients import Client
from launch.sandbox.memory import Code, Launch, Token
from launch.sandbox.scopes import leave_out

if TYPE_CHECKING:
    from launch.sandbox.ehr import SandboxEhr

AUTH_METHODS = ["none", "client_assertion_jwt", "client_secret_basic"]


def make_authorization_server(app: Flask, *, ehr: "SandboxEhr") -> AuthorizationServer:
    """Authlib's server over this EHR's clients and memory."""
    app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
    server = AuthorizationServer(
        app,
        query_client=lambda client_id: ehr.clients.get(client_id),
        save_token=lambda token, request: _save_token(token, request, ehr=ehr),
    )
    server.register_client_auth_method("none", _authenticate_public)
    server.register_client_auth_method(
        "client_assertion_jwt", StrictAssertion(memory=ehr.memory, token_url=lambda: ehr.token_url)
    )
    extensions = [S256Only(), SmartRequest(ehr), SmartAnswer(ehr)]
    server.register_grant(_grant_for(SmartCodeGrant, ehr), extensions)
    server.register_grant(_grant_for(SmartRefreshGrant, ehr), [SmartAnswer(ehr)])
    server.register_grant(_grant_for(SmartBackendGrant, ehr))
    server.register_extension(_Issuer(ehr))
    return server


class SmartCodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib comes without types
    """Codes: bound to client, redirect URI, challenge and launch; one use."""

    ehr: "SandboxEhr"
    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        asked = request.payload.data
        launch, is_ehr_launch = request.user
        self.ehr.memory.add_code(
            Code(
                code=code,
                client_id=request.client.client_id,
                redirect_uri=asked["redirect_uri"],
                scope=_without_launch(_grantable(request.scope, self.ehr), is_ehr_launch),
                code_challenge=asked["code_challenge"],
                code_challenge_method=asked["code_challenge_method"],
                nonce=asked.get("nonce"),
                launch=launch,
                ehr_launch=is_ehr_launch,
                expires_at=time.time() + self.ehr.behaviour.code_seconds,
            )
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        return self.ehr.memory.take_code(code, client_id=client.client_id)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Nothing to do: it was used up when it was looked up."""

    def authenticate_user(self, authorization_code: Code) -> Launch:
        return authorization_code.launch

    def generate_token(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        granted = (kwargs.get("scope") or "").split()
        kwargs["include_refresh_token"] = bool({"offline_access", "online_access"} & set(granted))
        return dict(super().generate_token(*args, expires_in=self.ehr.behaviour.token_seconds, **kwargs))


class SmartRefreshGrant(RefreshTokenGrant):  # type: ignore[misc]  # Authlib comes without types
    """Refresh, rotating or not; a rotated refresh token used again ends the whole grant."""

    ehr: "SandboxEhr"
    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        memory, client = self.ehr.memory, self.request.client
        found = memory.find_refresh_token(refresh_token)
        if found is None or not found.check_client(client):
            return None
        if self.ehr.behaviour.rotate_refresh_tokens:
            return memory.take_refresh_token(refresh_token)
        return None if found.revoked else found

    def authenticate_user(self, refresh_token: Token) -> Launch:
        return refresh_token.launch

    def generate_token(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        kwargs["include_refresh_token"] = self.ehr.behaviour.rotate_refresh_tokens
        return dict(super().generate_token(*args, expires_in=self.ehr.behaviour.token_seconds, **kwargs))

    def revoke_old_credential(self, refresh_token: Token) -> None:
        """Nothing to do: it was used up when it was looked up; the access token lives its time."""


class S256Only(CodeChallenge):  # type: ignore[misc]  # Authlib comes without types
    """PKCE by S256, required of every client (SMART 2.2; RFC 7636)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: SmartCodeGrant, redirect_uri: str) -> None:
        asked = grant.request.payload.data
        if not asked.get("code_challenge") or asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with code_challenge_method=S256 is required.")
        super().validate_code_challenge(grant, redirect_uri)


class SmartRequest:
    """What SMART requires of an authorization request beyond OAuth."""

    def __init__(self, ehr: "SandboxEhr") -> None:
        self._ehr = ehr

    def __call__(self, grant: SmartCodeGrant) -> None:
        grant.register_hook("after_validate_authorization_request_payload", self.check)

    def check(self, grant: SmartCodeGrant, redirect_uri: str) -> None:
        """Raise the OAuth error that tells what is missing or wrong."""
        asked = grant.request.payload.data
        if asked.get("aud") != self._ehr.iss:
            raise InvalidRequestError("aud must be the FHIR base URL of this server.")
        if not asked.get("state"):
            raise InvalidRequestError("state is required.")
        if not _grantable(grant.request.scope, self._ehr):
            raise InvalidScopeError()
        nonce = asked.get("nonce")
        if nonce and self._ehr.memory.nonce_was_used(grant.request.client.client_id, nonce):
            raise InvalidRequestError("This nonce was used before.")


class SmartAnswer:
    """Puts the id_token and the launch context into the token response."""

    def __init__(self, ehr: "SandboxEhr") -> None:
        self._ehr = ehr

    def __call__(self, grant: SmartCodeGrant) -> None:
        grant.register_hook("after_create_token_response", self.add)

    def add(self, _grant: SmartCodeGrant, response: tuple[int, dict[str, Any], Any]) -> None:
        body = response[1]
        issued = self._ehr.memory.find_access_token(body["access_token"])
        if issued is None:
            raise InvalidGrantError("The token is no longer known.")
        nonce = getattr(getattr(_grant.request, "authorization_code", None), "nonce", None)
        members = token_members(self._ehr, issued=issued, body=dict(body), nonce=nonce)
        body.clear()
        body.update(members)


class _Issuer(IssuerParameter):  # type: ignore[misc]  # Authlib comes without types
    def __init__(self, ehr: "SandboxEhr") -> None:
        self._ehr = ehr

    def get_issuer(self) -> str | None:
        return self._ehr.issuer if self._ehr.behaviour.send_iss else None


def _grant_for(grant: type, ehr: "SandboxEhr") -> type:
    """Authlib makes grants itself, so the EHR goes in as a class attribute."""
    return type(grant.__name__, (grant,), {"ehr": ehr})


def _authenticate_public(query_client: Any, request: OAuth2Request) -> Client | None:
    """A public client says its id and nothing else: one that sends credentials is not what it was registered as."""
    client = query_client(request.form.get("client_id") or "")
    if client is None or client.auth != "public":
        return None
    if request.headers.get("Authorization") or {"client_secret", "client_assertion"} & set(request.form):
        raise InvalidClientError(description="A public client has no credentials to send.")
    found: Client = client
    return found


def _grantable(scope: str | None, ehr: "SandboxEhr") -> str:
    """What this EHR grants of what the app may have."""
    behaviour = ehr.behaviour
    without = behaviour.unsupported_types if behaviour.trim_unsupported_scopes else ()
    return leave_out(scope or "", types=without, wildcards=behaviour.trim_wildcard_scopes)


def _without_launch(scope: str, is_ehr_launch: bool) -> str:
    """Nothing was launched from the EHR: the scope `launch` grants nothing."""
    return scope if is_ehr_launch else " ".join(s for s in scope.split() if s != "launch")


def _save_token(token: dict[str, Any], request: OAuth2Request, *, ehr: "SandboxEhr") -> None:
    source = getattr(request, "authorization_code", None) or request.refresh_token
    ehr.memory.add_token(
        Token(
            access_token=token["access_token"],
            refresh_token=token.get("refresh_token") or getattr(source, "refresh_token", None),
            client_id=request.client.client_id,
            scope=token.get("scope") or "",
            launch=source.launch,
            ehr_launch=source.ehr_launch,
            grant=source.grant,
            expires_at=time.time() + ehr.behaviour.token_seconds,
        )
    )
