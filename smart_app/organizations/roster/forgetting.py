"""Names that may not be kept any more go from wherever they are: the roster, files under way, imports to be undone.

An import to be undone holds what was sealed of each person before it. It is stored elsewhere, so that what it is
without names, and under the newest key, is said here as a payload from a payload.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.organizations.roster.models import RosterPerson, RosterUpload
from smart_app.organizations.roster.sealing import renewed, without_names


def forget_names(session: Session, *, organization: UUID, keys: KeyRing) -> int:
    """Names and staff identifiers go at once, and every file between trial and import. How many people had one."""
    forgotten = 0
    for row in session.scalars(select(RosterPerson).where(RosterPerson.organization == organization)):
        kept = without_names(row.sealed, keys=keys, organization=organization, person=row.id)
        forgotten += kept is not row.sealed
        row.sealed = kept
    session.execute(delete(RosterUpload).where(RosterUpload.organization == organization))
    session.flush()
    return forgotten


def undo_without_names(payload: Mapping[str, Any], *, organization: UUID, keys: KeyRing) -> dict[str, Any]:
    """What undoes an import, without anybody's name or staff identifier."""
    return _each(payload, lambda cipher, who: without_names(cipher, keys=keys, organization=organization, person=who))


def undo_renewed(payload: Mapping[str, Any], *, organization: UUID, keys: KeyRing) -> dict[str, Any]:
    """What undoes an import, under the newest key. Raises UnreadableCiphertext."""
    return _each(payload, lambda cipher, who: renewed(cipher, keys=keys, organization=organization, person=who))


def _each(payload: Mapping[str, Any], change: Callable[[bytes, UUID], bytes | None]) -> dict[str, Any]:
    return {**payload, **{part: [_one(kept, change) for kept in payload[part]] for part in ("changed", "left")}}


def _one(kept: Mapping[str, Any], change: Callable[[bytes, UUID], bytes | None]) -> dict[str, Any]:
    if not kept["sealed"]:
        return dict(kept)
    sealed = change(base64.b64decode(kept["sealed"]), UUID(kept["id"]))
    return {**kept, "sealed": base64.b64encode(sealed).decode() if sealed else None}
