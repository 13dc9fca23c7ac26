"""Which tutorials fit this person and this work, and why. Pure: no Flask, no database, no network.

A tutorial fits when every rule of :mod:`smart_app.library.target_rules` passes:

1. job role        one of its roles is mine, or it is for everyone, or it is assigned to me
2. AI feature      the feature it teaches is live at this organization
3. dates           today is within `from` and `until`
4. workflow        it is assigned to me; or one of task codes, intents and placements matches what is open; or it
                   is in my agreed plan; or its practice is due; or a task I often do; or, where nothing at all
                   is open, it is next for my role; or `any`
5. specialty, encounter class, care setting: each that is given matches; what the EHR does not say excludes nothing,
                   and what is assigned to me shows all the same
6. learned already a version I finished returns only for the work that is open now, after all that is new;
                   it counts as new when its AI feature has changed since, or its practice is due
7. dismissed       not put away by me

At most three are chosen, ranked by: assigned, the one that is due first; started and not finished; new before
learned; how the workflow matched (:class:`~smart_app.library.situation.Fit`, in that order); changed since I
finished it; more narrowing matches; the order in which the EHR names my job roles, everyone's last; the id, in
alphabetical order. Where nothing is open, the next ones of my job roles come in turn: the first of each, then the
second of each.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from smart_app.library import vocabulary as words
from smart_app.library.situation import (
    Fit,
    Situation,
    Target,
    done,
    feature_changed,
    fit_of,
    has_changed,
    narrowed_by,
    not_reported,
    resumes,
    role_place,
)
from smart_app.library.target_rules import RULES, workflow_words

__all__ = ["Choice", "Fit", "Reason", "RuleResult", "Situation", "Target", "because", "choose", "explain", "fits"]

MOST_CHOICES = 3


@dataclass(frozen=True)
class Reason:
    """Why a tutorial is shown. `kind` is a code for the record, `text` a clause for the sentence."""

    kind: str
    text: str


@dataclass(frozen=True)
class Choice:
    """A tutorial to show, with its reasons in the order of the sentence."""

    tutorial: str
    version: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class RuleResult:
    """What one rule says of one tutorial."""

    rule: str
    passed: bool
    words: str


def choose(targets: Iterable[Target], situation: Situation) -> tuple[Choice, ...]:
    """The tutorials to show, best first, at most three. The order of `targets` does not matter."""
    fitting = [target for target in targets if fits(target, situation)]
    fitting.sort(key=lambda target: (rank(target, situation), target.version))
    first = _in_turn(fitting, situation)[:MOST_CHOICES]
    return tuple(Choice(target.tutorial, target.version, reasons_for(target, situation)) for target in first)


def _in_turn(ranked: list[Target], situation: Situation) -> list[Target]:
    """Where nothing is open, the next tutorials of two job roles take turns; all others keep their places."""
    if not situation.nothing_open or len(situation.job_roles) < 2:
        return ranked
    taken: Counter[int] = Counter()
    turns: dict[str, int] = {}
    for target in ranked:
        if _is_next(target, situation):
            place = role_place(target, situation)
            turns[target.tutorial] = taken[place]
            taken[place] += 1
    return sorted(
        ranked,
        key=lambda target: (
            rank(target, situation)[:4],
            turns.get(target.tutorial, 0),
            role_place(target, situation) if target.tutorial in turns else 0,
        ),
    )


def _is_next(target: Target, situation: Situation) -> bool:
    return fit_of(target, situation) is Fit.NEXT_FOR_ROLE and not resumes(target, situation)


def fits(target: Target, situation: Situation) -> bool:
    """Whether every rule passes; stops at the first that does not."""
    return all(passes(target, situation) for _, passes, _ in RULES)


def explain(target: Target, situation: Situation) -> tuple[RuleResult, ...]:
    """Every rule, passed or not, in words."""
    return tuple(RuleResult(name, passes(target, situation), say(target, situation)) for name, passes, say in RULES)


def rank(target: Target, situation: Situation) -> tuple[date, bool, bool, Fit, bool, int, int, str]:
    """The sort key: see the top of this file."""
    return (
        situation.assigned.get(target.tutorial, date.max),
        not resumes(target, situation),
        done(target, situation),
        fit_of(target, situation),
        not has_changed(target, situation),
        -len(narrowed_by(target, situation)),
        role_place(target, situation),
        target.tutorial,
    )


def because(reasons: Iterable[Reason]) -> str:
    """The reasons as text: "You see this because a handoff task is open and you are a nurse."."""
    listed = tuple(reasons)
    clauses = [reason.text for reason in listed if reason.kind != "not reported"]
    notes = [f" {reason.text}." for reason in listed if reason.kind == "not reported"]
    return f"You see this because {words.in_words(clauses)}." + "".join(notes)


def reasons_for(target: Target, situation: Situation) -> tuple[Reason, ...]:
    """Why it is shown, given that it fits."""
    found: list[Reason] = []
    if resumes(target, situation):
        found.append(Reason("resume", "you have started it"))
    if done(target, situation):
        found.append(Reason("learned", "you have finished it and its checks may help now"))
    elif feature_changed(target, situation):
        found.append(Reason("feature changed", "its AI feature has changed since you finished it"))
    elif has_changed(target, situation):
        found.append(Reason("changed", "it has changed since you finished it"))
    found.append(Reason(*workflow_words(target, situation)))
    # The specialty says something of the person; class and setting of the encounter only lengthen the sentence.
    found += [Reason(name, text) for name, text in narrowed_by(target, situation) if name == "specialty"]
    found += _role_reason(target, situation)
    found += [Reason("not reported", f"The EHR did not say the {name}") for name in not_reported(target, situation)]
    return tuple(found)


def _role_reason(target: Target, situation: Situation) -> list[Reason]:
    """My role, or that it is for everyone; none where it is for neither, and shows since it is assigned."""
    for role in situation.job_roles:
        if role in target.roles:
            return [Reason("job role", words.you_are(role, situation.role_titles))]
    return [Reason("job role", "it is for everyone")] if words.EVERYONE in target.roles else []
