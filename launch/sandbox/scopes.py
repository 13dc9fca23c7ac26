"""SMART scopes: what an app asked for, cut down to what it is registered for, and what a token then allows.

Source: SMART App Launch 2.2, "Scopes and Launch Context": v2 ``user/Task.rs``, v1
``user/Task.read``. A person grants ``user/`` scopes alone, Backend Services get ``system/``
scopes alone: ``patient/`` needs compartments, and scopes with a query (``?category=``) need
filters, so both are never granted here. Pure.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_V1 = {"read": "rs", "write": "cud", "*": "cruds"}
_SHAPE = re.compile(r"^(user|system)/(\*|[A-Za-z]+)\.(read|write|\*|c?r?u?d?s?)$")

PLAIN_SCOPES = (
    "launch openid fhirUser online_access offline_access user/Practitioner.rs user/PractitionerRole.rs user/Person.rs "
    "user/Encounter.rs user/Task.rs user/Organization.rs user/Location.rs"
)
"""What an app is registered for when its registration does not say."""


@dataclass(frozen=True)
class ResourceScope:
    """``user/<resource>.<actions>`` or ``system/...``; `actions` is a subset of "cruds"."""

    context: str
    resource: str
    actions: frozenset[str]
    v1: bool

    def __str__(self) -> str:
        letters = "".join(a for a in "cruds" if a in self.actions)
        v1_words = {letters: word for word, letters in _V1.items()}
        words = v1_words.get(letters, letters) if self.v1 else letters
        return f"{self.context}/{self.resource}.{words}"


def find_resource_scope(scope: str) -> ResourceScope | None:
    """The scope read as a resource scope, or None where it is none that is served."""
    match = _SHAPE.match(scope)
    if match is None or not match[3]:
        return None
    is_v1 = match[3] in _V1
    return ResourceScope(match[1], match[2], frozenset(_V1.get(match[3], match[3])), is_v1)


def trim(requested: str, registered: str) -> str:
    """What a person grants of `requested` to a client registered for `registered`; both space-separated."""
    kept = _allowed(requested, registered.split())
    return " ".join(dict.fromkeys(s for s in kept if not s.startswith(("patient/", "system/")) and "?" not in s))


def trim_system(requested: str, registered: str) -> str:
    """What Backend Services get of `requested`, registered for `registered`: ``system/`` scopes, and no other."""
    kept = _allowed(requested, registered.split())
    return " ".join(dict.fromkeys(s for s in kept if s.startswith("system/") and find_resource_scope(s)))


def leave_out(scope: str, *, types: Iterable[str], wildcards: bool) -> str:
    """`scope` without those of resources in `types`, and without wildcards where `wildcards` says so."""
    unwanted = {*types, *(("*",) if wildcards else ())}
    kept = ((one, find_resource_scope(one)) for one in scope.split())
    return " ".join(one for one, read in kept if read is None or read.resource not in unwanted)


def allows(granted: str, resource: str, action: str) -> bool:
    """Whether a token with the scopes `granted` may do `action` (one of "cruds") on this resource type."""
    scopes = (find_resource_scope(scope) for scope in granted.split())
    return any(s is not None and s.resource in ("*", resource) and action in s.actions for s in scopes)


def _allowed(requested: str, allowed: list[str]) -> list[str]:
    kept: list[str] = []
    for scope in requested.split():
        kept.extend([scope] if scope in allowed else _parts_allowed(scope, allowed))
    return kept


def _parts_allowed(scope: str, allowed: list[str]) -> list[str]:
    asked = find_resource_scope(scope)
    if asked is None:
        return []
    return [str(part) for other in allowed if (part := _overlap(asked, find_resource_scope(other))) is not None]


def _overlap(asked: ResourceScope, registered: ResourceScope | None) -> ResourceScope | None:
    if registered is None or asked.context != registered.context or not (asked.actions & registered.actions):
        return None
    if "*" not in (asked.resource, registered.resource) and asked.resource != registered.resource:
        return None
    resource = registered.resource if asked.resource == "*" else asked.resource
    return ResourceScope(asked.context, resource, asked.actions & registered.actions, asked.v1)
