"""An EHR registration as a form: read, checked field by field, and shown again as it was typed."""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from werkzeug.datastructures import MultiDict

from launch.discovery import is_plausible_iss
from launch.scopes import MAY_BE_LEFT_OUT
from launch.stores import Registration
from smart_app.organizations.ehr_features import FEATURES, features_of, in_the_way, scopes_of
from smart_app.organizations.ehr_options import SLUG, is_origin, is_secret
from smart_app.organizations.ehr_sheet import STAGES
from smart_app.organizations.models import EhrRegistration
from smart_app.organizations.registration_rows import registration_of

AUTH: Final[Mapping[str, str]] = {
    "private_key_jwt": "With Preceptor's own key (private_key_jwt). The EHR fetches its public half.",
    "client_secret_basic": "With a client secret that the EHR gave (client_secret_basic). Kept encrypted.",
    "public": "As a public client: no secret, PKCE alone.",
}
_LONGEST = {"name": 120, "iss": 500, "client_id": 250, "backend_client_id": 250, "token_issuer": 500, "jwks_uri": 500}


@dataclass(frozen=True)
class EhrForm:
    """What stands in the fields, and what is wrong with them."""

    values: Mapping[str, Any]
    secret: str | None = None
    """A new one; None: none was typed."""
    errors: Mapping[str, str] = field(default_factory=dict)

    def registration(self, organization: UUID) -> Registration:
        """For :func:`smart_app.organizations.verbs.register_ehr`."""
        given = {name: value for name, value in self.values.items() if name not in {"features", "stage"}}
        given = {name: value or None if name in _MAY_BE_NONE else value for name, value in given.items()}
        lines = {name: tuple(str(given[name]).split()) for name in _LINES}
        return Registration(
            id="",
            organization=organization.hex,
            client_secret=self.secret,
            extra_scopes=scopes_of(self.values["features"]),
            **{**given, **lines},
        )


_MAY_BE_NONE = frozenset({"token_issuer", "jwks_uri", "backend_client_id"})
_LINES = ("frame_ancestors", "style_origins")
_TEXTS = ("name", "iss", "client_id", "callback", "token_issuer", "jwks_uri", "backend_client_id", *_LINES)
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "auth": tuple(AUTH),
    "signing_algorithm": ("ES384", "RS384"),
    "scopes": ("v2", "v1"),
    "stage": STAGES,
}


_NOTHING: Final[Mapping[str, Any]] = {"features": (), "without_scopes": ()}


def empty_form() -> EhrForm:
    """For a new registration."""
    values: dict[str, Any] = dict.fromkeys(_TEXTS, "")
    chosen = {"auth": "private_key_jwt", "signing_algorithm": "ES384", "scopes": "v2", "stage": "production"}
    return EhrForm({**values, **chosen, "callback": "ehr", "legacy_metadata": False, **_NOTHING})


def form_of(row: EhrRegistration) -> EhrForm:
    """For one that is there."""
    registration = registration_of(row, secret=None)
    values: dict[str, Any] = {
        name: getattr(registration, name) or "" for name in (*_TEXTS, *_CHOICES) if name != "stage"
    }
    lines = {name: "\n".join(values[name]) for name in _LINES}
    more = {"legacy_metadata": row.legacy_metadata, "stage": row.stage, "features": features_of(registration)}
    return EhrForm({**values, **lines, **more, "without_scopes": registration.without_scopes})


def read_form(given: MultiDict[str, str], *, there: EhrRegistration | None, served_openly: bool) -> EhrForm:
    """The form as sent. `there`: the registration that it changes; `served_openly`: beyond this machine, by https."""
    values: dict[str, Any] = {name: given.get(name, "").strip() for name in _TEXTS}
    if there is not None:
        values["iss"] = there.iss
    for name, known in _CHOICES.items():
        values[name] = given.get(name, "") if given.get(name, "") in known else known[0]
    values["legacy_metadata"] = given.get("legacy_metadata", "") == "on"
    values["features"] = tuple(name for name in FEATURES if name in given.getlist("features"))
    values["without_scopes"] = tuple(name for name in MAY_BE_LEFT_OUT if name in given.getlist("without_scopes"))
    secret = given.get("client_secret", "").strip() or None
    if values["auth"] != "client_secret_basic":
        secret = None
    errors = dict(_errors(values, secret, there, served_openly))
    return EhrForm(values, secret, errors)


def _errors(
    values: Mapping[str, Any], secret: str | None, there: EhrRegistration | None, openly: bool
) -> Iterator[tuple[str, str]]:
    for name in ("name", "client_id"):
        if not values[name] or not values[name].isprintable():
            yield name, "Fill this in, on one line."
    for name, most in _LONGEST.items():
        if len(values[name]) > most:
            yield name, f"At most {most} characters."
    yield from _wrong_addresses(values, openly, is_new=there is None)
    yield from _wrong_origins(values)
    if why := in_the_way(values["features"], values["without_scopes"]):
        yield "without_scopes", why
    yield from _wrong_secret(values, secret, has_one=there is not None and there.client_secret is not None)


def _wrong_addresses(values: Mapping[str, Any], openly: bool, *, is_new: bool) -> Iterator[tuple[str, str]]:
    if is_new and not (is_plausible_iss(values["iss"]) and _may_ask(values["iss"], openly)):
        yield "iss", "Write the FHIR base as https://ehr.example.org/fhir, exactly as the EHR sends it."
    if not SLUG.fullmatch(values["callback"]):
        yield "callback", 'Lower-case letters, digits and "-" only.'
    for name in ("token_issuer", "jwks_uri"):
        if values[name] and not (is_plausible_iss(values[name]) and _may_ask(values[name], openly)):
            yield name, "Write an address: https://ehr.example.org/..."
    if values["legacy_metadata"] and not values["jwks_uri"]:
        yield "legacy_metadata", "/metadata names no keys: fill in the address of the keys too."


def _wrong_origins(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _LINES:
        origins = values[name].split()
        wrong = [origin for origin in origins if not is_origin(origin) or ("*" in origin and name == "style_origins")]
        if wrong or len(values[name]) > 2000:
            yield name, f"Write origins, one a line: https://ehr.example.org. Not: {' '.join(wrong)[:80]}"


def _wrong_secret(values: Mapping[str, Any], secret: str | None, *, has_one: bool) -> Iterator[tuple[str, str]]:
    if values["auth"] == "client_secret_basic" and secret is None and not has_one:
        yield "client_secret", "Fill in the secret that the EHR gave."
    if secret is not None and not is_secret(secret):
        yield "client_secret", "One line with the secret was expected."


def _may_ask(address: str, openly: bool) -> bool:
    """Whether the server may be sent there from a page: by https to a named host, unless all this is on one machine.

    An address inside the hospital that has no name is registered on the command line, by who runs the server.
    """
    if not openly:
        return True
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        return ipaddress.ip_address(host).is_global and parts.scheme == "https"
    except ValueError:
        return parts.scheme == "https" and "." in host and not host.endswith((".localhost", ".internal", ".local"))
