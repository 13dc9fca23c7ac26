"""How what is done to people, rollouts and assignments is taken back."""

from uuid import UUID

from sqlalchemy.orm import Session

from smart_app.organizations.permissions import Permission
from smart_app.organizations.roster.taking_back import undo_import
from smart_app.rollout.assigning import put_back, withdraw
from smart_app.rollout.naming import names_allowed
from smart_app.rollout.planning import (
    ChangedSince,
    NoSuchRollout,
    put_plan_back,
    put_rollout_back,
    put_super_users_back,
)
from smart_app.services import services
from smart_app.studio.undo import CannotUndo, Payload, undoer
from smart_app.visits.view import VisitView

IMPORTED, REMOVED, WITHDRAWN = "roster imported", "rollout removed", "assignment withdrawn"
ASSIGNED, PLANNED, SUPER_USERS = "tutorials assigned", "rollout changed", "super-users named"


@undoer(IMPORTED, Permission.TRAINER, Permission.ANALYST)
def _undo_import(session: Session, *, visit: VisitView, payload: Payload) -> None:
    undo_import(
        session,
        organization=visit.organization,
        payload=payload,
        keys=services().keys,
        keep_names=names_allowed(session, organization=visit.organization),
        actor=visit.learner.hex,
    )


@undoer(REMOVED, Permission.TRAINER)
def _put_rollout_back(session: Session, *, visit: VisitView, payload: Payload) -> None:
    rollout = UUID(payload["rollout"])
    put_rollout_back(session, organization=visit.organization, rollout=rollout, actor=visit.learner.hex)


@undoer(PLANNED, Permission.TRAINER)
def _put_plan_back(session: Session, *, visit: VisitView, payload: Payload) -> None:
    rollout, was = UUID(payload["rollout"]), {"before": payload["before"], "after": payload["after"]}
    try:
        put_plan_back(session, organization=visit.organization, rollout=rollout, **was, actor=visit.learner.hex)
    except NoSuchRollout as error:
        raise CannotUndo("The rollout was removed since.") from error
    except ChangedSince as error:
        raise CannotUndo(str(error)) from error


@undoer(SUPER_USERS, Permission.TRAINER)
def _put_super_users_back(session: Session, *, visit: VisitView, payload: Payload) -> None:
    given = {**payload, "rollout": UUID(payload["rollout"])}
    try:
        put_super_users_back(session, organization=visit.organization, **given, actor=visit.learner.hex)
    except ChangedSince as error:
        raise CannotUndo(str(error)) from error


@undoer(WITHDRAWN, Permission.TRAINER)
def _put_back(session: Session, *, visit: VisitView, payload: Payload) -> None:
    assignment = UUID(payload["assignment"])
    put_back(session, organization=visit.organization, assignment=assignment, actor=visit.learner.hex)


@undoer(ASSIGNED, Permission.TRAINER)
def _withdraw(session: Session, *, visit: VisitView, payload: Payload) -> None:
    for assignment in map(UUID, payload["assignments"]):
        withdraw(session, organization=visit.organization, assignment=assignment, actor=visit.learner.hex)
