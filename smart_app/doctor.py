"""`preceptor doctor ISS`: what an EHR supports, what will fall back, what to register and why. Needs no database.

Exit code: 0 all is there, 1 launches work with fallbacks, 2 no launch will work, 3 the command itself was misused.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from launch.doctor import Diagnosis, diagnose
from launch.outbound import Door
from launch.scopes import in_words_of, needed_scopes
from smart_app.config import Settings, SettingsError, load_settings
from smart_app.organizations.ehr_features import reason_for

VERDICTS = ("all is there", "launches work, with fallbacks", "no launch will work")
_WIDTH = 20


class Misused(click.ClickException):
    """The command cannot run here; the exit code is none of a diagnosis."""

    exit_code = 3


@click.command()
@click.argument("iss")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.option("--callback", default="ehr", show_default=True, help="Slug of the redirect URI.")
def doctor(iss: str, as_json: bool, callback: str) -> None:
    """Look at the EHR whose FHIR base is ISS. Nothing is written; no token is needed."""
    try:
        settings = load_settings()
    except SettingsError as error:
        raise Misused(str(error)) from error
    door = Door(https_proxy=settings.https_proxy or None, ca_file=str(settings.ca_file) if settings.ca_file else None)
    seen = diagnose(iss, door)
    if as_json:
        click.echo(json.dumps(in_json(seen, settings, callback=callback), indent=1))
    else:
        click.echo("\n".join(in_words(seen, settings, callback=callback)))
    sys.exit(seen.exit_code)


def in_json(seen: Diagnosis, settings: Settings, *, callback: str) -> dict[str, Any]:
    """The diagnosis for programs."""
    return {
        "iss": seen.iss,
        "verdict": VERDICTS[seen.exit_code],
        "exit_code": seen.exit_code,
        "ehr": seen.known.name if seen.known else None,
        "guide": seen.known.guide if seen.known else None,
        "hints": list(seen.known.hints) if seen.known else [],
        "findings": [asdict(finding) for finding in seen.findings],
        "fallbacks": [_fallback(finding.subject, finding.means) for finding in _falling_back(seen)],
        "register_at_the_ehr": dict(_at_the_ehr(seen, settings, callback)),
        "scopes": {" ".join(words): reason for words, reason in _scopes(seen)},
        "register_here": _command(seen, callback),
        "steps": [dict(step) for step in seen.steps],
    }


def in_words(seen: Diagnosis, settings: Settings, *, callback: str) -> Iterator[str]:
    """The diagnosis for people."""
    yield f"{seen.iss}: {VERDICTS[seen.exit_code]}"
    if seen.known:
        yield f"This is {seen.known.name}. Read {seen.known.guide}."
        yield from (f"  Known of it: {hint}." for hint in seen.known.hints)
    yield from ("", "What it supports")
    for finding in seen.findings:
        yield f"  {finding.grade:<12}{finding.subject:<{_WIDTH}}{finding.found}"
        yield from (f"{'':<14}{'':<{_WIDTH}}To do: {finding.do}" for _ in [finding.do] if finding.do)
    yield from ("", "What will fall back")
    yield from [f"  {_fallback(f.subject, f.means)}" for f in _falling_back(seen)] or ["  Nothing."]
    yield from ("", "What to register at the EHR")
    yield from (f"  {name:<{_WIDTH}}{value}" for name, value in _at_the_ehr(seen, settings, callback))
    yield from (f"  {' '.join(words):<30}{reason}" for words, reason in _scopes(seen))
    if left_out := ", ".join(seen.registration.without_scopes):
        yield f"  {'left out':<30}{left_out}: the EHR has none, and some refuse the whole sign-in for asking"
    yield f"  {'never asked for':<30}Patient, or anything of a patient's record"
    yield from ("", "What to register here, when the EHR has given a client id", f"  {_command(seen, callback)}")


def _falling_back(seen: Diagnosis) -> list[Any]:
    return [finding for finding in seen.findings if finding.grade == "falls back"]


def _fallback(subject: str, means: str) -> str:
    return f"{subject}: {means}" if means else subject


def _at_the_ehr(seen: Diagnosis, settings: Settings, callback: str) -> Iterator[tuple[str, str]]:
    yield "launch URL", f"{settings.base_url}/launch"
    yield "redirect URI", f"{settings.base_url}/launch/callback/{callback}"
    if seen.registration.auth == "private_key_jwt":
        yield "key set (JWKS)", f"{settings.base_url}/.well-known/jwks.json"
    yield "sign-in of the app", f"{seen.registration.auth}, with PKCE S256"


def _scopes(seen: Diagnosis) -> Iterator[tuple[tuple[str, ...], str]]:
    """(words to register, reason), in the words of SMART that this EHR knows."""
    for scope in needed_scopes(seen.registration, standalone=False):
        yield in_words_of(seen.registration, scope), reason_for(scope, seen.registration)


def _command(seen: Diagnosis, callback: str) -> str:
    """`preceptor ehr add` with what is known; in capitals what is not."""
    draft = seen.registration
    options = ["--organization NAME", "--name NAME", f"--iss {seen.iss}", "--client-id ID", f"--auth {draft.auth}"]
    if draft.auth == "private_key_jwt":
        options.append(f"--signing-algorithm {draft.signing_algorithm}")
    if draft.auth == "client_secret_basic":
        options.append("--client-secret-stdin")
    options += [f"--callback {callback}", "--frame-ancestor ORIGIN"]
    options += [f"--without-scope {name}" for name in draft.without_scopes]
    options += ["--scopes v1"] if draft.scopes == "v1" else []
    options += ["--legacy-metadata"] if draft.legacy_metadata else []
    options += [f"{pin} URL" for pin in seen.unknown_pins]
    return f"preceptor ehr add {' '.join(options)}"
