"""A look at an EHR before anybody launches from it: what it supports, what will fall back, what to register and why.

It reads three public documents of the EHR (settings, CapabilityStatement, key set) through the same door as a
launch, with no token, and judges them by the client's own rules. What only a sign-in shows (the issuer that
id_tokens really carry, the scopes that are really granted) it cannot see; where a product is known by name,
its page says so.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from launch.discovery import WELL_KNOWN, SmartConfiguration, is_plausible_iss, normalise_iss, read_configuration
from launch.doctor_checks import (
    Finding,
    Grade,
    check_address,
    check_configuration,
    check_keys,
    check_resources,
    check_scopes,
    speaks_v1_only,
    types_that_are_not_there,
)
from launch.documents import fetch_json
from launch.errors import LaunchError
from launch.known_ehrs import KnownEhr, find_known
from launch.legacy_metadata import METADATA, configuration_of
from launch.outbound import FHIR_BYTES, BadStatus, Door, NotJson, OutboundError
from launch.report import LaunchReport
from launch.stores import AuthMethod, Registration, SigningAlgorithm

SIGNING: Final[tuple[SigningAlgorithm, ...]] = ("ES384", "RS384")


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What was seen."""

    iss: str
    known: KnownEhr | None
    findings: tuple[Finding, ...]
    registration: Registration
    """A draft of what to register here; its client id is empty."""
    unknown_pins: tuple[str, ...]
    """Options of the registration whose values only the first launch shows."""
    steps: tuple[Mapping[str, Any], ...]
    """What was fetched, as in a launch report: {name, outcome, milliseconds, detail?}."""

    @property
    def exit_code(self) -> int:
        """0: all is there. 1: launches work, with fallbacks. 2: no launch will work."""
        grades = {finding.grade for finding in self.findings}
        return 2 if "fails" in grades else int("falls back" in grades)


@dataclass
class _Seen:
    """What the EHR answered."""

    report: LaunchReport = field(default_factory=LaunchReport)
    settings: dict[str, Any] | OutboundError = field(default_factory=dict)
    statement: dict[str, Any] | OutboundError = field(default_factory=dict)


def diagnose(iss: str, door: Door) -> Diagnosis:
    """Look at the EHR whose FHIR base is `iss`. Raises nothing of the network; takes about ten seconds at most."""
    if not is_plausible_iss(iss):
        found = Finding(
            subject="address", grade="fails", found="not an http(s) URL of plain characters", do="write the FHIR base"
        )
        return _diagnosis(iss, None, [found], _draft(iss), _Seen())
    seen = _look(normalise_iss(iss), door)
    statement = seen.statement if isinstance(seen.statement, dict) else {}
    known = find_known(statement, host=urlsplit(iss).hostname or "")
    findings = [*check_address(iss)]
    draft = _judge_settings(iss, seen, findings, door)
    if isinstance(seen.statement, dict):
        findings += check_resources(statement, known)
        draft = replace(draft, without_scopes=types_that_are_not_there(statement))
    else:
        means = "what can be read is seen at a launch, and whatever cannot falls back there"
        findings.append(Finding(subject="FHIR", grade="falls back", found=f"{METADATA}: {seen.statement}", means=means))
    return _diagnosis(iss, known, findings, draft, seen)


def _look(base: str, door: Door) -> _Seen:
    """Both documents at once: either may be slow."""
    seen = _Seen()
    with ThreadPoolExecutor(max_workers=2) as pool:
        settings = pool.submit(_fetched, seen.report, WELL_KNOWN, lambda: fetch_json(door, base + WELL_KNOWN))
        statement = pool.submit(
            _fetched,
            seen.report,
            METADATA,
            lambda: fetch_json(door, base + METADATA, accept="application/fhir+json", cap=FHIR_BYTES),
        )
        seen.settings, seen.statement = settings.result(), statement.result()
    if isinstance(seen.statement, dict) and seen.statement.get("resourceType") != "CapabilityStatement":
        seen.statement = NotJson("the answer is not a CapabilityStatement")
    return seen


def _fetched(report: LaunchReport, name: str, fetch: Callable[[], dict[str, Any]]) -> dict[str, Any] | OutboundError:
    with report.step(f"fetch {name}") as step:
        try:
            return fetch()
        except OutboundError as error:
            step.failed(str(error))
            return error


def _judge_settings(iss: str, seen: _Seen, findings: list[Finding], door: Door) -> Registration:
    """Adds findings on the settings document and the keys; gives the draft of the registration."""
    body, legacy = _settings_of(seen)
    if body is None:
        findings.append(_no_settings(seen))
        return _draft(iss)
    try:
        configuration = read_configuration(_draft(iss), body)
    except LaunchError as error:
        do = "ask the EHR's team to mend the document"
        findings.append(Finding(subject="settings", grade="fails", found=error.reason, means=error.title, do=do))
        return _draft(iss)
    findings.append(_where_from(legacy))
    findings += check_configuration(configuration, body, iss=iss)
    v1 = legacy or speaks_v1_only(body)
    findings.append(check_scopes(body, in_v1_words=v1))
    draft, way = _sign_in(body, _draft(iss, legacy=legacy, scopes="v1" if v1 else "v2"))
    findings.append(way)
    findings += _keys(configuration, seen.report, door)
    return draft


