"""What undo steps keep encrypted: under the newest key after a rotation, and without names that may not be kept."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing, UnreadableCiphertext
from smart_app.organizations import ehr_changes
from smart_app.organizations.roster.forgetting import undo_renewed, undo_without_names
from smart_app.studio.administration import undoing as administration
from smart_app.studio.models import UndoStep
from smart_app.studio.people.undoing import IMPORTED
from smart_app.studio.undo import purge_steps

RENEWED: Mapping[str, Callable[..., dict[str, Any]]] = {
    administration.EHR: ehr_changes.renewed,
    administration.REVOKED: administration.renewed,
    administration.AWAITED_REVOKED: administration.renewed,
    IMPORTED: undo_renewed,
}
"""Kind of act -> (payload, *, organization, keys) -> the payload under the newest key."""


def reencrypt(session: Session, *, keys: KeyRing) -> int:
    """Encrypt anew what an older key made; returns how many rows. A step that no key reads goes. Flushes."""
    purge_steps(session)
    rewritten = 0
    for row in session.scalars(select(UndoStep).where(UndoStep.kind.in_(RENEWED), UndoStep.undone_at.is_(None))).all():
        try:
            newer = RENEWED[row.kind](row.payload, organization=row.organization, keys=keys)
        except UnreadableCiphertext:
            session.delete(row)
            continue
        rewritten += newer != row.payload
        row.payload = newer
    session.flush()
    return rewritten


def forget_names_to_undo(session: Session, *, organization: UUID, keys: KeyRing) -> None:
    """No undo of an import brings a name back, and none is kept for it. Flushes."""
    imports = select(UndoStep).where(
        UndoStep.organization == organization, UndoStep.kind == IMPORTED, UndoStep.undone_at.is_(None)
    )
    for row in session.scalars(imports):
        row.payload = undo_without_names(row.payload, organization=organization, keys=keys)
    session.flush()
