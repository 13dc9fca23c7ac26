"""How what is done to people, rollouts and assignments is taken back."""

from uuid import UUID

from sqlalchemy.orm import Session

from smart_app.organizations.permissions import Permission
from smart_app.organizations.roster.importing import undo_import
from smart_app.rollout.assigning import put_back, withdraw
from smart_app.rollout.planning import put_rollout_back
from smart_app.studio.undo import Payload, undoer
from smart_app.visits.view import VisitView

IMPORTED, REMOVED, WITHDRAWN = "roster imported", "rollout removed", "assignment withdrawn"
ASSIGNED = "tutorials assigned"


@undoer(IMPORTED, Permission.TRAINER, Permission.ANALYST)
def _undo_import(session: Session, *, visit: VisitView, payload: Payload) -> None:
    undo_import(session, organization=visit.organization, payload=payload, actor=visit.learner.hex)


@undoer(REMOVED, Permission.TRAINER)
def _put_rollout_back(session: Session, *, visit: VisitView, payload: Payload) -> None:
    rollout = UUID(payload["rollout"])
    put_rollout_back(session, organization=visit.organization, rollout=rollout, actor=visit.learner.hex)


@undoer(WITHDRAWN, Permission.TRAINER)
def _put_back(session: Session, *, visit: VisitView, payload: Payload) -> None:
    assignment = UUID(payload["assignment"])
    put_back(session, organization=visit.organization, assignment=assignment, actor=visit.learner.hex)


@undoer(ASSIGNED, Permission.TRAINER)
def _withdraw(session: Session, *, visit: VisitView, payload: Payload) -> None:
    for assignment in map(UUID, payload["assignments"]):
        withdraw(session, organization=visit.organization, assignment=assignment, actor=visit.learner.hex)
