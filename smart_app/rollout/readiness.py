"""What is still missing before a unit begins with an AI feature: five questions. Pure.

registry     the feature is in the AI feature registry, and live
access       the unit's people have it: by the roster, else by the roles and units of the registry
tutorial     each job role of the unit that has it has a published tutorial
local slots  what those tutorials leave to the organization is filled in
practice     those tutorials have something to practise on
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

EVERYONE = "everyone"


class State(StrEnum):
    """Of one question. Told by a word and a shape, never by colour alone."""

    READY = "ready"
    PARTLY = "partly"
    MISSING = "missing"


@dataclass(frozen=True)
class Check:
    """The answer to one question."""

    question: str
    state: State
    words: str


@dataclass(frozen=True, kw_only=True)
class FeatureFacts:
    """An AI feature of the rollout, as the registry has it; `status` None: it is not there."""

    id: str
    name: str
    status: str | None
    roles: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class TutorialFacts:
    """A published tutorial for one of them."""

    id: str
    title: str
    feature: str
    roles: frozenset[str]
    unfilled: int
    """Local slots that nobody has filled."""
    practice: bool


@dataclass(frozen=True)
class Staff:
    """People of one unit who are alike."""

    job_role: str
    access: frozenset[str] | None
    """None: the roster does not say."""
    people: int


@dataclass(frozen=True)
class Readiness:
    """A unit and a feature."""

    feature: str
    name: str
    checks: tuple[Check, ...]
    tutorials: tuple[str, ...] = field(default=())
    """Ids of those that its people need."""
    is_meant: bool = True
    """False: the registry gives the feature to job roles that nobody here has."""

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing; so it is where the feature is not meant for anybody here."""
        return not self.is_meant or all(check.state is State.READY for check in self.checks)

    @property
    def open(self) -> tuple[Check, ...]:
        """What is not ready."""
        return tuple(check for check in self.checks if check.state is not State.READY)


def readiness(
    unit: str,
    staff: Sequence[Staff],
    feature: FeatureFacts,
    tutorials: Iterable[TutorialFacts],
    titles: Mapping[str, str],
) -> Readiness:
    """The five answers. `titles`: of job roles."""
    about = [tutorial for tutorial in tutorials if tutorial.feature == feature.id]
    having = [group for group in staff if has_access(group, unit, feature)]
    roles = dict.fromkeys(group.job_role for group in having)
    needed = [tutorial for tutorial in about if any(_is_for(tutorial, role) for role in roles)]
    checks = (
        _registry(feature),
        _access(unit, staff, having, feature),
        _tutorial(about, roles, titles),
        _slots(needed),
        _practice(needed),
    )
    meant = bool(having) or not feature.roles or any(group.job_role in feature.roles for group in staff)
    return Readiness(feature.id, feature.name, checks, tuple(one.id for one in needed), meant or not staff)


def has_access(group: Staff, unit: str, feature: FeatureFacts) -> bool:
    """The roster's word counts; where it says nothing, the registry's; where neither says anything, nobody has it."""
    if group.access is not None:
        return feature.id in group.access
    if not feature.roles and not feature.units:
        return False
    of_role = not feature.roles or group.job_role in feature.roles
    return of_role and (not feature.units or unit in feature.units)


def _registry(feature: FeatureFacts) -> Check:
    states = {"live": State.READY, "pilot": State.PARTLY}
    words = {
        "live": "Live.",
        "pilot": "In pilot: its tutorials show once it is live.",
        "paused": "Paused: its tutorials do not show.",
        None: "Not in the AI feature registry.",
    }
    return Check("registry", states.get(feature.status or "", State.MISSING), words[feature.status])


def _access(unit: str, staff: Sequence[Staff], having: Sequence[Staff], feature: FeatureFacts) -> Check:
    all_of_them, some = sum(group.people for group in staff), sum(group.people for group in having)
    if not all_of_them:
        return Check("access", State.MISSING, "Nobody of this unit is on the roster.")
    silent = all(group.access is None for group in staff) and not feature.roles and not feature.units
    if silent:
        return Check("access", State.MISSING, "Neither the roster nor the registry says who has it.")
    if not some:
        return Check("access", State.MISSING, f"None of {all_of_them} people has it.")
    # A feature for nurses alone is complete where each nurse has it.
    meant = sum(group.people for group in staff if not feature.roles or group.job_role in feature.roles)
    state = State.READY if some >= meant else State.PARTLY
    return Check("access", state, f"{some} of {max(meant, some)} people{' of its roles' if feature.roles else ''}.")


def _tutorial(about: Sequence[TutorialFacts], roles: Iterable[str], titles: Mapping[str, str]) -> Check:
    without = [role for role in roles if not any(_is_for(tutorial, role) for tutorial in about)]
    if not about:
        return Check("tutorial", State.MISSING, "No tutorial for it is published.")
    if not any(True for _ in roles):
        return Check("tutorial", State.PARTLY, "Published, but nobody here has access yet.")
    if without:
        names = ", ".join(titles.get(role, role) for role in without)
        state = State.PARTLY if len(without) < len(list(roles)) else State.MISSING
        return Check("tutorial", state, f"None yet for: {names}.")
    return Check("tutorial", State.READY, "Published for each role here.")


def _slots(needed: Sequence[TutorialFacts]) -> Check:
    unfilled = sum(tutorial.unfilled for tutorial in needed)
    if not needed:
        return Check("local slots", State.MISSING, "No tutorial to fill.")
    if unfilled:
        return Check("local slots", State.PARTLY, f"{unfilled} to be filled in.")
    return Check("local slots", State.READY, "All filled in.")


def _practice(needed: Sequence[TutorialFacts]) -> Check:
    without = [tutorial.title for tutorial in needed if not tutorial.practice]
    if not needed:
        return Check("practice", State.MISSING, "No tutorial to practise with.")
    if without:
        state = State.PARTLY if len(without) < len(needed) else State.MISSING
        return Check("practice", state, f"Nothing to practise on in: {', '.join(without)}.")
    return Check("practice", State.READY, "Something to practise on in each.")


def _is_for(tutorial: TutorialFacts, role: str) -> bool:
    return EVERYONE in tutorial.roles or role in tutorial.roles
