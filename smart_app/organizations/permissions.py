"""What somebody may do here: granted, or asserted by the EHR through the organization's own map of codes.

Never by a job role, a declaration or anything that a request says.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from sqlalchemy import bindparam, delete, select, tuple_
from sqlalchemy.orm import Session

from smart_app.db import insert_new, once
from smart_app.organizations import models
from smart_app.organizations.verbs import write_audit


class Permission(StrEnum):
    """Every learner is a clinician without a grant; the others are granted."""

    TRAINER = "trainer"
    REVIEWER = "reviewer"
    LEADER = "leader"
    ANALYST = "analyst"
    STAFF_REPRESENTATIVE = "staff representative"


_GRANTED = select(models.Permission.permission).where(
    models.Permission.organization == bindparam("organization"), models.Permission.learner == bindparam("learner")
)
"""Made once: every page of the player asks whether to lead to the studio."""


def permissions_of(session: Session, *, organization: UUID, learner: UUID) -> frozenset[Permission]:
    """What this learner was granted."""
    return once(session, _granted, organization, learner)


def _granted(session: Session, organization: UUID, learner: UUID) -> frozenset[Permission]:
    asked = {"organization": organization, "learner": learner}
    return frozenset(map(Permission, session.connection().execute(_GRANTED, asked).scalars()))


class VisitLike(Protocol):
    """The part of :class:`smart_app.visits.view.VisitView` that matters here."""

    @property
    def organization(self) -> UUID: ...

    @property
    def learner(self) -> UUID: ...

    @property
    def asserted(self) -> tuple[tuple[str, str, str], ...]: ...


def permissions_of_visit(session: Session, *, visit: VisitLike) -> frozenset[Permission]:
    """What the learner may do in this visit: what was granted, and what the EHR's codes gave at its launch.

    A code that was taken out of the map since gives nothing any more.
    """
    granted = permissions_of(session, organization=visit.organization, learner=visit.learner)
    if not visit.asserted:
        return granted
    table = models.PermissionCode
    mapped = select(table.permission).where(
        table.organization == visit.organization,
        tuple_(table.permission, table.system, table.code).in_(visit.asserted),
    )
    return granted | frozenset(map(Permission, session.scalars(mapped)))


def grant(
    session: Session,
    *,
    organization: UUID,
    learner: UUID,
    permission: Permission,
    actor: str,
    named_as: bytes | None = None,
) -> bool:
    """Grant it, and say so in the audit. Granting twice is one grant; True where this one was new.

    `named_as`: the person in the words of who granted, encrypted.
    """
    before = permissions_of(session, organization=organization, learner=learner)
    new = insert_new(
        session,
        models.Permission,
        organization=organization,
        learner=learner,
        permission=permission.value,
        granted_by=actor,
        granted_at=datetime.now(UTC),
        named_as=named_as,
    )
    if new:
        tell(session, organization, learner, before, before | {permission}, actor, "permission granted")
    return new


def revoke(session: Session, *, organization: UUID, learner: UUID, permission: Permission, actor: str) -> bool:
    """Take it back, and say so in the audit; False where it was not held."""
    before = permissions_of(session, organization=organization, learner=learner)
    if permission not in before:
        return False
    session.execute(
        delete(models.Permission).where(
            models.Permission.organization == organization,
            models.Permission.learner == learner,
            models.Permission.permission == permission.value,
        )
    )
    tell(session, organization, learner, before, before - {permission}, actor, "permission revoked")
    return True


def tell(
    session: Session,
    organization: UUID,
    learner: UUID,
    before: frozenset[Permission],
    after: frozenset[Permission],
    actor: str,
    action: str,
) -> None:
    """Who, what, before and after, in the audit."""
    details = {"learner": learner.hex, "before": sorted(before), "after": sorted(after)}
    write_audit(session, organization=organization, actor=actor, action=action, details=details)
