"""The rules at a past visit: on its day, with what was open and often done then, and one's own history as it stood.

Targets, versions and AI features are those of today: what was changed since the visit is told beside the rules.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.choosing import catalogue_of, explain_for
from smart_app.library.models import TutorialVersionRow
from smart_app.library.situation import Situation
from smart_app.library.targeting import RuleResult
from smart_app.organizations.models import AuditEntry
from smart_app.player.history import History, history_of
from smart_app.player.offered import dismissals_of
from smart_app.rollout.assigned import assigned_to
from smart_app.rollout.models import Assignment
from smart_app.visits.view import VisitView

PERSONAL_RULES = frozenset({"learned already", "dismissed"})
_FEATURE_ACTS = frozenset({"AI feature saved", "AI feature removed", "AI feature put back"})


def rules_then(session: Session, *, then: VisitView, at: datetime, tutorial: str, mine: bool) -> tuple[RuleResult, ...]:
    """Rule by rule. Of another's visit the person's history is left out, and the rules that ask for it."""
    situation = Situation(
        today=at.date(),
        job_roles=then.job_roles,
        role_titles=dict(zip(then.job_roles, then.role_titles, strict=False)),
        specialties=frozenset(then.specialties),
        task_open=then.task_open,
        task_codes=frozenset(then.task_codes),
        frequent_task_codes=frozenset(then.frequent_task_codes),
        intent=then.intent,
        placement=then.placement,
        encounter_class=then.encounter_class,
        **(_own_history(session, then, at) if mine else {}),
    )
    found = explain_for(session, organization=then.organization, tutorial=tutorial, situation=situation)
    return tuple(result for result in found if mine or result.rule not in PERSONAL_RULES)


def changed_since(session: Session, *, organization: UUID, tutorial: str, at: datetime) -> tuple[str, ...]:
    """What was changed after the visit that the rules read as it is today, in sentences."""
    targets = catalogue_of(session, organization=organization).targets
    feature = next((target.ai_feature for target in targets if target.tutorial == tutorial), "")
    told = [_told(entry, tutorial, feature) for entry in _acts_since(session, organization, at)]
    return tuple(dict.fromkeys(filter(None, [*_versions_since(session, organization, tutorial, at), *told])))


def why_it_differs(rules: tuple[RuleResult, ...], *, was_shown: bool, changed: tuple[str, ...], mine: bool) -> str:
    """Where the rules of today and what was shown disagree, what may be behind it; "" where they agree."""
    all_pass = all(rule.passed for rule in rules)
    if not rules or all_pass == was_shown:
        return ""
    since = "What was changed since the visit stands above. " if changed else ""
    return since + _DIFFERS[was_shown, mine]


_DIFFERS: Mapping[tuple[bool, bool], str] = {
    (True, True): "It was shown, though by these rules it would not be: they read targets, AI features and what is "
    "assigned to you as these are now.",
    (True, False): "It was shown, though by these rules it would not be. What the person had begun, was assigned or "
    "had finished can bring a tutorial too; that is theirs and not shown here.",
    (False, True): "Every rule passes and it was not shown: three others went before it, or something was changed "
    "since.",
    (False, False): "Every rule here passes and it was not shown: three others went before it, something was changed "
    "since, or the person had finished it or put it away. What somebody finished or put away is theirs and not shown "
    "here.",
}
"""(it was shown, it is one's own visit) -> what may be behind it."""


def _own_history(session: Session, then: VisitView, at: datetime) -> dict[str, Any]:
    history = _as_it_stood(history_of(session, organization=then.organization, learner=then.learner), at)
    put_away = dismissals_of(session, then.organization, then.learner)
    assigned = assigned_to(
        session,
        organization=then.organization,
        learner=then.learner,
        job_roles=then.job_roles,
        learned={tutorial for tutorial, _ in history.learned},
    )
    return {
        "learned": history.learned,
        "learned_on": history.learned_on,
        "in_progress": history.in_progress,
        "dismissed": frozenset(row.tutorial for row in put_away if row.dismissed_at <= at),
        "assigned": _made_by_then(session, then.organization, assigned, at),
    }


def _as_it_stood(history: History, at: datetime) -> History:
    """Without what was begun or finished after the visit."""
    places = (place for place in history.places if place.started_at <= at)
    known = tuple(
        replace(place, finished_at=None) if place.finished_at and place.finished_at > at else place for place in places
    )
    return replace(history, places=known)


def _made_by_then(session: Session, organization: UUID, assigned: Mapping[str, date], at: datetime) -> dict[str, date]:
    if not assigned:
        return {}
    made = select(Assignment.tutorial).where(Assignment.organization == organization, Assignment.made_at <= at)
    known = set(session.scalars(made))
    return {tutorial: due for tutorial, due in assigned.items() if tutorial in known}


def _versions_since(session: Session, organization: UUID, tutorial: str, at: datetime) -> list[str]:
    row = TutorialVersionRow
    found = session.execute(
        select(row.version, row.published_at)
        .where(row.organization == organization, row.tutorial == tutorial, row.published_at > at)
        .order_by(row.version)
    )
    return [f"Version {version} was published on {_day(day)}." for version, day in found if day]


def _acts_since(session: Session, organization: UUID, at: datetime) -> list[AuditEntry]:
    wanted = ("targets changed", *_FEATURE_ACTS)
    after = select(AuditEntry).where(AuditEntry.organization == organization, AuditEntry.at > at)
    return list(session.scalars(after.where(AuditEntry.action.in_(wanted)).order_by(AuditEntry.at)))


def _told(entry: AuditEntry, tutorial: str, feature: str) -> str:
    if entry.action == "targets changed" and entry.details.get("tutorial") == tutorial:
        return f"Who sees it was changed on {_day(entry.at)}."
    if entry.action in _FEATURE_ACTS and entry.details.get("ai_feature") == feature:
        return f"The entry of its AI feature was changed on {_day(entry.at)}."
    return ""


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B}"
