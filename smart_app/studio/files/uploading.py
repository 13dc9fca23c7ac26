"""Bringing files in: one person sends them, a second reads the difference and publishes. Verbs flush."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.library.archive import as_zip, read_zip
from smart_app.library.bundle import Bundle, bundle_of
from smart_app.library.differences import FileDifference, differences
from smart_app.library.exporting import library_files
from smart_app.library.importing import ImportReport, import_bundle
from smart_app.library.registries import LOCAL, adds_nothing
from smart_app.organizations.models import LearnerMatch
from smart_app.organizations.permissions import Permission
from smart_app.organizations.verbs import write_audit
from smart_app.studio.files.models import LibraryUpload
from smart_app.studio.undo import CannotUndo, remember, undoer
from smart_app.visits.view import VisitView

WAITING, PUBLISHED, PUT_AWAY = "waiting", "published", "put away"
MOST_WAITING = 20
_KEPT = timedelta(days=30)
_UNDO = "library files put away"
_SECOND = "a second person"


class NoSuchUpload(LookupError):
    """This organization has no such files."""


class NotNow(ValueError):
    """The files cannot go on like this; the text says why, in words for the page."""


def take_up(
    session: Session, *, visit: VisitView, name: str, author: str, files: Mapping[str, bytes], keys: KeyRing
) -> LibraryUpload:
    """Keep files that could be published, for a second person. Raises ImportRefused, NotNow."""
    if not author or len(author) > 120 or not author.isprintable():
        raise NotNow("Write who wrote the tutorials: readers see it.")
    _purge(session, visit.organization)
    waiting = select(LibraryUpload.id).where(*_of(visit), LibraryUpload.state == WAITING)
    if len(session.scalars(waiting).all()) >= MOST_WAITING:
        raise NotNow("Twenty archives wait already. Put some away first.")
    bundle = bundle_of(name, files)
    report = _dry_run(session, visit, bundle, author=author, keys=keys)
    if not report.changed and not _changes(session, visit, bundle, keys):
        raise NotNow("There is nothing new in them: the library is as these files say.")
    row = LibraryUpload(organization=visit.organization, id=uuid.uuid4(), learner=visit.learner, name=name[:120])
    row.author, row.content, row.state = author, as_zip(bundle.files()), WAITING
    row.told = {each: getattr(report, each) for each in ("published", "retired", "unchanged", "notes")}
    row.sent_at = datetime.now(UTC)
    session.add(row)
    _tell(session, visit, "library files sent", row, before=None)
    return row


def get_upload(session: Session, *, visit: VisitView, upload: UUID) -> LibraryUpload:
    """Files of this organization; raises NoSuchUpload."""
    row = session.get(LibraryUpload, (visit.organization, upload))
    if row is None:
        raise NoSuchUpload(upload)
    return row


def uploads(session: Session, *, visit: VisitView) -> list[LibraryUpload]:
    """All that are kept, the newest first."""
    return list(session.scalars(select(LibraryUpload).where(*_of(visit)).order_by(LibraryUpload.sent_at.desc())))


def differences_of(session: Session, *, visit: VisitView, row: LibraryUpload, keys: KeyRing) -> list[FileDifference]:
    """What publishing would change today."""
    return _differences(session, visit, read_zip(row.content), keys)


def may_publish(session: Session, *, visit: VisitView, row: LibraryUpload) -> bool:
    """Whether this learner is a second person: not who sent them, nor the same person at another EHR."""
    if row.learner == visit.learner:
        return False
    pair = sorted((row.learner, visit.learner))
    match = session.get(LearnerMatch, (visit.organization, *pair))
    return match is None or match.decision == "refused"


def publish(session: Session, *, visit: VisitView, row: LibraryUpload, name: str, keys: KeyRing) -> ImportReport:
    """Take the files in, signed by the second person's name. Raises NotNow, ImportRefused: then commit nothing."""
    if row.state != WAITING:
        raise NotNow(f"They are {row.state} already.")
    if not may_publish(session, visit=visit, row=row):
        raise NotNow("You sent these files yourself. Ask a second person who is a reviewer.")
    if not name or len(name) > 120 or not name.isprintable():
        raise NotNow("Write your own name, as colleagues know it: readers see who reviewed it.")
    row.before = as_zip(library_files(session, organization=visit.organization, keys=keys))
    bundle = bundle_of(row.name, read_zip(row.content))
    report = _take_in(session, visit, bundle, author=row.author, reviewer=name, keys=keys)
    row.state, row.decided_by, row.decided_at = PUBLISHED, name, datetime.now(UTC)
    _tell(session, visit, "library files published", row, before=WAITING)
    return report


