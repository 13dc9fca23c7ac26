"""From a visit and what the learner did before to the tutorials shown: at most three, with reasons."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from smart_app.library.choosing import choose_for
from smart_app.library.targeting import Choice, Reason, Situation
from smart_app.player.history import History, history_of
from smart_app.rollout.assigned import assigned_to
from smart_app.visits.session import VisitView


def choices_for(session: Session, *, visit: VisitView) -> tuple[Choice, ...]:
    """What fits this person and what is open; a reading of the database only."""
    return chosen_by(session, visit, history_of(session, organization=visit.organization, learner=visit.learner))


def chosen_by(session: Session, visit: VisitView, history: History) -> tuple[Choice, ...]:
    """The same, of somebody whose history was read already."""
    situation = _situation(session, visit, history)
    choices = choose_for(session, organization=visit.organization, situation=situation)
    choices = tuple(_as_begun(choice, history) for choice in choices)
    return tuple(map(_on_the_learners_word, choices)) if visit.task_said else choices


def situation_of(session: Session, *, visit: VisitView) -> Situation:
    """Who is here, what is open and what was learned, in the words of the targeting rules."""
    return _situation(session, visit, history_of(session, organization=visit.organization, learner=visit.learner))


def _situation(session: Session, visit: VisitView, history: History) -> Situation:
    assigned = assigned_to(
        session,
        organization=visit.organization,
        learner=visit.learner,
        job_roles=visit.job_roles,
        learned={tutorial for tutorial, _ in history.learned},
    )
    here = _who_is_here(visit, history) | {"assigned": assigned}
    return Situation(**_what_is_open(visit), **here, today=datetime.now(UTC).date())


def _as_begun(choice: Choice, history: History) -> Choice:
    """The version that the learner is in the middle of, where the newer one lets people finish it."""
    return replace(choice, version=history.stays.get(choice.tutorial, choice.version))


def _on_the_learners_word(choice: Choice) -> Choice:
    """The EHR did not say that this task is open: the learner did, and the sentence and the record say so."""
    return replace(
        choice,
        reasons=tuple(
            Reason("task said", f"you said that {reason.text}") if reason.kind == "open task" else reason
            for reason in choice.reasons
        ),
    )


def _what_is_open(visit: VisitView) -> dict[str, Any]:
    return {
        "task_open": visit.task_open,
        "task_codes": frozenset(visit.task_codes),
        "frequent_task_codes": frozenset(visit.frequent_task_codes),
        "intent": visit.intent,
        "placement": visit.placement,
        "encounter_class": visit.encounter_class,
    }


def _who_is_here(visit: VisitView, history: History) -> dict[str, Any]:
    return {
        "job_roles": visit.job_roles,
        "role_titles": dict(zip(visit.job_roles, visit.role_titles, strict=False)),
        "specialties": frozenset(visit.specialties),
        "learned": history.learned,
        "learned_on": history.learned_on,
        "in_progress": history.in_progress,
        "dismissed": history.put_away,
    }
