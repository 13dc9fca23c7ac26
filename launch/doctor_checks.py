"""What an EHR's own documents mean for a launch. Pure: documents in, findings out.

Grades: good; falls back (a launch works, with less); fails (no launch works).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from launch.discovery import SmartConfiguration, normalise_iss
from launch.known_ehrs import KnownEhr
from launch.scopes import IDENTITY, MAY_BE_LEFT_OUT, READS, missing_scopes, resource_of

Grade = Literal["good", "falls back", "fails"]
_LOOPBACK = {"localhost", "127.0.0.1", "127.0.0.2", "::1"}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing looked at."""

    subject: str
    grade: Grade
    found: str
    """What the EHR says or does."""
    means: str = ""
    """What follows for a launch: the fallback, by name."""
    do: str = ""
    """What somebody must do about it."""


def check_address(iss: str) -> Iterator[Finding]:
    """The FHIR base as it was written."""
    parts = urlsplit(iss)
    if parts.scheme == "https" or parts.hostname in _LOOPBACK:
        yield Finding(subject="address", grade="good", found=iss)
    else:
        means = "tokens and what is read would travel in the clear"
        yield Finding(subject="address", grade="falls back", found="http", means=means, do="use it for tests only")


def check_configuration(configuration: SmartConfiguration, body: Mapping[str, Any], *, iss: str) -> Iterator[Finding]:
    """What the settings document says beside its endpoints."""
    yield _issuer(configuration, iss)
    if configuration.says_s256:
        yield Finding(subject="PKCE", grade="good", found="S256")
    else:
        means = "S256 is sent all the same, and the EHR may not check it"
        yield Finding(subject="PKCE", grade="falls back", found="S256 is not advertised", means=means)
    yield from _capabilities(body.get("capabilities"))


def check_scopes(body: Mapping[str, Any], *, in_v1_words: bool) -> Finding:
    """Whether what a launch asks for is on offer, as far as the EHR says."""
    offered = frozenset(_words(body.get("scopes_supported")))
    if not any(scope.startswith("user/") for scope in offered):
        found = "scopes_supported names no scope of a resource"
        return Finding(subject="scopes", grade="good", found=found, means="what is granted is seen at a launch")
    missing = sorted(missing_scopes(asked=(*IDENTITY, *READS), granted=offered))
    how = "in SMART 1 words" if in_v1_words else "in SMART 2 words"
    if not missing:
        return Finding(subject="scopes", grade="good", found=f"all that a launch asks for, {how}")
    means = "each launch notes what was not granted, and goes on without it"
    found = f"not offered: {', '.join(missing)}; {how}"
    lacking = [name for name in MAY_BE_LEFT_OUT if name in {resource_of(scope) for scope in missing}]
    options = " ".join(f"--without-scope {name}" for name in lacking)
    do = f"if the EHR refuses the sign-in with invalid_scope, register it with {options}" if lacking else ""
    return Finding(subject="scopes", grade="falls back", found=found, means=means, do=do)


def speaks_v1_only(body: Mapping[str, Any]) -> bool:
    """Whether the EHR knows the scopes of SMART 1 and says nothing of those of SMART 2."""
    capabilities, offered = set(_words(body.get("capabilities"))), _words(body.get("scopes_supported"))
    endings = {scope.rpartition(".")[2] for scope in offered if scope.startswith("user/")}
    v1 = "permission-v1" in capabilities or bool(endings & {"read", "write"})
    v2 = "permission-v2" in capabilities or any(set(ending) <= set("cruds") for ending in endings if ending)
    return v1 and not v2


def check_keys(keys: int, configuration: SmartConfiguration) -> Finding:
    """The keys of id_tokens. `keys`: how many usable ones the key set holds."""
    if keys:
        return Finding(subject="keys", grade="good", found=f"{keys} usable at {configuration.jwks_uri}")
    return Finding(
        subject="keys",
        grade="fails",
        found="the key set holds no RSA or EC key for signatures",
        means="no id_token can be checked, and without one nobody is signed in",
        do="ask the EHR for the key set of its id_tokens and register it: --jwks-uri",
    )


def check_resources(statement: Mapping[str, Any], known: KnownEhr | None) -> Iterator[Finding]:
    """What can be read of the person and of the work that is open."""
    version = statement.get("fhirVersion")
    if not isinstance(version, str) or not version.startswith("4."):
        found = f"fhirVersion {str(version)[:20]}"
        yield Finding(
            subject="FHIR", grade="fails", found=found, means="R4 is read, no other version", do="find its R4 base"
        )
        return
    yield Finding(subject="FHIR", grade="good", found=version)
    types = _types(statement)
    refused = known.by_id_only if known else frozenset()
    yield _person(types)
    yield _roles(types, refused)
    yield _tasks(types, refused)
    yield _encounter(types)


