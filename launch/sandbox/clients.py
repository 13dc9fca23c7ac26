"""Apps that are registered at the sandbox EHR.

A registration is strict: redirect URIs compare as exact strings (RFC 9700, 2.1) and
an app authenticates by its one registered method only.
"""

import hmac
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import ClientMixin
from joserfc.jwk import KeySet

from launch.sandbox import scopes

_METHODS = {
    "public": "none",
    "client_secret_basic": "client_secret_basic",
    "private_key_jwt": "client_assertion_jwt",
}
_JWKS_SECONDS = 60.0

PLACEMENTS = (
    "inbox", "handoff", "schedule", "rooming", "session", "referrals", "case-reports", "notes", "orders", "alerts",
    "pharmacy", "coding", "care-management",
)  # fmt: skip
"""Places that this EHR has."""


@dataclass(kw_only=True)
class Client(ClientMixin):  # type: ignore[misc]  # Authlib comes without types
    """One registered app."""

    client_id: str
    name: str
    auth: str
    redirect_uris: tuple[str, ...]
    launch_url: str
    scopes: str = scopes.PLAIN_SCOPES
    jwks_uri: str | None = None
    jwks: Mapping[str, Any] | None = None
    backend_scopes: str = ""
    """`system/` scopes that it may have by Backend Services; empty: it is not registered for them."""
    client_secret: str | None = field(default=None, repr=False)
    placements: tuple[str, ...] = PLACEMENTS
    """Places of the EHR's screens where the app is set up for one kind of work: <launch_url>/<placement>."""
    _fetched: tuple[float, KeySet] | None = field(default=None, repr=False)
    _fetching: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def origin(self) -> str:
        """Where the app's pages live: the origin that the chart may frame."""
        parts = urlsplit(self.launch_url)
        return f"{parts.scheme}://{parts.netloc}"

    def public_keys(self, *, kid: str) -> KeySet:
        """The app's public keys: registered inline, or at its jwks_uri (fetched again for an unknown `kid`)."""
        if self.jwks is not None:
            return KeySet.import_key_set(dict(self.jwks))  # type: ignore[arg-type]
        with self._fetching:
            if self._fetched is not None:
                fetched_at, keys = self._fetched
                known = any(key.kid == kid for key in keys.keys)
                if known and time.monotonic() - fetched_at < _JWKS_SECONDS:
                    return keys
            keys = _fetch_keys(self.jwks_uri or "")
            self._fetched = (time.monotonic(), keys)
            return keys

    # Authlib's ClientMixin, in its words.
    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        return None  # SMART requires redirect_uri in the request

    def get_allowed_scope(self, scope: str | None) -> str | None:
        return scopes.trim(scope or "", self.scopes) or None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        known = self.client_secret or ""
        return bool(known) and hmac.compare_digest(known.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return _METHODS[self.auth] == method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        if grant_type == "client_credentials":
            return bool(self.backend_scopes)
        return grant_type in ("authorization_code", "refresh_token")


def client_from_json(entry: Mapping[str, Any]) -> Client:
    """A client of an entry of clients.json; ValueError says what is wrong with it."""
    if entry.get("auth") not in _METHODS:
        raise ValueError(f"auth must be one of {', '.join(_METHODS)}, not {entry.get('auth')!r}")
    missing = [name for name in ("client_id", "redirect_uris", "launch_url") if not entry.get(name)]
    if missing:
        raise ValueError(f"a client needs {', '.join(missing)}")
    if entry["auth"] == "private_key_jwt" and bool(entry.get("jwks")) == bool(entry.get("jwks_uri")):
        raise ValueError("private_key_jwt needs jwks or jwks_uri, one of the two")
    if entry.get("backend_scopes") and entry["auth"] != "private_key_jwt":
        raise ValueError("backend_scopes go with private_key_jwt only")
    if entry["auth"] == "client_secret_basic" and not entry.get("client_secret"):
        raise ValueError("client_secret_basic needs client_secret")
    return Client(
        client_id=entry["client_id"],
        name=entry.get("name") or entry["client_id"],
        auth=entry["auth"],
        redirect_uris=tuple(entry["redirect_uris"]),
        launch_url=entry["launch_url"],
        scopes=entry.get("scopes") or scopes.PLAIN_SCOPES,
        jwks_uri=entry.get("jwks_uri"),
        jwks=entry.get("jwks"),
        backend_scopes=entry.get("backend_scopes") or "",
        client_secret=entry.get("client_secret"),
        placements=tuple(entry.get("placements") or PLACEMENTS),
    )


def _fetch_keys(url: str) -> KeySet:
    import requests  # here, so that a sandbox with inline keys starts without it

    with requests.Session() as session:
        session.trust_env = False  # netrc and proxies of the machine are none of the sandbox's business
        answer = session.get(url, timeout=5, allow_redirects=False)
        answer.raise_for_status()
        return KeySet.import_key_set(answer.json())
