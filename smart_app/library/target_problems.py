"""Targets that can never match, or that somebody should look at. Pure.

Each problem says what is wrong and what to do. `never`: nobody can see the tutorial as it stands.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from smart_app.library import vocabulary as words
from smart_app.library.audience import Count, Names
from smart_app.library.situation import Target
from smart_app.library.vocabulary import ANY_FEATURE, EVERYONE, SETTING_OF_CLASS


@dataclass(frozen=True)
class Problem:
    """Something that a trainer should look at."""

    words: str
    never: bool = False
    """As it stands, it shows to nobody."""


@dataclass(frozen=True)
class Here:
    """What the organization has, for the rules to be held against."""

    today: date
    roles: frozenset[str]
    feature_status: Mapping[str, str]
    """AI feature -> pilot, live or paused."""
    feature_roles: Mapping[str, frozenset[str]]
    """AI feature -> job roles that have it; empty or left out: nobody has said."""
    feature_since: Mapping[str, date | None]
    names: Names


def problems(target: Target, here: Here, count: Count) -> tuple[Problem, ...]:
    """What is wrong with the targets of one tutorial, the worst first."""
    found = [*_dates(target, here), *_roles(target, here), *_feature(target, here)]
    found += [*_work(target), *_place_of_care(target), *_people(target, count)]
    return tuple(sorted(found, key=lambda problem: not problem.never))


def _dates(target: Target, here: Here) -> Iterator[Problem]:
    if target.starts and target.until and target.until < target.starts:
        yield Problem("It ends before it begins. Change one of the two dates.", never=True)
    elif target.until and target.until < here.today:
        yield Problem(f"It ended on {target.until}. Move the end, or retire the tutorial.", never=True)
    elif target.starts and target.starts > here.today:
        yield Problem(f"It begins on {target.starts}; until then nobody sees it.")


def _roles(target: Target, here: Here) -> Iterator[Problem]:
    unknown = sorted(target.roles - here.roles - {EVERYONE})
    if unknown:
        none_left = not (target.roles & (here.roles | {EVERYONE}))
        yield Problem(
            f"There is no job role {words.in_words(unknown, 'or')} here. Add it under Job roles, or take it out.",
            never=none_left,
        )
    if EVERYONE in target.roles and len(target.roles) > 1:
        yield Problem("It is for everyone, so the other roles change nothing. Keep one of the two.")


def _feature(target: Target, here: Here) -> Iterator[Problem]:
    if target.ai_feature == ANY_FEATURE:
        return
    name, status = here.names.feature(target.ai_feature), here.feature_status.get(target.ai_feature)
    if status is None:
        yield Problem(f'The registry has no AI feature "{target.ai_feature}". Add it under AI features.', never=True)
        return
    if status != "live":
        yield Problem(f"{name} is {_status(status)}, so it shows to nobody. Set it live when it is.", never=True)
    since = here.feature_since.get(target.ai_feature)
    if status == "live" and since and since > here.today:
        yield Problem(f"{name} is live from {since}; until then nobody sees it.")
    having = here.feature_roles.get(target.ai_feature) or frozenset()
    if having and EVERYONE not in target.roles and not having & target.roles:
        yield Problem(f"None of its job roles has {name}, by the registry. Change one of the two.", never=True)
    elif having and EVERYONE not in target.roles and target.roles - having:
        without = words.in_words([here.names.people_of(role) for role in sorted(target.roles - having)])
        yield Problem(f"By the registry {without} do not have {name}, so they do not see it.")


def _status(status: str) -> str:
    return "in pilot" if status == "pilot" else status


def _work(target: Target) -> Iterator[Problem]:
    if target.any or target.task_codes or target.intents or target.placements:
        if not target.any:
            yield from _unknown_work(target)
        return
    yield Problem("It names no task, intent or placement. It only comes as the next one where nothing is open.")


def _unknown_work(target: Target) -> Iterator[Problem]:
    own = f"{words.TASK_SYSTEM}|"
    unknown = [code for code in target.task_codes if code.startswith(own) and code.removeprefix(own) not in words.WORK]
    unknown += [place for place in target.placements if place not in words.PLACEMENTS]
    if unknown:
        listed = words.in_words(sorted(unknown))
        yield Problem(f"{listed}: no word of Preceptor's. Fine if your EHR sends it; else look at the spelling.")


def _place_of_care(target: Target) -> Iterator[Problem]:
    settings = {SETTING_OF_CLASS.get(code) for code in target.encounter_classes}
    if not target.encounter_classes or not target.care_settings or None in settings:
        return
    if not settings & target.care_settings:
        yield Problem(
            "No encounter of this class takes place in this care setting, so it shows only where the EHR says "
            "neither. Take one of the two out."
        )


def _people(target: Target, count: Count) -> Iterator[Problem]:
    if count.known and not count.fitting and target.roles:
        yield Problem("Nobody who is known here fits. Look at roles and specialty, or at the job role map.")
