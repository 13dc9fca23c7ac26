"""Who a tutorial is for, who is here and what is open: the facts that the targeting rules compare. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

from smart_app.library import vocabulary as words

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Target:
    """A published tutorial, as far as choosing needs it. An empty set means: any."""

    tutorial: str
    version: int
    ai_feature: str
    """Slug of the AI feature taught, or "any"."""
    feature_version: str | None = None
    """Of the AI feature here and now; None: of no single one."""
    roles: frozenset[str]
    task_codes: frozenset[str] = _NONE
    """Each "system|code"."""
    intents: frozenset[str] = _NONE
    placements: frozenset[str] = _NONE
    any: bool = False
    """Fits without a task; ranked after every match."""
    specialties: frozenset[str] = _NONE
    encounter_classes: frozenset[str] = _NONE
    care_settings: frozenset[str] = _NONE
    starts: date | None = None
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Who is here and what is open, in codes only. None or empty: the EHR did not say."""

    today: date
    job_roles: tuple[str, ...] = ()
    role_titles: Mapping[str, str] = field(default_factory=dict)
    """Titles of roles that are the organization's own, for the sentence."""
    specialties: frozenset[str] = _NONE
    task_open: bool = False
    task_codes: frozenset[str] = _NONE
    """Codes of the open task, "system|code"; read only where `task_open`."""
    frequent_task_codes: frozenset[str] = _NONE
    """Codes of this person's active tasks: what they often do, never what is open."""
    intent: str | None = None
    placement: str | None = None
    encounter_class: str | None = None
    care_setting: str | None = None
    live_features: frozenset[str] = _NONE
    withheld: Mapping[str, str] = field(default_factory=dict)
    """AI feature that is live, but not for this person today -> why, in words; for the sentence alone."""
    learned: frozenset[tuple[str, int]] = frozenset()
    """(tutorial, version) finished by this learner."""
    in_progress: Mapping[str, int] = field(default_factory=dict)
    """Tutorial -> version started and not finished."""
    dismissed: frozenset[str] = _NONE
    """Tutorials put away by this learner."""
    learned_on: Mapping[str, str] = field(default_factory=dict)
    """Tutorial -> version of the AI feature when this learner last finished it; what is not known is left out."""
    practice_due: frozenset[str] = _NONE
    """Tutorials whose drill is due again for this learner."""
    planned: frozenset[str] = _NONE
    """Tutorials of the plan that this learner and a trainer agreed."""
    assigned: Mapping[str, date] = field(default_factory=dict)
    """Tutorials that this learner was asked to finish and has not -> the day they are due."""

    @property
    def open_codes(self) -> frozenset[str]:
        """Codes of the open task; none where no task is open."""
        return self.task_codes if self.task_open else _NONE

    @property
    def nothing_open(self) -> bool:
        """The EHR names no work that we have a word for: the role's next tutorial is offered."""
        known = self.open_codes or self.intent in words.WORK or self.placement in words.PLACEMENTS
        return not known


class Fit(IntEnum):
    """How a tutorial's workflow matched; a lower one ranks first."""

    ASSIGNED = 0
    OPEN_TASK = 1
    INTENT = 2
    PLACEMENT = 3
    PLANNED = 4
    PRACTICE_DUE = 5
    OFTEN = 6
    NEXT_FOR_ROLE = 7
    ANY = 8
    NONE = 9


def fit_of(target: Target, situation: Situation) -> Fit:
    """The best way in which the workflow matches; an assignment goes before all."""
    if target.tutorial in situation.assigned:
        return Fit.ASSIGNED
    if target.task_codes & situation.open_codes:
        return Fit.OPEN_TASK
    if situation.intent in target.intents:
        return Fit.INTENT
    if situation.placement in target.placements:
        return Fit.PLACEMENT
    if target.tutorial in situation.planned:
        return Fit.PLANNED
    if practice_due(target, situation):
        return Fit.PRACTICE_DUE
    if target.task_codes & situation.frequent_task_codes:
        return Fit.OFTEN
    if situation.nothing_open and (not target.any or role_place(target, situation) < len(situation.job_roles)):
        return Fit.NEXT_FOR_ROLE
    return Fit.ANY if target.any else Fit.NONE


def role_place(target: Target, situation: Situation) -> int:
    """Which of my job roles it is for, counted from 0 in the EHR's order; after the last one: everyone's."""
    places = (place for place, role in enumerate(situation.job_roles) if role in target.roles)
    return next(places, len(situation.job_roles))


def resumes(target: Target, situation: Situation) -> bool:
    """Whether this learner has started this version and not finished it."""
    return situation.in_progress.get(target.tutorial) == target.version


def learned(target: Target, situation: Situation) -> bool:
    """Whether this learner has finished this version."""
    return (target.tutorial, target.version) in situation.learned


def feature_changed(target: Target, situation: Situation) -> bool:
    """Whether this learner has finished this version while the AI feature had another version than today."""
    before = situation.learned_on.get(target.tutorial)
    known = before is not None and target.feature_version is not None
    return learned(target, situation) and known and before != target.feature_version


def practice_due(target: Target, situation: Situation) -> bool:
    """Whether this learner has finished some version and its practice is due again."""
    finished = learned(target, situation) or learned_before(target, situation)
    return finished and target.tutorial in situation.practice_due


def done(target: Target, situation: Situation) -> bool:
    """Finished, with nothing new to learn and no practice due."""
    news = feature_changed(target, situation) or practice_due(target, situation)
    return learned(target, situation) and not news


def has_changed(target: Target, situation: Situation) -> bool:
    """Whether this learner finished it and should first see what changed since."""
    newer = learned_before(target, situation) and not learned(target, situation)
    return newer or feature_changed(target, situation)


def learned_before(target: Target, situation: Situation) -> bool:
    """Whether this learner has finished an earlier version."""
    return any(tutorial == target.tutorial and version < target.version for tutorial, version in situation.learned)


def narrowing(target: Target, situation: Situation) -> tuple[tuple[str, frozenset[str], frozenset[str], str], ...]:
    """(name, asked for, reported, clause) of the three narrowing fields."""
    encounter, setting = situation.encounter_class, situation.care_setting
    return (
        ("specialty", target.specialties, situation.specialties, "it is for your specialty"),
        (
            "encounter class",
            target.encounter_classes,
            frozenset({encounter}) if encounter else _NONE,
            words.encounter_is(encounter or ""),
        ),
        (
            "care setting",
            target.care_settings,
            frozenset({setting}) if setting else _NONE,
            "it is for this care setting",
        ),
    )


def narrowed_by(target: Target, situation: Situation) -> list[tuple[str, str]]:
    """(name, clause) of the narrowing fields that match what the EHR said."""
    return [(name, clause) for name, asked, reported, clause in narrowing(target, situation) if asked & reported]


def not_reported(target: Target, situation: Situation) -> list[str]:
    """Names of the narrowing fields of which the EHR said nothing."""
    return [name for name, asked, reported, _ in narrowing(target, situation) if asked and not reported]
