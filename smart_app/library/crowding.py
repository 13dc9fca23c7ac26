"""Tutorials that stand in each other's way: whether three others always go before one, wherever it fits. Pure.

Asked of every tutorial of a page, so nobody is compared with everybody: a rival for an open task, an intent or a place
is one that names the same, and what a situation chooses is worked out once for all who meet in it.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from smart_app.library import vocabulary as words
from smart_app.library.situation import Situation, Target
from smart_app.library.target_problems import Problem
from smart_app.library.targeting import MOST_CHOICES, choose, fits
from smart_app.library.vocabulary import EVERYONE


class Meeting(NamedTuple):
    """A way in which a job role meets a tutorial: by what is open (kind and value), or with nothing open ("", "")."""

    role: str
    kind: str
    value: str


_LISTS = {"task": "task_codes", "intent": "intents", "placement": "placements"}
"""Kind of a meeting -> the list of the targets that names its values."""


class Crowd:
    """All targets of an organization on one day, indexed by where they meet. `live`: its AI features that are."""

    def __init__(self, targets: Iterable[Target], *, today: date, live: frozenset[str]) -> None:
        self._today, self._live = today, live
        self._problems: dict[str, Problem | None] = {}
        self._named: dict[Meeting, list[Target]] = {}
        self._chosen: dict[tuple[object, ...], tuple[str, ...]] = {}
        for target in targets:
            for role in target.roles:
                for kind, value in (*_named(target), ("", "")):
                    self._named.setdefault(Meeting(role, kind, value), []).append(target)

    def problem_of(self, target: Target) -> Problem | None:
        """Whether others always go before it, by the rules of choosing. `target` is one of the crowd."""
        if target.tutorial not in self._problems:
            self._problems[target.tutorial] = self._worked_out(target)
        return self._problems[target.tutorial]

    def _worked_out(self, target: Target) -> Problem | None:
        rivals: set[str] = set()
        for role in sorted(target.roles):
            for kind, value in (*_named(target), ("", "")):
                situation = self._situation(target, role, kind, value)
                if not fits(target, situation):
                    continue
                chosen = self._choice(Meeting(role, kind, value), situation, target)
                if target.tutorial in chosen:
                    return None
                rivals |= set(chosen)
        return _told(rivals) if rivals else None  # it fits nowhere, which the other rules tell

    def _choice(self, meeting: Meeting, situation: Situation, target: Target) -> tuple[str, ...]:
        """The tutorials chosen there, if three others are to go before it.

        Who does not name what is open comes after all who do, and what is for everyone after what is for the role:
        they are not asked.
        """
        rivals = self._named[meeting]
        if len(rivals) <= MOST_CHOICES:
            return (target.tutorial,)
        narrowed = (situation.specialties, situation.encounter_class, situation.care_setting)
        key = (meeting, narrowed, situation.today, situation.live_features)
        if key not in self._chosen:
            self._chosen[key] = tuple(choice.tutorial for choice in choose(rivals, situation))
        return self._chosen[key]

    def _situation(self, target: Target, role: str, kind: str, value: str) -> Situation:
        """Of somebody of this role who has learned nothing yet, where the tutorial's own narrowing fits."""
        return Situation(
            today=max(self._today, target.starts or self._today),
            job_roles=() if role == EVERYONE else (role,),
            live_features=self._live if target.ai_feature in self._live else self._live | {target.ai_feature},
            specialties=target.specialties,
            encounter_class=min(target.encounter_classes, default=None),
            care_setting=min(target.care_settings, default=None),
            task_open=kind == "task",
            task_codes=frozenset({value} if kind == "task" else ()),
            intent=value if kind == "intent" else None,
            placement=value if kind == "placement" else None,
        )


def _named(target: Target) -> Iterator[tuple[str, str]]:
    for kind, name in _LISTS.items():
        for value in sorted(getattr(target, name)):
            yield kind, value


def _told(rivals: set[str]) -> Problem:
    others = words.in_words(sorted(rivals)[:6])
    return Problem(
        f"Wherever it fits, three others go before it ({others}), so it shows only to who has finished those. "
        "Narrow theirs, or give this one work of its own."
    )
