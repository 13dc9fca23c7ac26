"""The token endpoint's answer: exchanged once, checked, and its launch context read.

Source: RFC 6749 5.1; SMART App Launch 2.2, "Launch context arrives with your
access_token". The patient's id is looked at and dropped here; nothing keeps it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from launch import identity_errors as errors
from launch.client_auth import ClientProof
from launch.context import ContextReference
from launch.fhir_user import find_reference, is_fhir_id
from launch.outbound import Door, NotJson, OutboundError, RedirectRefused, TooLarge, json_object, prepared
from launch.report import Step

_FORM_HEADERS: Final = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
_BEARER: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
_MAX_TOKEN: Final = 65_536
_SECONDS_NOT_SAID: Final = 300.0
_MAX_SECONDS: Final = 86_400
_MAX_REFERENCES: Final = 50
_MAX_APP_CONTEXT: Final = 8_192


@dataclass(frozen=True, kw_only=True)
class TokenResponse:
    """An access token and what came with it."""

    access_token: str = field(repr=False)
    id_token: object = field(repr=False)
    granted_scopes: frozenset[str]
    refresh_token: str | None = field(repr=False)
    seconds: float
    """How long the access token is good; 300 where the EHR does not say (RFC 6749 5.1 lets it)."""
    parameters: Mapping[str, Any] = field(repr=False)
    """The whole answer, for :func:`read_launch_parameters`."""


@dataclass(frozen=True, kw_only=True)
class LaunchParameters:
    """Launch context, checked; the same words as in :class:`launch.context.LaunchContext`."""

    encounter: str | None
    patient_present: bool
    intent: str | None
    fhir_context: tuple[ContextReference, ...]
    app_context: Mapping[str, Any]
    tenant: str | None
    need_patient_banner: bool
    smart_style_url: str | None
    left_out: tuple[str, ...]
    """What could not be read, in words."""


def ask_for_token(
    door: Door, token_url: str, grant: Mapping[str, str], proof: ClientProof, *, step: Step | None = None
) -> dict[str, Any]:
    """POST a grant (a code, a refresh token) with the client's proof; the answer as a JSON object.

    While a client secret is rotated, the EHR may know only the one before: it is tried where the new one
    is refused, and `step` of the launch report says so. The grant is still good then: whoever does not
    know the client does not look at its grant (RFC 6749 3.2.1).

    Raises :class:`launch.identity_errors.TokenUnreachable`, `TokenRefused`, `TokenResponseInvalid`.
    """
    try:
        return _answer_to(door, token_url, grant, proof)
    except errors.ClientRefused:
        if proof.earlier is None:
            raise
        answer = _answer_to(door, token_url, grant, proof.earlier)
        if step is not None:
            step.fell_back("the EHR refused the new client secret: the one before it was used")
        return answer


def _answer_to(door: Door, token_url: str, grant: Mapping[str, str], proof: ClientProof) -> dict[str, Any]:
    body = urlencode({**grant, **proof.fields}).encode()
    try:
        response = door.send(prepared("POST", token_url, {**_FORM_HEADERS, **proof.headers}, body))
        if response.status_code == 429 or response.status_code >= 500:
            raise errors.TokenUnreachable(f"token endpoint: HTTP {response.status_code}")
        answer = json_object(response.content)
    except (NotJson, RedirectRefused, TooLarge) as err:
        raise errors.TokenResponseInvalid(f"token endpoint: {err}") from err
    except OutboundError as err:
        raise errors.TokenUnreachable(f"token endpoint: {err}") from err
    if response.status_code != 200 or "error" in answer:
        refused = response.status_code == 401 or answer.get("error") == "invalid_client"
        kind = errors.ClientRefused if refused else errors.TokenRefused
        raise kind(f"token endpoint: HTTP {response.status_code}, {_error_code(answer)}")
    return answer


def read_token_response(answer: Mapping[str, Any], *, asked: tuple[str, ...]) -> TokenResponse:
    """`answer` checked. Where it names no scope, all that was asked for is granted (RFC 6749 5.1)."""
    token, scope = answer.get("access_token"), answer.get("scope")
    if not isinstance(token, str) or len(token) > _MAX_TOKEN or not _BEARER.fullmatch(token):
        raise errors.TokenResponseInvalid("access_token is missing or not a bearer token")
    if str(answer.get("token_type", "")).lower() != "bearer":
        raise errors.TokenResponseInvalid("token_type is not Bearer")
    if scope is not None and not isinstance(scope, str):
        raise errors.TokenResponseInvalid("scope is not a string")
    return TokenResponse(
        access_token=token,
        id_token=answer.get("id_token"),
        granted_scopes=frozenset(asked if scope is None else scope.split()),
        refresh_token=_refresh_token(answer),
        seconds=_seconds(answer.get("expires_in")),
        parameters=answer,
    )


def read_launch_parameters(answer: Mapping[str, Any], *, base: str) -> LaunchParameters:
    """The launch context in `answer`. A malformed part is left out and named; an unsafe id is refused."""
    left_out: list[str] = []
    return LaunchParameters(
        encounter=_logical_id(answer, "encounter"),
        patient_present=_logical_id(answer, "patient") is not None,
        intent=_text(answer, "intent", left_out),
        fhir_context=_fhir_context(answer, base, left_out),
        app_context=_app_context(answer, left_out),
        tenant=_text(answer, "tenant", left_out),
        need_patient_banner=answer.get("need_patient_banner") in (True, "true"),
        smart_style_url=_text(answer, "smart_style_url", left_out, limit=2_000),
        left_out=tuple(left_out),
    )


def _refresh_token(answer: Mapping[str, Any]) -> str | None:
    """What may be sent again in a form; anything else is no refresh token."""
    value = answer.get("refresh_token")
    usable = isinstance(value, str) and 0 < len(value) <= _MAX_TOKEN and value.isascii() and value.isprintable()
    return value if usable else None


def _seconds(value: object) -> float:
    """`expires_in`, which some EHRs send as text; at most a day is believed."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:9])
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e9:
        return _SECONDS_NOT_SAID
    return float(min(value, _MAX_SECONDS))


