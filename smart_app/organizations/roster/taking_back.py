"""An import taken back: people as they were, each kept as JSON. What was sealed stays sealed. Flushes."""

import base64
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.organizations.roster.models import RosterIdentity, RosterPerson
from smart_app.organizations.roster.people import count_people
from smart_app.organizations.roster.sealing import without_names
from smart_app.organizations.verbs import write_audit


def kept_of(row: RosterPerson) -> dict[str, Any]:
    """A person as they were, as JSON; what was sealed stays so."""
    return {
        "id": row.id.hex, "job_role": row.job_role, "unit": row.unit, "is_leader": row.is_leader,
        "access": row.access, "source": row.source, "listed": row.listed, "active_from": _iso(row.active_from),
        "active_to": _iso(row.active_to), "sealed": base64.b64encode(row.sealed).decode() if row.sealed else None,
    }  # fmt: skip


def undo_import(
    session: Session, *, organization: UUID, payload: Mapping[str, Any], keys: KeyRing, keep_names: bool, actor: str
) -> None:
    """Put the roster back as it was before an import. Whoever was assigned work meanwhile stays, and is not here.

    Names come back only where the organization allows lists of names now (`keep_names`).
    """
    here = count_people(session, organization=organization)
    for kind, digest in payload["identities"]:
        session.execute(
            delete(RosterIdentity).where(
                RosterIdentity.organization == organization,
                RosterIdentity.kind == kind,
                RosterIdentity.hash == bytes.fromhex(digest),
            )
        )
    for person in map(UUID, payload["added"]):
        _remove(session, organization, person)
    for kept in (*payload["changed"], *payload["left"]):
        row = session.get(RosterPerson, (organization, UUID(kept["id"])))
        if row is not None:
            _put_back(row, kept, keys=keys, keep_names=keep_names)
    session.flush()
    details = {
        "added": len(payload["added"]), "changed": len(payload["changed"]), "left": len(payload["left"]),
        "before": {"people": here}, "after": {"people": count_people(session, organization=organization)},
    }  # fmt: skip
    write_audit(session, organization=organization, actor=actor, action="roster import undone", details=details)
    session.flush()


def _remove(session: Session, organization: UUID, person: UUID) -> None:
    """Take a person out; one whom other rows name leaves the roster instead, and nothing of them can be read back."""
    row = session.get(RosterPerson, (organization, person))
    if row is None:
        return
    try:
        with session.begin_nested():
            session.delete(row)
            session.flush()
    except IntegrityError:
        row.active_to, row.sealed = datetime.now(UTC).date() - timedelta(days=1), None


def _put_back(row: RosterPerson, kept: Mapping[str, Any], *, keys: KeyRing, keep_names: bool) -> None:
    for name in ("job_role", "unit", "is_leader", "access", "source"):
        setattr(row, name, kept[name])
    for name in ("active_from", "active_to"):
        setattr(row, name, date.fromisoformat(kept[name]) if kept[name] else None)
    sealed = base64.b64decode(kept["sealed"]) if kept["sealed"] else None
    if not keep_names:
        sealed = without_names(sealed, keys=keys, organization=row.organization, person=row.id)
    row.sealed, row.listed, row.changed_at = sealed, kept.get("listed"), datetime.now(UTC)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
