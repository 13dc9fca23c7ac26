"""Checks of what an analyst types at `preceptor ehr add`: each says how to write it."""

import re
import sys
from collections.abc import Iterable
from urllib.parse import urlsplit

import click

from launch.discovery import is_plausible_iss
from smart_app.organizations.ehr_features import in_the_way

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def check_addresses(
    *, iss: str, callback: str, frame_ancestors: tuple[str, ...], style_origins: tuple[str, ...],
    issuer_and_keys: tuple[str | None, ...],
) -> None:  # fmt: skip
    """Raise click.BadParameter for the first that is not what it should be."""
    if not is_plausible_iss(iss):
        raise click.BadParameter("write the FHIR base as https://ehr.example.org/fhir", param_hint="--iss")
    if not SLUG.fullmatch(callback):
        raise click.BadParameter('lower-case letters, digits and "-" only', param_hint="--callback")
    check_origins(frame_ancestors=frame_ancestors, style_origins=style_origins)
    for address in issuer_and_keys:
        if address is not None and urlsplit(address).scheme not in {"https", "http"}:
            raise click.BadParameter(f"{address} is no address", param_hint="--token-issuer, --jwks-uri")


def check_origins(*, frame_ancestors: tuple[str, ...], style_origins: tuple[str, ...]) -> None:
    """Raise click.BadParameter for the first that is no origin."""
    for origin in frame_ancestors:
        if not is_origin(origin):
            raise click.BadParameter(
                f"{origin}: write an origin, https://ehr.example.org", param_hint="--frame-ancestor"
            )
    for origin in style_origins:
        if not is_origin(origin) or "*" in origin:
            raise click.BadParameter(f"{origin}: write an origin, https://ehr.example.org", param_hint="--style-origin")


def check_left_out(features: Iterable[str], without: Iterable[str]) -> None:
    """Raise click.BadParameter where a feature needs what is not asked for."""
    if why := in_the_way(features, without):
        raise click.BadParameter(why, param_hint="--without-scope")


def check_metadata(*, legacy_metadata: bool, jwks_uri: str | None) -> None:
    """/metadata names no keys: without pinned ones nobody could ever sign in."""
    if legacy_metadata and jwks_uri is None:
        raise click.BadParameter(
            "needs --jwks-uri too (and --token-issuer, where id_tokens name another issuer than the FHIR base): "
            "/metadata names neither",
            param_hint="--legacy-metadata",
        )


def read_secret(*, auth: str, from_stdin: bool) -> str | None:
    """The client secret, from standard input alone: an option would stay in the shell's history."""
    if auth != "client_secret_basic":
        if from_stdin:
            raise click.BadParameter("goes with --auth client_secret_basic", param_hint="--client-secret-stdin")
        return None
    if not from_stdin:
        raise click.BadParameter("client_secret_basic needs --client-secret-stdin", param_hint="--auth")
    secret = sys.stdin.read().strip("\r\n")
    if not is_secret(secret):
        raise click.BadParameter("one line with the secret was expected there", param_hint="--client-secret-stdin")
    return secret


def is_secret(text: str) -> bool:
    """Whether it can be a client secret: one line of printable characters."""
    return 0 < len(text) <= 500 and text.isprintable()


def is_origin(text: str) -> bool:
    """Whether it is an origin that may be written into a header; "*." may lead its host."""
    parts = urlsplit(text)
    plain = text == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc
    # It is written into a header: nothing that could end the directive, and no wildcard over the whole web.
    return (
        plain
        and parts.scheme in {"https", "http"}
        and re.fullmatch(r"(\*\.)?[A-Za-z0-9.-]+(:\d+)?", parts.netloc) is not None
    )