def put_away(session: Session, *, visit: VisitView, row: LibraryUpload) -> UUID:
    """They wait no longer; returns the step that lets them wait again. Raises NotNow."""
    if row.state != WAITING:
        raise NotNow(f"They are {row.state} already.")
    row.state, row.decided_at = PUT_AWAY, datetime.now(UTC)
    _tell(session, visit, "library files put away", row, before=WAITING)
    payload = {"upload": row.id.hex}
    return remember(
        session, visit=visit, words=f"{row.name} put away. Nothing was changed.", kind=_UNDO, payload=payload
    )


@undoer(_UNDO, Permission.TRAINER, Permission.REVIEWER)
def _wait_again(session: Session, *, visit: VisitView, payload: Mapping[str, Any]) -> None:
    row = session.get(LibraryUpload, (visit.organization, UUID(payload["upload"])))
    if row is None or row.state != PUT_AWAY:
        raise CannotUndo("The files are not kept any more.")
    row.state, row.decided_at = WAITING, None
    _tell(session, visit, "library files wait again", row, before=PUT_AWAY)


def _dry_run(session: Session, visit: VisitView, bundle: Bundle, *, author: str, keys: KeyRing) -> ImportReport:
    """The whole import, and back: nothing of it stays."""
    point = session.begin_nested()
    try:
        return _take_in(session, visit, bundle, author=author, reviewer=_SECOND, keys=keys)
    finally:
        point.rollback()


def _take_in(
    session: Session, visit: VisitView, bundle: Bundle, *, author: str, reviewer: str, keys: KeyRing
) -> ImportReport:
    return import_bundle(
        session,
        organization=visit.organization,
        bundle=bundle,
        author=author,
        reviewer=reviewer,
        publish=True,
        allows_hosts=False,
        keys=keys,
    )


def _changes(session: Session, visit: VisitView, bundle: Bundle, keys: KeyRing) -> bool:
    return any(each.what in ("new", "changed") for each in _differences(session, visit, bundle.files(), keys))


def _differences(session: Session, visit: VisitView, given: Mapping[str, bytes], keys: KeyRing) -> list[FileDifference]:
    here = library_files(session, organization=visit.organization, keys=keys)
    if LOCAL in here and LOCAL in given and adds_nothing(given[LOCAL].decode(), here[LOCAL].decode()):
        given = {**given, LOCAL: here[LOCAL]}  # other words for the same
    return differences(here, given)


def _purge(session: Session, organization: UUID) -> None:
    old = datetime.now(UTC) - _KEPT
    session.execute(
        delete(LibraryUpload).where(
            LibraryUpload.organization == organization,
            LibraryUpload.sent_at < old,
            or_(LibraryUpload.decided_at.is_(None), LibraryUpload.decided_at < old),
        )
    )


def _of(visit: VisitView) -> tuple[Any, ...]:
    return (LibraryUpload.organization == visit.organization,)


def _tell(session: Session, visit: VisitView, action: str, row: LibraryUpload, *, before: str | None) -> None:
    details = {"files": row.id.hex, "name": row.name, "author": row.author, "before": before, "after": row.state}
    write_audit(session, organization=visit.organization, actor=visit.learner.hex, action=action, details=details)
    session.flush()
