"""What happens to visits. Verbs flush, callers commit."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, select, update
from sqlalchemy.orm import Session

from smart_app.organizations.job_roles import job_roles
from smart_app.organizations.verbs import write_audit
from smart_app.visits import cookies
from smart_app.visits.models import Visit
from smart_app.visits.view import ChoiceLike, VisitView, as_json, view_of, with_choices

MOST_LIVE = 16
"""Live visits in one browser; the oldest ends."""
KEPT = timedelta(days=30)
_INSERT = cast(Table, Visit.__table__).insert()
_COLUMNS = tuple(Visit.__table__.c.keys())


def open_visit(session: Session, *, visit: Visit) -> tuple[Visit, str]:
    """Begin a visit: gives it a secret (for the cookie; only its hash is kept)."""
    secret = cookies.new_secret()
    visit.secret_hash = cookies.secret_hash(secret)
    visit.started_at = datetime.now(UTC)
    # Not by the unit of work, which costs a launch four times as much as the INSERT.
    given = {name: value for name in _COLUMNS if (value := getattr(visit, name)) is not None}
    session.connection().execute(_INSERT, given)
    return visit, secret


def tell_asserted(session: Session, *, visit: Visit) -> None:
    """Into the audit, where the EHR's codes give this learner something else than at the visit before."""
    before = session.scalar(
        select(Visit.asserted)
        .where(Visit.organization == visit.organization, Visit.learner == visit.learner)
        .order_by(Visit.started_at.desc())
        .limit(1)
    )
    if (before or []) != (visit.asserted or []):
        write_audit(
            session,
            organization=visit.organization,
            actor=f"EHR {visit.registration.hex}",
            action="permissions asserted by the EHR",
            details={"learner": visit.learner.hex, "before": before or [], "after": visit.asserted or []},
        )


def keep_choices(session: Session, *, visit: VisitView, choices: Sequence[ChoiceLike]) -> VisitView:
    """Keep what was chosen anew for the visit: later pages show this and choose nothing."""
    chosen = with_choices(visit, choices)
    session.execute(update(Visit).where(*_is(visit)).values(choices=as_json(chosen.choices)))
    return chosen


def choose_again(
    session: Session, *, visit: VisitView, role: str, choose: Callable[[VisitView], Sequence[ChoiceLike]]
) -> VisitView:
    """Take a job role that the learner declared, and choose anew for it. LookupError for an unknown role."""
    titles = {known.id: known.title for known in job_roles(session, organization=visit.organization)}
    if role not in titles:
        raise LookupError(role)
    known = replace(visit, job_roles=(role,), role_titles=(titles[role],), role_declared=True)
    changed = {"job_roles": [role], "role_titles": [titles[role]], "role_declared": True}
    session.execute(update(Visit).where(*_is(visit)).values(**changed))
    return keep_choices(session, visit=known, choices=choose(known))


def name_task(session: Session, *, visit: VisitView, task: str | None) -> VisitView:
    """Take the learner's word for what is open in this visit: a code, NO_TASK, or None for what the EHR says."""
    row = session.scalars(select(Visit).where(*_is(visit))).one()
    row.task_said = task
    session.flush()
    return view_of(
        row,
        organization_name=visit.organization_name,
        ehr_name=visit.ehr_name,
        frame_ancestors=visit.frame_ancestors,
    )


def ask(session: Session, *, visit: VisitView) -> VisitView:
    """The learner asks for a tutorial to be put first in this visit."""
    session.execute(update(Visit).where(*_is(visit)).values(asked=True))
    return replace(visit, asked=True)


def nudge(session: Session, *, visit: VisitView) -> VisitView:
    """This visit puts a tutorial first unasked."""
    session.execute(update(Visit).where(*_is(visit)).values(nudged_at=datetime.now(UTC)))
    return replace(visit, nudges=True)


def live_visits(session: Session, held: Iterable[cookies.VisitCookie]) -> list[Visit]:
    """Visits that have not ended and whose secrets these cookies hold, the oldest first."""
    secrets_of = {cookie.visit: cookie.secret for cookie in held}
    if not secrets_of:
        return []
    rows = session.scalars(
        select(Visit).where(Visit.id.in_(secrets_of), Visit.ended_at.is_(None)).order_by(Visit.started_at)
    )
    return [row for row in rows if row.secret_hash == cookies.secret_hash(secrets_of[row.id])]


def end_visits(session: Session, *, visits: Iterable[Visit], ended_by: str) -> list[UUID]:
    """End them; progress is the learner's and stays. Returns their ids, so that the cookies can be dropped."""
    ended = list(visits)
    for visit in ended:
        visit.ended_at, visit.ended_by = datetime.now(UTC), ended_by
    session.flush()
    return [visit.id for visit in ended]


def purge_old_visits(session: Session) -> None:
    """Remove what is older than 30 days."""
    session.execute(delete(Visit).where(Visit.started_at < datetime.now(UTC) - KEPT))


def _is(visit: VisitView) -> tuple[ColumnElement[bool], ...]:
    return Visit.organization == visit.organization, Visit.id == visit.id
