"""What somebody may do here. Granted by hand only: no job role, code or declaration ever gives a permission."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from smart_app.db import insert_new
from smart_app.organizations import models
from smart_app.organizations.verbs import write_audit


class Permission(StrEnum):
    """Every learner is a clinician without a grant; the others are granted."""

    TRAINER = "trainer"
    REVIEWER = "reviewer"
    LEADER = "leader"
    ANALYST = "analyst"
    STAFF_REPRESENTATIVE = "staff representative"


def permissions_of(session: Session, *, organization: UUID, learner: UUID) -> frozenset[Permission]:
    """What this learner was granted."""
    granted = select(models.Permission.permission).where(
        models.Permission.organization == organization, models.Permission.learner == learner
    )
    return frozenset(map(Permission, session.scalars(granted)))


def grant(session: Session, *, organization: UUID, learner: UUID, permission: Permission, actor: str) -> None:
    """Grant it, and say so in the audit. Granting twice is one grant."""
    new = insert_new(
        session,
        models.Permission,
        organization=organization,
        learner=learner,
        permission=permission.value,
        granted_by=actor,
        granted_at=datetime.now(UTC),
    )
    if new:
        _tell(session, organization, learner, permission, actor, "permission granted")


def revoke(session: Session, *, organization: UUID, learner: UUID, permission: Permission, actor: str) -> None:
    """Take it back, and say so in the audit."""
    session.execute(
        delete(models.Permission).where(
            models.Permission.organization == organization,
            models.Permission.learner == learner,
            models.Permission.permission == permission.value,
        )
    )
    _tell(session, organization, learner, permission, actor, "permission revoked")


def _tell(session: Session, organization: UUID, learner: UUID, permission: Permission, actor: str, action: str) -> None:
    details = {"learner": learner.hex, "permission": permission.value}
    write_audit(session, organization=organization, actor=actor, action=action, details=details)