def _error_code(answer: Mapping[str, Any]) -> str:
    """The error's code alone: its description is the EHR's free text and goes nowhere."""
    code = answer.get("error")
    return code if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,40}", code) else "no error code"


def _logical_id(answer: Mapping[str, Any], name: str) -> str | None:
    value = answer.get(name)
    if value is None or value == "":
        return None
    if not is_fhir_id(value):
        raise errors.ContextRefused(f"{name} is not a FHIR id")
    return str(value)


def _text(answer: Mapping[str, Any], name: str, left_out: list[str], *, limit: int = 200) -> str | None:
    value = answer.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > limit or not value.isprintable():
        left_out.append(f"{name} is not a short text")
        return None
    return value


def _fhir_context(answer: Mapping[str, Any], base: str, left_out: list[str]) -> tuple[ContextReference, ...]:
    entries = answer.get("fhirContext")
    if entries is None:
        return ()
    if not isinstance(entries, list):
        left_out.append("fhirContext is not a list")
        return ()
    found = [_context_reference(entry, base) for entry in entries[:_MAX_REFERENCES]]
    if None in found or len(entries) > _MAX_REFERENCES:
        left_out.append("fhirContext holds entries that are not references below the FHIR base")
    return tuple(reference for reference in found if reference is not None)


def _context_reference(entry: object, base: str) -> ContextReference | None:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("reference"), str):
        return None
    reference = find_reference(entry["reference"], base=base)
    role = entry.get("role") or "launch"
    if reference is None or not isinstance(role, str) or len(role) > 200:
        return None
    return ContextReference(resource_type=reference[0], id=reference[1], role=role)


def _app_context(answer: Mapping[str, Any], left_out: list[str]) -> Mapping[str, Any]:
    """`appContext`: a JSON object, or the text of one (CDS Hooks, "SMART app launch")."""
    value = answer.get("appContext")
    if isinstance(value, str) and len(value) <= _MAX_APP_CONTEXT:
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if isinstance(value, dict):
        return value
    if answer.get("appContext"):
        left_out.append("appContext is not a JSON object")
    return {}