def _settings_of(seen: _Seen) -> tuple[dict[str, Any] | None, bool]:
    """(settings document, whether it comes from the CapabilityStatement); as the client would find it."""
    if isinstance(seen.settings, dict):
        return seen.settings, False
    error = seen.settings
    is_missing = isinstance(error, NotJson) or (
        isinstance(error, BadStatus) and (error.status == 501 or 400 <= error.status < 429)
    )
    if not is_missing or not isinstance(seen.statement, dict):
        return None, False
    found = configuration_of(seen.statement)
    return (found, True) if "token_endpoint" in found else (None, False)


def _no_settings(seen: _Seen) -> Finding:
    return Finding(
        subject="settings",
        grade="fails",
        found=f"{WELL_KNOWN}: {seen.settings}",
        means="a launch cannot know where to sign in; what was read before serves on for a day",
        do="check the FHIR base; if it is right, ask the EHR's team, or try again later",
    )


def _where_from(legacy: bool) -> Finding:
    if not legacy:
        return Finding(subject="settings", grade="good", found=WELL_KNOWN)
    means = "endpoints are taken from the CapabilityStatement, which says nothing of keys, PKCE and capabilities"
    do = "register it with --legacy-metadata, --jwks-uri and --token-issuer"
    return Finding(subject="settings", grade="falls back", found=f"only in {METADATA}", means=means, do=do)


def _sign_in(body: Mapping[str, Any], draft: Registration) -> tuple[Registration, Finding]:
    """The strongest way to sign in the app that the EHR offers."""
    methods, algorithms = body.get("token_endpoint_auth_methods_supported"), _signing_algorithms(body)
    offered = methods if isinstance(methods, list) else []
    if "private_key_jwt" in offered and algorithms:
        found = f"private_key_jwt, {algorithms[0]}"
        return _with_auth(draft, "private_key_jwt", algorithms[0]), Finding(
            subject="app sign-in", grade="good", found=found
        )
    if "client_secret_basic" in offered:
        means = "a secret is kept here, encrypted, in place of a key pair"
        return _with_auth(draft, "client_secret_basic"), Finding(
            subject="app sign-in", grade="good", found="client_secret_basic", means=means
        )
    if not offered or "none" in offered:
        found = "public clients" if offered else "nothing is said of it"
        means = "the app registers as a public client, with PKCE"
        return draft, Finding(
            subject="app sign-in", grade="good" if offered else "falls back", found=found, means=means
        )
    found = f"only {', '.join(str(one)[:40] for one in offered)}"
    do = "ask whether it takes public clients, client_secret_basic or private_key_jwt with ES384 or RS384"
    return draft, Finding(subject="app sign-in", grade="falls back", found=found, do=do)


def _signing_algorithms(body: Mapping[str, Any]) -> list[SigningAlgorithm]:
    """Those of ours that it takes; where it names none, SMART requires it to take them."""
    named = body.get("token_endpoint_auth_signing_alg_values_supported")
    return [ours for ours in SIGNING if not isinstance(named, list) or ours in named]


def _keys(configuration: SmartConfiguration, report: LaunchReport, door: Door) -> Iterator[Finding]:
    if configuration.jwks_uri is None:
        do = "ask the EHR for the key set of its id_tokens and register it: --jwks-uri"
        # The CapabilityStatement never names keys: there they are registered, and launches work.
        grade: Grade = "falls back" if configuration.found_at == METADATA else "fails"
        yield Finding(
            subject="keys", grade=grade, found="no key set is named", means="no id_token can be checked", do=do
        )
        return
    url = configuration.jwks_uri
    answer = _fetched(report, "key set", lambda: fetch_json(door, url))
    if isinstance(answer, OutboundError):
        means = "no id_token can be checked while it does not answer"
        yield Finding(subject="keys", grade="fails", found=f"{url}: {answer}", means=means, do="ask the EHR's team")
        return
    yield check_keys(_usable_keys(answer), configuration)


def _usable_keys(jwks: Mapping[str, Any]) -> int:
    listed = jwks.get("keys")
    keys = [key for key in listed if isinstance(key, Mapping)] if isinstance(listed, list) else []
    return sum(key.get("kty") in ("RSA", "EC") and key.get("use") in (None, "sig") for key in keys)


def _draft(iss: str, *, legacy: bool = False, scopes: Any = "v2") -> Registration:
    return Registration(
        id="", organization="", name="", iss=iss, client_id="", legacy_metadata=legacy, scopes=scopes
    )  # fmt: skip


def _with_auth(draft: Registration, auth: AuthMethod, algorithm: SigningAlgorithm = "ES384") -> Registration:
    return replace(draft, auth=auth, signing_algorithm=algorithm)


def _diagnosis(
    iss: str, known: KnownEhr | None, findings: list[Finding], draft: Registration, seen: _Seen
) -> Diagnosis:
    pins: tuple[str, ...] = ("--jwks-uri",) if draft.legacy_metadata else ()
    if known and known.token_issuer_differs:
        pins = ("--token-issuer", "--jwks-uri")
        found = f"{known.name}: id_tokens carry another issuer than the advertised one"
        means = "without the pins every launch ends at the identity step"
        do = "register --token-issuer and --jwks-uri; the page of this EHR says what they look like"
        findings.append(Finding(subject="token issuer", grade="falls back", found=found, means=means, do=do))
    return Diagnosis(
        iss=iss, known=known, findings=tuple(findings), registration=draft, unknown_pins=pins, steps=seen.report.steps
    )
