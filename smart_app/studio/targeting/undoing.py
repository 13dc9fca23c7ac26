"""How each act on these pages is taken back: only while what it made stands as it made it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from smart_app.library.ai_registry import FeatureRefused, put_back_feature, restore_feature
from smart_app.library.launch_hosts import add_host
from smart_app.library.own_targets import Targets, clear_targets, own_targets, set_targets
from smart_app.organizations.job_roles import job_roles
from smart_app.organizations.models import RoleCode
from smart_app.organizations.permissions import Permission
from smart_app.organizations.role_map import map_code, unmap_code
from smart_app.organizations.verbs import NoSuchJobRole
from smart_app.studio.undo import CannotUndo, undoer
from smart_app.visits.view import VisitView

TARGETS_CHANGED = "targets changed"
CODE_MAPPED = "code mapped"
FEATURE_REMOVED, FEATURE_SAVED = "AI feature removed", "AI feature saved"
HOST_REMOVED = "launch host removed"
_CHANGED_SINCE = "It was changed again since."


@undoer(TARGETS_CHANGED, Permission.TRAINER)
def _targets_back(session: Session, *, visit: VisitView, payload: Mapping[str, Any]) -> None:
    tutorial, actor = payload["tutorial"], visit.learner.hex
    now = own_targets(session, organization=visit.organization).get(tutorial)
    if (now.as_json() if now else None) != payload["after"]:
        raise CannotUndo(_CHANGED_SINCE)
    if payload["before"] is None:
        clear_targets(session, organization=visit.organization, tutorial=tutorial, actor=actor)
        return
    before = Targets(tuple(payload["before"]["roles"]), payload["before"]["targets"])
    roles = {*before.roles, *(role.id for role in job_roles(session, organization=visit.organization))}
    set_targets(
        session, organization=visit.organization, tutorial=tutorial, wanted=before, known_roles=roles, actor=actor
    )


@undoer(CODE_MAPPED, Permission.TRAINER)
def _meaning_back(session: Session, *, visit: VisitView, payload: Mapping[str, Any]) -> None:
    """Of mapping a code, and of taking its meaning away."""
    code = (payload["system"], payload["code"])
    row = session.get(RoleCode, (visit.organization, *code))
    if (row.job_role if row is not None else None) != payload["after"]:
        raise CannotUndo(_CHANGED_SINCE)
    if payload["before"] is None:
        unmap_code(session, organization=visit.organization, code=code, actor=visit.learner.hex)
        return
    try:
        map_code(
            session,
            organization=visit.organization,
            code=code,
            job_role=payload["before"],
            display=payload["display"],
            actor=visit.learner.hex,
        )
    except NoSuchJobRole as error:
        raise CannotUndo("The job role that it meant is gone.") from error


@undoer(FEATURE_REMOVED, Permission.TRAINER)
def _feature_back(session: Session, *, visit: VisitView, payload: Mapping[str, Any]) -> None:
    try:
        put_back_feature(session, organization=visit.organization, kept=payload, actor=visit.learner.hex)
    except FeatureRefused as error:
        raise CannotUndo("There is an AI feature of that id again.") from error


@undoer(FEATURE_SAVED, Permission.TRAINER)
def _feature_as_it_was(session: Session, *, visit: VisitView, payload: Mapping[str, Any]) -> None:
    was = {"before": payload["before"], "after": payload["after"]}
    try:
        restore_feature(session, organization=visit.organization, **was, actor=visit.learner.hex)
    except FeatureRefused as error:
        raise CannotUndo(_CHANGED_SINCE) from error


@undoer(HOST_REMOVED, Permission.ANALYST)
def _host_back(session: Session, *, visit: VisitView, payload: Mapping[str, Any]) -> None:
    add_host(session, organization=visit.organization, host=payload["host"], actor=visit.learner.hex)
