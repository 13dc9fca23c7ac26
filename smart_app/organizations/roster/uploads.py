"""A roster file between its dry run and its import: encrypted, its owner's alone, gone after an hour."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.organizations.roster.models import RosterUpload
from smart_app.organizations.roster.reading import Reading, guess_columns, reading_of
from smart_app.organizations.roster.table import Table, read_table

KEPT = timedelta(hours=1)


class NoSuchUpload(LookupError):
    """No file of this learner under that id, or its hour is over."""


def keep_upload(
    session: Session,
    *,
    organization: UUID,
    learner: UUID,
    content: bytes,
    keys: KeyRing,
    reading: Reading | None = None,
) -> UUID:
    """Keep a file; how it is read is guessed by its headings. Raises :class:`.table.NoTable`. Flushes."""
    table = read_table(content)
    purge_uploads(session, organization=organization)
    row = RosterUpload(organization=organization, id=uuid.uuid4(), learner=learner, until=datetime.now(UTC) + KEPT)
    row.cipher = keys.encrypt(content, aad=_bound(row))
    row.options = (reading or Reading(columns=guess_columns(table.headings))).as_json()
    session.add(row)
    session.flush()
    return row.id


def read_upload(
    session: Session, *, organization: UUID, learner: UUID, upload: UUID, keys: KeyRing
) -> tuple[Table, Reading]:
    """The file, and how it is read. Raises NoSuchUpload."""
    row = _mine(session, organization, learner, upload)
    return read_table(keys.decrypt(row.cipher, aad=_bound(row))), reading_of(row.options)


def choose_reading(session: Session, *, organization: UUID, learner: UUID, upload: UUID, reading: Reading) -> None:
    """Read it so from now on. Raises NoSuchUpload. Flushes."""
    row = _mine(session, organization, learner, upload)
    row.options = replace(reading).as_json()
    purge_uploads(session, organization=organization)
    session.flush()


def drop_upload(session: Session, *, organization: UUID, learner: UUID, upload: UUID) -> None:
    """It was imported, or is not wanted. Raises NoSuchUpload. Flushes."""
    session.delete(_mine(session, organization, learner, upload))
    session.flush()
    purge_uploads(session, organization=organization)


def purge_uploads(session: Session, *, organization: UUID | None = None) -> None:
    """Files whose hour is over go: of one organization, or of all. Rows that somebody else is removing are left."""
    over = select(RosterUpload.id).where(RosterUpload.until <= datetime.now(UTC)).with_for_update(skip_locked=True)
    if organization is not None:
        over = over.where(RosterUpload.organization == organization)
    if gone := list(session.scalars(over)):
        session.execute(delete(RosterUpload).where(RosterUpload.id.in_(gone)))


def reencrypt(session: Session, *, keys: KeyRing) -> int:
    """Encrypt anew what an older key made, where its hour is not over; returns how many rows. Flushes."""
    purge_uploads(session)
    old = [row for row in session.scalars(select(RosterUpload)) if not keys.is_newest(row.cipher)]
    for row in old:
        row.cipher = keys.encrypt(keys.decrypt(row.cipher, aad=_bound(row)), aad=_bound(row))
    session.flush()
    return len(old)


def _mine(session: Session, organization: UUID, learner: UUID, upload: UUID) -> RosterUpload:
    row = session.get(RosterUpload, (organization, upload))
    if row is None or row.learner != learner or row.until <= datetime.now(UTC):
        raise NoSuchUpload(upload)
    return row


def _bound(row: RosterUpload) -> bytes:
    return b"roster upload " + row.organization.bytes + row.id.bytes
