"""Which scopes are asked for, and which of them were not granted.

Source: SMART App Launch 2.2, "Scopes and Launch Context". Only what the launch
itself reads, plus what the organization's features need. Never a patient's record.
"""

import re
from typing import Final

from launch.stores import Registration

IDENTITY: Final = ("openid", "fhirUser")
READS: Final = (
    "user/Practitioner.rs",
    "user/PractitionerRole.rs",
    "user/Person.r",
    "user/Encounter.r",
    "user/Task.rs",
)
MAY_BE_LEFT_OUT: Final = ("PractitionerRole", "Task", "Encounter", "Person")
"""Types that a launch can do without. Some EHRs refuse all where one scope is unknown to them (`invalid_scope`)."""
_RESOURCE: Final = re.compile(r"(patient|user|system)/([A-Za-z*]+)\.(\*|read|write|[cruds]+)(\?.*)?")
_V1_MEANS: Final = {"read": "rs", "write": "cud", "*": "cruds"}
_SHOWN_BY_THE_ANSWER: Final = frozenset({"launch", "openid"})


def needed_scopes(registration: Registration, *, standalone: bool) -> tuple[str, ...]:
    """What one launch needs, in v2 words: what the grant is compared with."""
    launch = () if standalone else ("launch",)
    wanted = (*launch, *IDENTITY, *READS, *registration.extra_scopes)
    unwanted = left_out_scopes(registration)
    known = (scope for scope in wanted if scope not in unwanted)
    return tuple(dict.fromkeys(scope for scope in known if not _reads_patients(scope)))


def left_out_scopes(registration: Registration) -> tuple[str, ...]:
    """What every launch asks for elsewhere and, as registered, not at this EHR."""
    return tuple(scope for scope in READS if resource_of(scope) in registration.without_scopes)


def resource_of(scope: str) -> str | None:
    """The resource type that a scope is for: Task of `user/Task.rs`; None where it is for none."""
    match = _RESOURCE.fullmatch(scope)
    return match[2] if match else None


def asked_scopes(registration: Registration, *, standalone: bool) -> tuple[str, ...]:
    """The scopes of one launch, in the order in which they are sent; in v1 words for an EHR that knows no others."""
    needed = needed_scopes(registration, standalone=standalone)
    return tuple(dict.fromkeys(word for scope in needed for word in in_words_of(registration, scope)))


def in_words_of(registration: Registration, scope: str) -> tuple[str, ...]:
    """One needed scope as this EHR is asked for it."""
    return (scope,) if registration.scopes == "v2" else _in_v1_words(scope)


def missing_scopes(*, asked: tuple[str, ...], granted: frozenset[str]) -> frozenset[str]:
    """Those of `asked` that nothing in `granted` covers; v1 and wildcard grants count.

    `launch` and `openid` are left out: the answer itself shows whether they were honoured.
    """
    return frozenset(
        scope
        for scope in asked
        if scope not in granted and scope not in _SHOWN_BY_THE_ANSWER and not _covered(scope, granted)
    )


def _in_v1_words(scope: str) -> tuple[str, ...]:
    """`user/Task.rs` as `user/Task.read`, `user/Task.cu` as `user/Task.write` (SMART 2.2, "Scopes v1")."""
    match = _RESOURCE.fullmatch(scope)
    if match is None or match[3] in _V1_MEANS:
        return (scope,)
    asked = set(match[3])
    words = [word for word, means in (("read", "rs"), ("write", "cud")) if asked & set(means)]
    return tuple(f"{match[1]}/{match[2]}.{word}" for word in words)


def _reads_patients(scope: str) -> bool:
    match = _RESOURCE.fullmatch(scope)
    return match is not None and (match[1] == "patient" or match[2] in {"Patient", "*"})


def _covered(scope: str, granted: frozenset[str]) -> bool:
    wanted = _RESOURCE.fullmatch(scope)
    if wanted is None:
        return scope == "fhirUser" and "profile" in granted
    have: set[str] = set()
    for other in granted:
        match = _RESOURCE.fullmatch(other)
        # A grant with a search filter covers some resources only: it is counted as missing.
        if match and match[1] == wanted[1] and match[2] in {wanted[2], "*"} and not match[4]:
            have |= set(_V1_MEANS.get(match[3], match[3]))
    return set(_V1_MEANS.get(wanted[3], wanted[3])) <= have
