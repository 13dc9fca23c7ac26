"""A past visit, rule by rule. Whose it was is never told, and what only that person may know is left out.

A visit is found by the reference of its launch, which its person can read out; a list of all visits would say who
worked when. What somebody has finished, begun or put away is theirs: of another's visit these rules are not answered.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.sensitivity import context_is_sensitive
from smart_app.library.targeting import RuleResult
from smart_app.organizations.models import EhrRegistration
from smart_app.studio.targeting.past_rules import changed_since, rules_then, why_it_differs
from smart_app.visits.models import Visit
from smart_app.visits.verbs import KEPT
from smart_app.visits.view import VisitChoice, VisitView, view_of

SHARED_REASONS = frozenset(
    {"open task", "intent", "placement", "often", "any task", "next for role", "specialty", "job role", "not reported"}
)
"""Kinds that tell of the work; all others tell of the person."""
MOST_MINE = 10


class NoSuchVisit(LookupError):
    """No visit with that reference here in the last 30 days."""


class SensitiveVisit(PermissionError):
    """Its context is nobody else's business."""


@dataclass(frozen=True)
class WasShown:
    """A tutorial that the visit showed."""

    tutorial: str
    version: int
    why: tuple[str, ...]
    """Clauses; without those that tell of the person."""


@dataclass(frozen=True)
class PastVisit:
    """What is told of it."""

    on: str
    ehr: str
    roles: tuple[str, ...]
    declared: bool
    task: str | None
    intent: str | None
    placement: str | None
    encounter_class: str | None
    missing: tuple[str, ...]
    shown: tuple[WasShown, ...]
    rules: tuple[RuleResult, ...]
    """Of the tutorial that was asked about; empty: none was."""
    mine: bool
    was_shown: bool
    """Whether that tutorial was among them."""
    changed: tuple[str, ...]
    """What was changed since, of what the rules read; sentences."""
    differs: str
    """What may be behind it where these rules and what was shown disagree; "": they agree."""


@dataclass(frozen=True)
class MyVisit:
    """A visit of whoever asks."""

    reference: str
    at: datetime
    words: str


def past_visit(session: Session, *, visit: VisitView, reference: str, tutorial: str) -> PastVisit:
    """Raises NoSuchVisit, SensitiveVisit. `visit`: of whoever asks."""
    row = session.scalars(
        select(Visit)
        .where(
            Visit.organization == visit.organization,
            Visit.reference == reference,
            Visit.started_at > datetime.now(UTC) - KEPT,
        )
        .limit(1)
    ).first()
    if row is None:
        raise NoSuchVisit(reference)
    then = view_of(row, organization_name="", ehr_name=_ehr(session, row), frame_ancestors=())
    mine = row.learner == visit.learner
    if not mine and _is_sensitive(session, then):
        raise SensitiveVisit(reference)
    shown = tuple(_shown(choice, mine=mine) for choice in then.choices)
    at, was_shown = row.started_at, tutorial in {choice.tutorial for choice in then.choices}
    rules = rules_then(session, then=then, at=at, tutorial=tutorial, mine=mine) if tutorial else ()
    changed = changed_since(session, organization=then.organization, tutorial=tutorial, at=at) if tutorial else ()
    return PastVisit(
        on=f"{row.started_at.day} {row.started_at:%B}",
        ehr=then.ehr_name,
        roles=then.role_titles,
        declared=then.role_declared,
        task=then.task_title or (", ".join(then.task_codes) or None),
        intent=then.intent,
        placement=then.placement,
        encounter_class=then.encounter_class,
        missing=then.missing,
        shown=shown,
        rules=rules,
        mine=mine,
        was_shown=was_shown,
        changed=changed,
        differs=why_it_differs(rules, was_shown=was_shown, changed=changed, mine=mine),
    )


def my_visits(session: Session, *, visit: VisitView) -> tuple[MyVisit, ...]:
    """The last visits of whoever asks, the newest first."""
    rows = session.scalars(
        select(Visit)
        .where(Visit.organization == visit.organization, Visit.learner == visit.learner)
        .order_by(Visit.started_at.desc())
        .limit(MOST_MINE)
    )
    views = [(row, view_of(row, organization_name="", ehr_name="", frame_ancestors=())) for row in rows]
    return tuple(MyVisit(row.reference, row.started_at, _words(view)) for row, view in views)


def _words(view: VisitView) -> str:
    return f"{', '.join(view.role_titles) or 'Role not known'}, {view.task_title or 'no task open'}"


def _ehr(session: Session, row: Visit) -> str:
    found: EhrRegistration | None = session.get(EhrRegistration, (row.organization, row.registration))
    return found.name if found is not None else ""


def _is_sensitive(session: Session, then: VisitView) -> bool:
    return context_is_sensitive(
        session,
        organization=then.organization,
        job_roles=then.job_roles,
        task_codes={*then.task_codes, *then.frequent_task_codes},
        intent=then.intent,
    )


def _shown(choice: VisitChoice, *, mine: bool) -> WasShown:
    told = tuple(reason["text"] for reason in choice.reasons if mine or reason["kind"] in SHARED_REASONS)
    return WasShown(choice.tutorial, choice.version, told)
