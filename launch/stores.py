"""What a SMART App Launch client must keep, and the doors through which it is kept.

The launch package has no database. Whoever uses it hands in objects that satisfy
these Protocols; all values are plain and frozen. Only hashes of secrets pass here:
the PKCE verifier and the nonce are derived from the browser's cookie and are
nowhere at rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

AuthMethod = Literal["public", "client_secret_basic", "private_key_jwt"]
SigningAlgorithm = Literal["RS384", "ES384"]


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One EHR as this app is registered there."""

    id: str
    """Opaque key of the registration, in the store's own terms."""
    organization: str
    """Opaque key of the tenant; launch carries it and never reads it."""
    name: str
    """What people call this EHR; shown on error pages."""
    iss: str
    """The FHIR base, exactly as the EHR writes it; echoed as `aud`."""
    client_id: str
    auth: AuthMethod = "public"
    signing_algorithm: SigningAlgorithm = "ES384"
    """For private_key_jwt."""
    client_secret: str | None = field(default=None, repr=False)
    earlier_client_secret: str | None = field(default=None, repr=False)
    """The secret before this one, while the EHR may still know no other: tried where the new one is refused."""
    callback: str = "ehr"
    """Slug of the redirect URI: /launch/callback/<callback>."""
    token_issuer: str | None = None
    """The `iss` that id_tokens carry, pinned. None: the `issuer` of discovery, else the FHIR base."""
    jwks_uri: str | None = None
    """Pinned JWKS of the id_token's issuer. None: the one of discovery."""
    scopes: Literal["v1", "v2"] = "v2"
    legacy_metadata: bool = False
    frame_ancestors: tuple[str, ...] = ()
    """Origins that may frame pages of this registration's visits."""
    extra_scopes: tuple[str, ...] = ()
    """Scopes of features that the organization has turned on."""
    without_scopes: tuple[str, ...] = ()
    """Resource types that are neither asked for nor read, of those in :data:`launch.scopes.MAY_BE_LEFT_OUT`."""
    style_origins: tuple[str, ...] = ()
    """Origins other than the FHIR base from which `smart_style_url` may be read."""
    backend_client_id: str | None = None
    """Client id of Backend Services there; None: this app asks that EHR for nothing where nobody launched it."""

    @property
    def keeps_token(self) -> bool:
        """Whether an enabled feature needs the EHR after the launch: only then is a token kept."""
        return not {"online_access", "offline_access"}.isdisjoint(self.extra_scopes)


@dataclass(frozen=True, kw_only=True)
class LaunchTransaction:
    """What /launch must remember until the callback; one row, ten minutes, one use."""

    state_hash: str
    """SHA-256 of `state`, hex."""
    browser_hash: str
    """SHA-256 of the value of the browser's launch cookie, hex."""
    registration_id: str
    organization: str
    placement: str | None
    standalone: bool
    way_out: bool
    """The page was opened in a new window because the frame had no cookie."""
    reference: str
    """Reference of the launch report."""
    steps: tuple[Mapping[str, Any], ...]
    """Steps of the report so far (no secrets)."""
    created_at: datetime
    expires_at: datetime


class RegistrationStore(Protocol):
    """Registered EHRs."""

    def find_by_iss(self, iss: str) -> Registration | None:
        """The registration whose issuer is `iss` after :func:`launch.discovery.normalise_iss`, or None."""

    def get(self, registration_id: str) -> Registration:
        """The registration with this key; KeyError if there is none."""


class TransactionStore(Protocol):
    """Launches under way."""

    def create(self, transaction: LaunchTransaction) -> None:
        """Keep it, durably, in a transaction of its own."""

    def consume(self, state_hash: str) -> LaunchTransaction | None:
        """Take it out: exactly one of any number of concurrent callers gets it.

        Expired ones are returned too (the caller says why it refuses); None if unknown or used.
        """


@dataclass(frozen=True)
class CachedDocument:
    """A JSON document fetched from an EHR (discovery, JWKS), and when."""

    body: Mapping[str, Any]
    fetched_at: datetime


class MetadataCache(Protocol):
    """Discovery documents and key sets, shared by the workers."""

    def get(self, registration_id: str, url: str) -> CachedDocument | None: ...

    def put(self, registration_id: str, url: str, document: CachedDocument) -> None: ...


class ReportSink(Protocol):
    """Where launch reports go."""

    def write(self, report: "ReportRecord") -> None:
        """Keep it in a short transaction of its own. May drop reports above a cap; must not raise."""


@dataclass(frozen=True, kw_only=True)
class ReportRecord:
    """A finished launch report: what happened, step by step. No token, no patient data, no name."""

    reference: str
    organization: str | None
    """None where the issuer is not registered."""
    registration_id: str | None
    ehr_name: str | None
    outcome: Literal["launched", "failed"]
    error: str | None
    """Class name of the :class:`launch.errors.LaunchError`, or None."""
    reason: str | None
    """One technical line for the EHR analyst."""
    steps: tuple[Mapping[str, Any], ...]
    """Each: {name, outcome: ok|fell back|failed, milliseconds, detail?}."""
    missing: tuple[str, ...]
    """What was missing: scopes not granted, claims or context not given, and the fallback taken."""
    started_at: datetime
    milliseconds: int


@dataclass(frozen=True, kw_only=True)
class KeptToken:
    """An access token that outlives its launch, because an enabled feature needs it."""

    id: str
    """The app's own handle, say the key of the visit that it belongs to."""
    organization: str
    registration_id: str
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    scopes: tuple[str, ...]
    obtained_at: datetime
    expires_at: datetime
    """When the access token ends, by the EHR's word."""
    ends_at: datetime
    """When it is deleted in any case."""
    version: int = 1
    """Counts up with every refresh."""


class TokenStore(Protocol):
    """Tokens that an enabled feature needs, encrypted at rest.

    Each call is a short transaction of its own: none is open while the EHR is asked.
    """

    def keep(self, token: KeptToken) -> None:
        """Keep a new one. Those whose `ends_at` has passed may go on this occasion."""

    def find(self, token_id: str) -> KeptToken | None:
        """The token as it is now; None where it was never kept, was removed, or its `ends_at` has passed."""

    def take_lease(self, token_id: str, *, version: int, owner: str, seconds: float) -> bool:
        """Compare-and-swap: true for exactly one of any number of callers that know this version.

        The lease ends by itself after `seconds`, or with :meth:`replace`, :meth:`give_back`, :meth:`remove`.
        """

    def replace(self, token: KeptToken, *, version: int, owner: str) -> bool:
        """Put `token` in place of `version`, and end the lease; false where the version or the owner has changed."""

    def give_back(self, token_id: str, *, owner: str) -> None:
        """End the lease that `owner` holds; nothing where it does not."""

    def remove(self, token_id: str, *, version: int | None = None) -> KeptToken | None:
        """Delete it, and say what it was; with `version` only where it is still that one. None where nothing was."""


@dataclass(frozen=True, kw_only=True)
class Stores:
    """All the doors in one hand."""

    registrations: RegistrationStore
    transactions: TransactionStore
    metadata: MetadataCache
    reports: ReportSink
    tokens: TokenStore | None = None
    """None: no token outlives its launch."""


class SigningKeys(Protocol):
    """The app's private keys for private_key_jwt, and the public half it publishes."""

    def signing_key(self, algorithm: SigningAlgorithm) -> Mapping[str, Any]:
        """The newest private JWK (with `kid`) for this algorithm."""

    def public_jwks(self) -> Mapping[str, Any]:
        """{"keys": [...]}: public halves of all signing keys in use, the rotated ones too."""
