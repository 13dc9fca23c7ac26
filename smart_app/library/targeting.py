"""Which tutorials fit this person and this work, and why. Pure: no Flask, no database, no network.

A tutorial fits when every rule of :mod:`smart_app.library.target_rules` passes:

1. job role        one of its roles is mine, or it is for everyone
2. AI feature      the feature it teaches is live at this organization
3. dates           today is within `from` and `until`
4. workflow        one of task codes, intents and placements matches what is open; or a task I often do;
                   or `any`; or, where nothing at all is open, it is next for my role
5. specialty, encounter class, care setting: each that is given matches; what the EHR does not say excludes nothing
6. learned already a version I finished returns only for the work that is open now, after all that is new
7. dismissed       not put away by me

At most three are chosen, ranked by: started and not finished; not learned before learned; how the
workflow matched (:class:`~smart_app.library.situation.Fit`, in that order); more narrowing matches;
mine before everyone's; the id, in alphabetical order.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from smart_app.library import vocabulary as words
from smart_app.library.situation import (
    Fit,
    Situation,
    Target,
    fit_of,
    learned,
    learned_before,
    narrowed_by,
    not_reported,
    resumes,
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
    return tuple(
        Choice(target.tutorial, target.version, reasons_for(target, situation)) for target in fitting[:MOST_CHOICES]
    )


def fits(target: Target, situation: Situation) -> bool:
    """Whether every rule passes; stops at the first that does not."""
    return all(passes(target, situation) for _, passes, _ in RULES)


def explain(target: Target, situation: Situation) -> tuple[RuleResult, ...]:
    """Every rule, passed or not, in words."""
    return tuple(RuleResult(name, passes(target, situation), say(target, situation)) for name, passes, say in RULES)


def rank(target: Target, situation: Situation) -> tuple[bool, bool, Fit, int, bool, str]:
    """The sort key: see the top of this file."""
    return (
        not resumes(target, situation),
        learned(target, situation),
        fit_of(target, situation),
        -len(narrowed_by(target, situation)),
        not (target.roles & set(situation.job_roles)),
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
    if learned(target, situation):
        found.append(Reason("learned", "you have finished it and its checks may help now"))
    elif learned_before(target, situation):
        found.append(Reason("changed", "it has changed since you finished it"))
    found.append(Reason(*workflow_words(target, situation)))
    # The specialty says something of the person; class and setting of the encounter only lengthen the sentence.
    found += [Reason(name, text) for name, text in narrowed_by(target, situation) if name == "specialty"]
    found.append(_role_reason(target, situation))
    found += [Reason("not reported", f"The EHR did not say the {name}") for name in not_reported(target, situation)]
    return tuple(found)


def _role_reason(target: Target, situation: Situation) -> Reason:
    for role in situation.job_roles:
        if role in target.roles:
            return Reason("job role", words.you_are(role, situation.role_titles))
    return Reason("job role", "it is for everyone")
