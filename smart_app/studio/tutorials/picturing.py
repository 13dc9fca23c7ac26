"""Take a picture into the library, or out of what is offered. Verbs flush, and write the audit beside the change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from smart_app.library.models import PictureRow
from smart_app.library.pictures import MOST_ALT, PictureRefused, name_of, remake
from smart_app.organizations.permissions import Permission
from smart_app.organizations.verbs import write_audit
from smart_app.studio.undo import remember, undoer
from smart_app.visits.view import VisitView

_REMOVED = "picture removed"
MOST_PICTURES = 400


def add(session: Session, *, visit: VisitView, content: bytes, alt: str, now: datetime) -> str:
    """Keep a picture, made anew; returns its name, which is made of `alt`. Raises PictureRefused."""
    if not 3 <= len(alt) <= MOST_ALT:
        raise PictureRefused(f"Say what it shows in 3 to {MOST_ALT} characters, for those who cannot see it.")
    remade = remake(content)
    taken = set(session.scalars(select(PictureRow.name).where(PictureRow.organization == visit.organization)))
    if len(taken) >= MOST_PICTURES:
        raise PictureRefused("There are 400 pictures already. Say each in words, or ask your analyst.")
    first = name_of(alt, remade.ending)
    stem, _, ending = first.partition(".")
    name = next(each for each in (first, *(f"{stem}-{n}.{ending}" for n in range(2, 500))) if each not in taken)
    session.add(
        PictureRow(
            organization=visit.organization,
            name=name,
            kind=remade.kind,
            alt=alt,
            width=remade.width,
            height=remade.height,
            content=remade.content,
            added_by=visit.learner.hex,
            added_at=now,
        )
    )
    _tell(session, visit, "picture added", name, before=None, after={"bytes": len(remade.content), "alt": alt})
    session.flush()
    return name


def remove(session: Session, *, visit: VisitView, name: str, now: datetime) -> UUID | None:
    """Offer it no longer; returns the step that brings it back, or None where there is no such picture."""
    row = session.get(PictureRow, (visit.organization, name))
    if row is None or row.removed_at is not None:
        return None
    row.removed_at = now
    _tell(session, visit, "picture removed", name, before={"alt": row.alt}, after=None)
    words = f"The picture {name} is no longer offered. Versions that show it still do."
    return remember(session, visit=visit, words=words, kind=_REMOVED, payload={"name": name})


def listed(session: Session, *, organization: UUID) -> list[PictureRow]:
    """Those that are offered, newest first, without their dots."""
    row = PictureRow
    query = select(row).where(row.organization == organization, row.removed_at.is_(None))
    light = query.options(load_only(row.name, row.alt, row.width, row.height))
    return list(session.scalars(light.order_by(row.added_at.desc())))


@undoer(_REMOVED, Permission.TRAINER)
def _offer_again(session: Session, *, visit: VisitView, payload: Mapping[str, Any]) -> None:
    row = session.get_one(PictureRow, (visit.organization, payload["name"]))
    row.removed_at = None
    _tell(session, visit, "picture offered again", row.name, before=None, after={"alt": row.alt})


def _tell(session: Session, visit: VisitView, action: str, name: str, *, before: Any, after: Any) -> None:
    details = {"picture": name, "before": before, "after": after}
    write_audit(session, organization=visit.organization, actor=visit.learner.hex, action=action, details=details)
