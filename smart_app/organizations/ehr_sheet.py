"""What an analyst must register at the EHR, as plain text: pure.

Test and production stand apart: at every EHR they are two registrations, with a client id,
a secret or key set and a redirect URI each. A test address in production would hand
production's sign-ins to a test machine.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from launch.scopes import asked_scopes, in_words_of, needed_scopes
from launch.stores import Registration
from smart_app.organizations.ehr_features import BACKEND_REASONS, FEATURES, features_of, reason_for

STAGES: Final = ("test", "production")
PLACES: Final = (
    "inbox", "handoff", "schedule", "rooming", "session", "referrals", "case-reports", "notes", "orders", "alerts",
    "pharmacy", "coding", "care-management",
)  # fmt: skip
_HOW: Final = {
    "public": "public client: no secret, PKCE S256",
    "client_secret_basic": "confidential client, client_secret_basic: the secret is stored encrypted here; PKCE S256",
    "private_key_jwt": "confidential client, private_key_jwt ({algorithm}): give the key set's address; PKCE S256",
}
_WIDTH: Final = 18


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A registration and what it is for."""

    stage: str
    registration: Registration
    base_url: str
    """Of the installation that serves this stage."""
    registered: bool = True
    """False: a draft, to be given to the EHR before it has issued a client id."""


def sheet(name: str, entries: Sequence[Entry], *, other_base_url: str | None = None) -> Iterator[str]:
    """The lines for one EHR. A stage without an entry gets the addresses of `other_base_url`, or what to mind."""
    yield f"To register at the EHR: {name}"
    for stage in STAGES:
        yield ""
        yield f"== {stage.upper()} =="
        here = [entry for entry in entries if entry.stage == stage]
        if here:
            for entry in here:
                yield from _section(entry)
        else:
            yield from _missing(stage, entries, other_base_url)


def _section(entry: Entry) -> Iterator[str]:
    registration = entry.registration
    if not entry.registered:
        yield "Not registered here yet. When the EHR has given a client id: preceptor ehr add"
    yield from _addresses(entry.base_url, registration)
    yield _line("sign-in", _HOW[registration.auth].format(algorithm=registration.signing_algorithm))
    if entry.registered:
        yield _line("client id", f"{registration.client_id} (as registered here)")
        yield _line("FHIR base (iss)", f"{registration.iss} (R4)")
    yield from _frames(entry.base_url, registration)
    yield from _scopes(registration)
    yield from _backend(entry.base_url, registration)


def _missing(stage: str, entries: Sequence[Entry], other_base_url: str | None) -> Iterator[str]:
    yield f"Not registered here. Register it apart, with a client id of its own: preceptor ehr add --stage {stage}"
    if other_base_url and entries:
        yield from _addresses(other_base_url.rstrip("/"), entries[0].registration)
        yield _line("scopes", "as above" if stage == "production" else "as below")
    else:
        yield f"Its addresses are those of your {stage} Preceptor (here with --other-base-url URL)."


def _addresses(base_url: str, registration: Registration) -> Iterator[str]:
    yield _line("launch URL", f"{base_url}/launch")
    yield _line("", f"or one for each place: {base_url}/launch/<place>, place: {', '.join(PLACES)}")
    yield _line("redirect URI", f"{base_url}/launch/callback/{registration.callback}")
    if registration.auth == "private_key_jwt":
        yield _line("key set (JWKS)", f"{base_url}/.well-known/jwks.json")
        yield _line("", "Register the address, not a copy: keys are rotated, and the old ones stay published there.")
    if base_url.startswith("http:"):
        yield _line("mind", "this address is not https: it serves on this machine only")


def _frames(base_url: str, registration: Registration) -> Iterator[str]:
    yield _line("app origin", f"{base_url} (for the EHR's list of what it may show in a frame)")
    ancestors = (
        ", ".join(registration.frame_ancestors) or "none yet: no frame opens; preceptor ehr add --frame-ancestor"
    )
    yield _line("framed by", ancestors)
    if registration.style_origins:
        yield _line("style from", ", ".join(registration.style_origins))


def _scopes(registration: Registration) -> Iterator[str]:
    yield _line("scopes", " ".join(asked_scopes(registration, standalone=False)))
    for scope in needed_scopes(registration, standalone=False):
        yield f"    {' '.join(in_words_of(registration, scope)):<32}  {reason_for(scope, registration)}"
    for name in features_of(registration):
        yield _line("turned on", f"{name}: {FEATURES[name].what}")
    if registration.without_scopes:
        yield _line("left out here", f"{', '.join(registration.without_scopes)} (neither asked for nor read)")
    yield _line("never asked for", "Patient, or anything of a patient's record")


def _backend(base_url: str, registration: Registration) -> Iterator[str]:
    """The second client, for what is done where nobody launched."""
    if not registration.backend_client_id:
        return
    yield _line("Backend Services", f"{registration.backend_client_id} (client id; a system client of its own)")
    yield _line("", f"private_key_jwt ({registration.signing_algorithm}), client_credentials; no redirect URI")
    yield _line("key set (JWKS)", f"{base_url}/.well-known/jwks.json")
    for scope, reason in BACKEND_REASONS.items():
        yield f"    {' '.join(in_words_of(registration, scope)):<32}  {reason}"


def _line(label: str, text: str) -> str:
    return f"  {label:<{_WIDTH}}{text}"