def types_that_are_not_there(statement: Mapping[str, Any]) -> tuple[str, ...]:
    """Of the types that a launch can do without, those that the EHR has not: asking for them gains nothing."""
    types = _types(statement)
    return tuple(name for name in MAY_BE_LEFT_OUT if types and name not in types)


def _issuer(configuration: SmartConfiguration, iss: str) -> Finding:
    if configuration.advertised_issuer is None:
        means = "id_tokens must carry the FHIR base as their issuer, or the one that is registered: --token-issuer"
        return Finding(subject="issuer", grade="good", found="none is advertised", means=means)
    if normalise_iss(configuration.advertised_issuer) == normalise_iss(iss):
        return Finding(subject="issuer", grade="good", found="the FHIR base itself")
    found = f"{configuration.advertised_issuer}, not the FHIR base"
    return Finding(subject="issuer", grade="good", found=found, means="id_tokens must carry this one")


def _capabilities(listed: object) -> Iterator[Finding]:
    capabilities = set(_words(listed))
    if not capabilities:
        means = "what it can do is seen at a launch"
        yield Finding(subject="launch", grade="falls back", found="no capabilities are advertised", means=means)
        return
    if "launch-ehr" in capabilities:
        yield Finding(subject="launch", grade="good", found="from the chart")
    else:
        means = "only a standalone launch is sure: no task and no encounter are known"
        yield Finding(subject="launch", grade="falls back", found="launch-ehr is not advertised", means=means)
    if "sso-openid-connect" not in capabilities:
        means = "a launch needs an id_token: without one it ends at the identity step"
        yield Finding(subject="identity", grade="falls back", found="sso-openid-connect is not advertised", means=means)
    if "context-ehr-encounter" not in capabilities:
        means = "an open task is not found by its encounter: the person's other tasks and the place are used"
        yield Finding(
            subject="encounter context",
            grade="falls back",
            found="context-ehr-encounter is not advertised",
            means=means,
        )


Types = Mapping[str, tuple[frozenset[str], frozenset[str] | None]]
"""Type -> (interactions, search parameters; None where it says none)."""


def _person(types: Types) -> Finding:
    if "read" in types.get("Practitioner", ((), None))[0]:
        return Finding(subject="Practitioner", grade="good", found="read")
    means = "the issuer and subject of the id_token alone say who is here; the role is asked once"
    return Finding(subject="Practitioner", grade="falls back", found="cannot be read", means=means)


def _roles(types: Types, refused: Iterable[str]) -> Finding:
    means = "the job role is asked once, remembered, and marked as said by the learner"
    return _searched(types, refused, resource_type="PractitionerRole", parameter="practitioner", means=means)


def _tasks(types: Types, refused: Iterable[str]) -> Finding:
    instead = "the place of the launch, its intent and the encounter's class choose the tutorial"
    interactions = types.get("Task", (frozenset(), None))[0]
    means = f"only a Task that the launch names is read; else {instead}" if "read" in interactions else instead
    return _searched(types, refused, resource_type="Task", parameter="owner", means=means)


def _searched(types: Types, refused: Iterable[str], *, resource_type: str, parameter: str, means: str) -> Finding:
    interactions, parameters = types.get(resource_type, (frozenset[str](), None))
    if not interactions:
        return Finding(subject=resource_type, grade="falls back", found="there is none", means=means)
    if resource_type in refused:
        found = "advertised, and known to be refused: by id only"
        return Finding(subject=resource_type, grade="falls back", found=found, means=means)
    if "search-type" not in interactions:
        return Finding(subject=resource_type, grade="falls back", found="by id only", means=means)
    if parameters is not None and parameter not in parameters:
        found = f"no search by {parameter}"
        return Finding(subject=resource_type, grade="falls back", found=found, means=means)
    return Finding(subject=resource_type, grade="good", found=f"searched by {parameter}")


def _encounter(types: Types) -> Finding:
    if "read" in types.get("Encounter", ((), None))[0]:
        return Finding(subject="Encounter", grade="good", found="read")
    return Finding(
        subject="Encounter", grade="falls back", found="cannot be read", means="the care setting is not known"
    )


def _types(statement: Mapping[str, Any]) -> Types:
    found: dict[str, tuple[frozenset[str], frozenset[str] | None]] = {}
    for rest in _objects(statement.get("rest")):
        for resource in _objects(rest.get("resource")):
            interactions = frozenset(str(one.get("code")) for one in _objects(resource.get("interaction")))
            parameters = frozenset(str(one.get("name")) for one in _objects(resource.get("searchParam")))
            found[str(resource.get("type"))] = (interactions, parameters or None)
    return found


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    yield from (one for one in (value if isinstance(value, list) else []) if isinstance(one, Mapping))


def _words(value: object) -> list[str]:
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []
