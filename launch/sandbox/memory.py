"""What the sandbox EHR remembers, in memory: launches, codes, tokens, used assertion ids.

Everything that is one-use is taken out under one lock, so that exactly one of any
number of concurrent callers gets it.
"""

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, TokenMixin


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What the EHR knows when somebody opens the app in a chart. References are relative ("Task/1")."""

    client_id: str
    person: str
    patient: str | None = None
    encounter: str | None = None
    task: str | None = None
    intent: str | None = None
    placement: str | None = None
    need_patient_banner: bool | None = None
    tenant: str | None = None
    app_context: Mapping[str, Any] | str | None = None
    fhir_context: tuple[Mapping[str, Any], ...] = ()
    """Further entries of `fhirContext`, as they are to be sent."""
    fhir_user: str | None = None
    """What the id_token says instead of the person, as it is."""


@dataclass(kw_only=True)
class Code(AuthorizationCodeMixin):  # type: ignore[misc]  # Authlib comes without types
    """An authorization code and all that it is bound to."""

    code: str
    client_id: str
    redirect_uri: str
    scope: str
    code_challenge: str
    code_challenge_method: str
    nonce: str | None
    launch: Launch
    ehr_launch: bool
    expires_at: float
    used: bool = False
    grant: str = field(default_factory=lambda: secrets.token_hex(8))
    """Names all tokens that come of this code, so that a replay can revoke them (RFC 6749, 4.1.2)."""

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


@dataclass(kw_only=True)
class Token(TokenMixin):  # type: ignore[misc]  # Authlib comes without types
    """An access token with, maybe, its refresh token."""

    access_token: str
    refresh_token: str | None
    client_id: str
    scope: str
    launch: Launch
    ehr_launch: bool
    grant: str
    expires_at: float
    revoked: bool = False
    refresh_used: bool = False

    def check_client(self, client: Any) -> bool:
        return bool(self.client_id == client.client_id)

    def get_scope(self) -> str:
        return self.scope

    def is_live(self) -> bool:
        """Neither revoked nor expired."""
        return not self.revoked and time.time() < self.expires_at


class Memory:
    """The sandbox's state; each instance is an EHR of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._launches: dict[str, tuple[float, Launch]] = {}
        self._launch_tokens: list[str] = []
        self._codes: dict[str, Code] = {}
        self._tokens: list[Token] = []
        self._id_tokens: list[str] = []
        self._by_access: dict[str, Token] = {}
        self._by_refresh: dict[str, Token] = {}
        self._jtis: dict[tuple[str, str], float] = {}
        self._nonces: set[tuple[str, str]] = set()
        self._replayed_grants: set[str] = set()

    def add_launch(self, launch: Launch, *, seconds: float) -> str:
        """Keep it; returns the opaque one-use launch token."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._launches[token] = (time.time() + seconds, launch)
            self._launch_tokens.append(token)
        return token

    def find_launch(self, token: str) -> Launch | None:
        """The launch, not taken, or None where it is unknown, used or expired."""
        with self._lock:
            expires_at, launch = self._launches.get(token, (0.0, None))
            return launch if time.time() < expires_at else None

    def take_launch(self, token: str) -> Launch | None:
        """The launch, taken out: exactly one caller gets it."""
        with self._lock:
            expires_at, launch = self._launches.pop(token, (0.0, None))
            return launch if time.time() < expires_at else None

    def add_code(self, code: Code) -> None:
        """Keep an authorization code and its nonce."""
        with self._lock:
            self._codes[code.code] = code
            if code.nonce:
                self._nonces.add((code.client_id, code.nonce))

    def take_code(self, code: str, *, client_id: str) -> Code | None:
        """The code, used up by this. A second use by its client revokes what the first one got."""
        with self._lock:
            found = self._codes.get(code)
            if found is None or found.client_id != client_id:
                return None
            if found.used:
                self._revoke(found.grant)
                return None
            found.used = True
            return found if time.time() < found.expires_at else None

    def nonce_was_used(self, client_id: str, nonce: str) -> bool:
        """Whether a code was given for this nonce before."""
        with self._lock:
            return (client_id, nonce) in self._nonces

    def add_token(self, token: Token) -> None:
        """Keep it; it is born revoked where its code was replayed meanwhile."""
        with self._lock:
            token.revoked = token.grant in self._replayed_grants
            self._tokens.append(token)
            self._by_access[token.access_token] = token
            if token.refresh_token:
                self._by_refresh[token.refresh_token] = token

    def add_id_token(self, id_token: str) -> None:
        """Keep it, so that a test can look where it got to."""
        with self._lock:
            self._id_tokens.append(id_token)

    def issued(self) -> dict[str, list[str]]:
        """Every secret that was given out, by its kind, used and expired ones too."""
        with self._lock:
            return {
                "launch token": list(self._launch_tokens),
                "code": list(self._codes),
                "nonce": [code.nonce for code in self._codes.values() if code.nonce],
                "access token": list(self._by_access),
                "refresh token": list(self._by_refresh),
                "id_token": list(self._id_tokens),
            }

    def find_access_token(self, access_token: str) -> Token | None:
        """The token, live or not."""
        return self._by_access.get(access_token)

    def find_refresh_token(self, refresh_token: str) -> Token | None:
        """The token that this refresh token belongs to, live or not."""
        return self._by_refresh.get(refresh_token)

    def take_refresh_token(self, refresh_token: str) -> Token | None:
        """The token, its refresh token used up. A second use revokes the whole grant (RFC 9700, 4.14.2)."""
        with self._lock:
            token = self._by_refresh.get(refresh_token)
            if token is None or token.grant in self._replayed_grants:
                return None
            if token.refresh_used:
                self._revoke(token.grant)
                return None
            token.refresh_used = True
            return token

    def revoke_grant(self, grant: str) -> None:
        """End all tokens that came of one sign-in."""
        with self._lock:
            self._revoke(grant)

    def revoke_access_tokens(self) -> int:
        """End every access token (the EHR was restarted, say); returns how many."""
        with self._lock:
            live = [token for token in self._tokens if token.is_live()]
            for token in live:
                token.revoked = True
            return len(live)

    def expire_access_token(self, access_token: str) -> None:
        """End its life now; an unknown one is no error."""
        with self._lock:
            if token := self._by_access.get(access_token):
                token.expires_at = time.time()

    def remember_jti(self, client_id: str, jti: str, *, until: float) -> bool:
        """False where this assertion id was used before. `until`: epoch seconds."""
        with self._lock:
            now = time.time()
            self._jtis = {key: end for key, end in self._jtis.items() if end > now}
            if (client_id, jti) in self._jtis:
                return False
            self._jtis[client_id, jti] = until
            return True

    def _revoke(self, grant: str) -> None:
        self._replayed_grants.add(grant)
        for token in self._tokens:
            if token.grant == grant:
                token.revoked = True
