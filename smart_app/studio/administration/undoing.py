"""How what is done under Administration is taken back."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.organizations.asserting import map_code
from smart_app.organizations.ehr_changes import put_back
from smart_app.organizations.grants import await_permission, renewed_words
from smart_app.organizations.models import AwaitedPermission
from smart_app.organizations.permissions import Permission, grant
from smart_app.organizations.verbs import NameTaken
from smart_app.studio.undo import CannotUndo, Payload, undoer
from smart_app.visits.view import VisitView

EHR = "EHR changed or removed"
REVOKED = "permission revoked"
AWAITED_REVOKED = "awaited permission revoked"
UNMAPPED = "permission code removed"


@undoer(EHR, Permission.ANALYST)
def _put_ehr_back(session: Session, *, visit: VisitView, payload: Payload) -> None:
    try:
        put_back(session, organization=visit.organization, kept=payload, actor=visit.learner.hex)
    except NameTaken as error:
        raise CannotUndo(str(error)) from error


@undoer(REVOKED, Permission.ANALYST)
def _grant_again(session: Session, *, visit: VisitView, payload: Payload) -> None:
    grant(
        session,
        organization=visit.organization,
        learner=UUID(payload["learner"]),
        permission=Permission(payload["permission"]),
        actor=visit.learner.hex,
        named_as=bytes_of(payload["named_as"]),
    )


@undoer(AWAITED_REVOKED, Permission.ANALYST)
def _await_again(session: Session, *, visit: VisitView, payload: Payload) -> None:
    values: dict[str, Any] = {**payload, "hash": bytes_of(payload["hash"]), "named_as": bytes_of(payload["named_as"])}
    now = datetime.now(UTC)
    row = AwaitedPermission(organization=visit.organization, granted_by=visit.learner.hex, granted_at=now, **values)
    await_permission(session, row=row)


@undoer(UNMAPPED, Permission.ANALYST)
def _map_again(session: Session, *, visit: VisitView, payload: Payload) -> None:
    permission = Permission(payload["permission"])
    where = {"system": payload["system"], "code": payload["code"]}
    map_code(session, organization=visit.organization, **where, permission=permission, actor=visit.learner.hex)


def renewed(payload: Payload, *, organization: UUID, keys: KeyRing) -> dict[str, Any]:
    """A revoked permission, the words for its holder under the newest key. Raises UnreadableCiphertext."""
    words = bytes_of(payload["named_as"])
    return {**payload, "named_as": text_of(words and renewed_words(words, organization=organization, keys=keys))}


def text_of(value: bytes | None) -> str | None:
    """Bytes for a payload."""
    return None if value is None else b64encode(value).decode()


def bytes_of(value: str | None) -> bytes | None:
    """Bytes of a payload."""
    return None if value is None else b64decode(value)
