"""Who sees a tutorial, and when: in one plain sentence, and in people. Pure.

The people are counted by the rules of :mod:`smart_app.library.target_rules` themselves. One thing is counted that no
launch asks: where the roster says who has access to an AI feature, those without it are left out, while a launch goes
by the registry alone. The pages say so (:mod:`smart_app.studio.targeting.surroundings`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from smart_app.library import vocabulary as words
from smart_app.library.situation import Situation, Target
from smart_app.library.target_rules import RULES
from smart_app.library.vocabulary import ANY_FEATURE

PERSONAL = ("job role", "AI feature", "specialty")
"""Rules that look at the person alone: who fits, whatever is open."""
_PERSONAL = tuple(passes for name, passes, _ in RULES if name in PERSONAL)


@dataclass(frozen=True)
class People:
    """People who are alike, as far as targeting looks at them."""

    job_roles: tuple[str, ...]
    people: int
    specialties: frozenset[str] = frozenset()
    """Empty: not known, and so excludes nothing."""
    features: frozenset[str] | None = None
    """AI features that they have, by the roster; None: the roster does not say."""


@dataclass(frozen=True)
class Names:
    """Words for the organization's own slugs."""

    roles: Mapping[str, str] = field(default_factory=dict)
    """Titles."""
    features: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    """Display words of codes, "system|code"."""

    def people_of(self, role: str) -> str:
        """ "nurses"; of an own role "people in the role Scribe"."""
        if role in words.ROLES:
            return words.ROLES[role].many
        return f"people in the role {self.roles.get(role, role)}"

    def feature(self, feature: str) -> str:
        """As the organization calls it."""
        return self.features.get(feature, feature)

    def code(self, code: str) -> str:
        """Its display, else the code itself."""
        return self.codes.get(code, code.rpartition("|")[2] or code)


@dataclass(frozen=True)
class Count:
    """How many people fit, of how many known."""

    fitting: int
    known: int


def who_and_when(target: Target, names: Names) -> str:
    """The sentence: "Nurses, when a handoff task is open, in an inpatient stay, while Handoff summary is live."."""
    who = words.in_words([names.people_of(role) for role in sorted(target.roles)])
    clauses = [f"{who[:1].upper()}{who[1:]}", _specialty(target, names), _when(target), _where(target)]
    clauses += [_feature(target, names), _dates(target)]
    return f"{', '.join(filter(None, clauses))}."


def also(target: Target) -> str:
    """What else brings it, after the sentence."""
    if target.any:
        return "It comes after all that fits the open work, and where nothing is open."
    return (
        "Where nothing is open it may also come as the next one for the role; and an agreed plan, practice that is "
        "due, or work that the person often does bring it too."
    )


def count(target: Target, groups: Iterable[People], live_for: Callable[[tuple[str, ...]], frozenset[str]]) -> Count:
    """How many people it is for, by the rules that look at the person alone.

    `live_for`: the AI features that people of these roles have.
    """
    persons = as_persons(groups, live_for)
    return count_persons(target, persons)


def as_persons(
    groups: Iterable[People], live_for: Callable[[tuple[str, ...]], frozenset[str]]
) -> tuple[tuple[Situation, int], ...]:
    """Each group as the situation of one of them, with nothing open, and how many they are."""
    return tuple((_person(group, live_for(group.job_roles)), group.people) for group in groups)


def count_persons(target: Target, persons: Iterable[tuple[Situation, int]]) -> Count:
    """The same as :func:`count`, for a page that asks it of many tutorials."""
    fitting = known = 0
    for person, people in persons:
        known += people
        fitting += people if all(test(target, person) for test in _PERSONAL) else 0
    return Count(fitting, known)


def _person(group: People, live: frozenset[str]) -> Situation:
    having = live if group.features is None else live & group.features
    return Situation(today=date.min, job_roles=group.job_roles, specialties=group.specialties, live_features=having)


def _specialty(target: Target, names: Names) -> str:
    if not target.specialties:
        return ""
    return f"of the specialty {words.in_words([names.code(code) for code in sorted(target.specialties)], 'or')}"


def _when(target: Target) -> str:
    if target.any:
        return "whatever is open"
    tasks = [words.task_is_open(code) for code in sorted(target.task_codes)]
    ways = [f"when {words.in_words(list(dict.fromkeys(tasks)), 'or')}"] if tasks else []
    opened = [words.opened_for(intent).removeprefix("the EHR opened this for ") for intent in sorted(target.intents)]
    ways += [f"when the EHR opens Preceptor for {words.in_words(list(dict.fromkeys(opened)), 'or')}"] if opened else []
    places = [words.you_are_in(place).removeprefix("you are ") for place in sorted(target.placements)]
    ways += [words.in_words(list(dict.fromkeys(places)), "or")] if places else []
    return ", or ".join(ways) or "when nothing is open"


def _where(target: Target) -> str:
    classes = [words.ENCOUNTER_CLASSES.get(code, code) for code in sorted(target.encounter_classes)]
    settings = [words.CARE_SETTINGS.get(setting, setting) for setting in sorted(target.care_settings)]
    parts = [f"in {words.in_words(classes, 'or')}"] if classes else []
    parts += [f"{'and ' if classes else ''}in {words.in_words(settings, 'or')}"] if settings else []
    return " ".join(parts)


def _feature(target: Target, names: Names) -> str:
    return "" if target.ai_feature == ANY_FEATURE else f"while {names.feature(target.ai_feature)} is live for them"


def _dates(target: Target) -> str:
    span = [f"from {_day(target.starts)}"] if target.starts else []
    span += [f"until {_day(target.until)}"] if target.until else []
    return " ".join(span)


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
