"""What an organization may turn on at an EHR beyond the launch itself, and the scopes that it needs: pure.

The launch asks for the fewest scopes. Each feature adds its own, with the reason that an
analyst reads before granting it. A feature with `online_access` needs the EHR after the
launch: for it alone a token is kept, encrypted, until the visit ends.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from launch.scopes import resource_of
from launch.stores import Registration


@dataclass(frozen=True, kw_only=True)
class Feature:
    """Something that an organization turns on."""

    what: str
    scopes: Mapping[str, str]
    """Scope -> the reason for it."""


_LATER: Final = "the person acts during the visit, after the launch: a token is kept until the visit ends"

FEATURES: Final[Mapping[str, Feature]] = {
    "assignments": Feature(
        what="a tutorial can be assigned as a Task in the EHR, and its end is written there",
        scopes={"user/Task.cu": "to write the assignment, and that it was done", "online_access": _LATER},
    ),
}

REASONS: Final[Mapping[str, str]] = {
    "launch": "the EHR says which place and task the person came from",
    "openid": "who signed in, as a signed statement",
    "fhirUser": "which Practitioner that is",
    "user/Practitioner.rs": "the person's own record: their qualification, where no role is found",
    "user/PractitionerRole.rs": "the person's job role: decides which tutorials fit",
    "user/Person.r": "the link from a sign-in to the person's Practitioner",
    "user/Encounter.r": "the class of the open encounter (inpatient, ambulatory); nothing else of it is read",
    "user/Task.rs": "the code of the open task, and the codes of the person's own tasks; no patient, note or text",
}
"""Scopes of every launch, each with its reason."""


BACKEND_REASONS: Final[Mapping[str, str]] = {
    "system/PractitionerRole.rs": "who is staff here, in which role and unit: for the roster, and no more",
    "system/Location.rs": "the names of the units",
    "system/Task.crus": "assignments as Tasks: to write them, and to see which were ticked off in the EHR",
}
"""Scopes of Backend Services, each with its reason."""


def scopes_of(features: Iterable[str]) -> tuple[str, ...]:
    """The scopes that these features add, each once. KeyError for an unknown feature."""
    return tuple(dict.fromkeys(scope for name in features for scope in FEATURES[name].scopes))


def in_the_way(features: Iterable[str], without: Iterable[str]) -> str | None:
    """Why these features cannot be on where these resource types are not asked for; None where they can."""
    left_out = set(without)
    for name in features:
        if types := sorted({str(resource_of(scope)) for scope in FEATURES[name].scopes} & left_out):
            return f"{name} needs {', '.join(types)}: turn it off, or ask for {', '.join(types)}."
    return None


def reason_for(scope: str, registration: Registration) -> str:
    """Why a scope (in v2 words) is asked for there."""
    if scope in REASONS:
        return REASONS[scope]
    turned_on = {name: FEATURES[name].scopes for name in features_of(registration)}
    of_features = [f"{scopes[scope]} ({name})" for name, scopes in turned_on.items() if scope in scopes]
    return "; ".join(of_features) or "a feature that was turned on here"


def features_of(registration: Registration) -> tuple[str, ...]:
    """The features whose scopes are all among the registration's."""
    asked = set(registration.extra_scopes)
    return tuple(name for name, feature in FEATURES.items() if set(feature.scopes) <= asked)
