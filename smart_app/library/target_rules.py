"""The targeting rules, one by one: a quick test, and a sentence that is made only when somebody asks. Pure."""

from collections.abc import Callable, Sequence
from datetime import date

from smart_app.library import vocabulary as words
from smart_app.library.situation import (
    Fit,
    Situation,
    Target,
    done,
    feature_changed,
    fit_of,
    learned,
    narrowing,
    practice_due,
)
from smart_app.library.vocabulary import ANY_FEATURE, EVERYONE

Test = Callable[[Target, Situation], bool]
Say = Callable[[Target, Situation], str]


def _role_passes(target: Target, situation: Situation) -> bool:
    mine = EVERYONE in target.roles or not target.roles.isdisjoint(situation.job_roles)
    return mine or target.tutorial in situation.assigned


def _say_role(target: Target, situation: Situation) -> str:
    meant = words.in_words([words.people(role) for role in sorted(target.roles)])
    if target.tutorial in situation.assigned:
        return f"It is for {meant}, and it is assigned to you."
    if not situation.job_roles:
        return f"It is for {meant}. No job role is known."
    mine = words.in_words([words.you_are(role, situation.role_titles) for role in situation.job_roles])
    return f"It is for {meant}; {mine}."


def _feature_passes(target: Target, situation: Situation) -> bool:
    return target.ai_feature == ANY_FEATURE or target.ai_feature in situation.live_features


def _say_feature(target: Target, situation: Situation) -> str:
    if target.ai_feature == ANY_FEATURE:
        return "It is about no single AI feature."
    state = "is live" if _feature_passes(target, situation) else "is not live"
    why = situation.withheld.get(target.ai_feature, f"{state} at this organization")
    return f'The AI feature "{target.ai_feature}" {why}.'


def _dates_pass(target: Target, situation: Situation) -> bool:
    return (target.starts or date.min) <= situation.today <= (target.until or date.max)


def _say_dates(target: Target, situation: Situation) -> str:
    span = [f"from {target.starts}"] if target.starts else []
    span += [f"until {target.until}"] if target.until else []
    return f"It shows {' '.join(span)}; today is {situation.today}." if span else "It has no dates."


def _workflow_passes(target: Target, situation: Situation) -> bool:
    return fit_of(target, situation) is not Fit.NONE


def _say_workflow(target: Target, situation: Situation) -> str:
    if _workflow_passes(target, situation):
        return sentence_case(workflow_words(target, situation)[1])
    asked = sorted(target.task_codes) + sorted(target.intents) + sorted(target.placements)
    return f"It is for {words.in_words(asked, 'or')}. None of these is open: {_what_is_open(situation)}."


def workflow_words(target: Target, situation: Situation) -> tuple[str, str]:
    """(kind, clause) of how the workflow matched."""
    fit = fit_of(target, situation)
    if fit is Fit.ASSIGNED:
        return ("assigned", _assigned_words(situation.assigned[target.tutorial], situation.today))
    if fit is Fit.OPEN_TASK:
        return ("open task", words.task_is_open(min(target.task_codes & situation.open_codes)))
    if fit is Fit.INTENT:
        return ("intent", words.opened_for(situation.intent or ""))
    if fit is Fit.PLACEMENT:
        return ("placement", words.you_are_in(situation.placement or ""))
    if fit is Fit.PLANNED:
        return ("plan", "it is in the plan you agreed")
    if fit is Fit.PRACTICE_DUE:
        return ("practice due", "its practice is due again")
    if fit is Fit.OFTEN:
        return ("often", "you often do this")
    if fit is Fit.ANY:
        return ("any task", "it fits any task")
    return ("next for role", "no task is open here")


def _assigned_words(due: date, today: date) -> str:
    day = f"{due.day} {due:%B}" + (f" {due.year}" if due.year != today.year else "")
    return f"it is assigned to you; it was due on {day}" if due < today else f"it is assigned to you, due {day}"


def sentence_case(clause: str) -> str:
    """ "a task is open" -> "A task is open."."""
    return f"{clause[0].upper()}{clause[1:]}."


def _what_is_open(situation: Situation) -> str:
    parts = [f"task {code}" for code in sorted(situation.open_codes)]
    parts += [f"intent {situation.intent}"] if situation.intent else []
    parts += [f"placement {situation.placement}"] if situation.placement else []
    return words.in_words(parts) or "no task, intent or placement"


def _narrowing_rule(name: str) -> tuple[str, Test, Say]:
    def passes(target: Target, situation: Situation) -> bool:
        _, asked, reported, _ = next(row for row in narrowing(target, situation) if row[0] == name)
        return not asked or not reported or bool(asked & reported) or target.tutorial in situation.assigned

    def say(target: Target, situation: Situation) -> str:
        _, asked, reported, _ = next(row for row in narrowing(target, situation) if row[0] == name)
        if not asked:
            return f"It asks for no {name}."
        wanted = f"It asks for {name} {words.in_words(sorted(asked), 'or')}"
        if target.tutorial in situation.assigned:
            return f"{wanted}; it is assigned to you, so it shows all the same."
        if not reported:
            return f"{wanted}. The EHR did not say it, so it excludes nothing."
        return f"{wanted}; here it is {words.in_words(sorted(reported))}."

    return name, passes, say


def _learned_passes(target: Target, situation: Situation) -> bool:
    return not done(target, situation) or fit_of(target, situation) <= Fit.PLACEMENT


def _say_learned(target: Target, situation: Situation) -> str:
    if not learned(target, situation):
        return f"You have not finished version {target.version}."
    if feature_changed(target, situation):
        return f"You have finished version {target.version}; its AI feature has changed since."
    if practice_due(target, situation):
        return f"You have finished version {target.version}; its practice is due again."
    open_now = "this work is open now, so its checks stay at hand" if _learned_passes(target, situation) else ""
    return f"You have finished version {target.version}; {open_now or 'it returns when this work is open'}."


def _dismissed_passes(target: Target, situation: Situation) -> bool:
    return target.tutorial not in situation.dismissed


def _say_dismissed(target: Target, situation: Situation) -> str:
    return "You have not put it away." if _dismissed_passes(target, situation) else "You put it away."


RULES: Sequence[tuple[str, Test, Say]] = (
    ("job role", _role_passes, _say_role),
    ("AI feature", _feature_passes, _say_feature),
    ("dates", _dates_pass, _say_dates),
    ("workflow", _workflow_passes, _say_workflow),
    _narrowing_rule("specialty"),
    _narrowing_rule("encounter class"),
    _narrowing_rule("care setting"),
    ("learned already", _learned_passes, _say_learned),
    ("dismissed", _dismissed_passes, _say_dismissed),
)
