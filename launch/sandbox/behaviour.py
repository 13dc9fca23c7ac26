"""How this EHR behaves: what tests and demos may turn, by the control API or in process."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal


@dataclass(kw_only=True)
class Behaviour:
    """Knobs with their plain, well-behaved defaults. Times in seconds."""

    software: str = "Sandbox EHR"
    """What the CapabilityStatement calls it."""
    iss_with_slash: bool = False
    """The launch writes `iss` with a slash at its end, and `aud` must have it too."""

    token_seconds: int = 3600
    backend_seconds: int = 300
    """Life of a token of Backend Services: at most five minutes are recommended."""
    code_seconds: float = 60
    launch_seconds: float = 300
    id_token_seconds: int = 300
    id_token_claims: dict[str, Any] = field(default_factory=dict)
    """Claims put over the id_token's own; null takes one out."""
    omit_id_token: bool = False
    omit_kid: bool = False
    omit_fhir_user: bool = False
    fhir_user_kind: Literal["Practitioner", "PractitionerRole", "Person"] = "Practitioner"
    fhir_user_form: Literal["absolute", "relative", "versioned"] = "absolute"
    issuer: str | None = None
    """What discovery says; None: the FHIR base."""
    token_issuer: str | None = None
    """What id_tokens say; None: as in discovery."""
    send_iss: bool = True
    """RFC 9207: `iss` in the authorization response."""
    task_in: Literal["fhirContext", "appContext", "nowhere"] = "fhirContext"
    need_patient_banner: bool = True
    tenant: str | None = None
    send_style: bool = True
    rotate_refresh_tokens: bool = True
    token_response: dict[str, Any] = field(default_factory=dict)
    """Members put over the token response's own; null takes one out."""
    discovery: dict[str, Any] = field(default_factory=dict)
    """Members put over the smart-configuration's own; null takes one out."""
    refuse_with: str | None = None
    """An OAuth error that every authorization is answered with, say "access_denied"."""
    page_size: int = 20
    ignore_elements: bool = False
    """Send whole resources also where `_elements` asks for less, as some EHRs do."""
    writable_types: tuple[str, ...] = ("Task",)
    """Resource types that it lets apps create and update."""
    unsupported_types: tuple[str, ...] = ()
    """Resource types this EHR does not have."""
    read_by_id_only: tuple[str, ...] = ()
    """Resource types that it does not search."""
    advertise_what_is_refused: bool = False
    """The CapabilityStatement and `scopes_supported` name those searches and types all the same."""
    scopes_supported: tuple[str, ...] | None = None
    """What discovery says of scopes; None: what may be granted. It grants as it likes."""
    trim_unsupported_scopes: bool = False
    """Scopes of types that there are not are left out of the grant, without a word."""
    refuse_unsupported_scopes: bool = False
    """A request with a scope of a type that there is not is answered with `invalid_scope`."""
    trim_wildcard_scopes: bool = False
    """`user/*.rs` grants nothing."""
    fhir_user_in_token_response: bool = False
    """`fhirUser` beside the id_token, unsigned: no app may believe it."""

    def change(self, changes: Mapping[str, Any]) -> None:
        """Set some knobs; KeyError names the unknown ones, and then nothing is set."""
        unknown = set(changes) - {knob.name for knob in fields(self)}
        if unknown:
            raise KeyError(", ".join(sorted(unknown)))
        for name, value in changes.items():
            setattr(self, name, tuple(value) if isinstance(value, list) else value)


def with_changes(document: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The document with `changes` put over it; a None takes a member out."""
    merged = {**document, **changes}
    return {name: value for name, value in merged.items() if name not in changes or changes[name] is not None}
