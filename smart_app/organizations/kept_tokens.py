"""The SQL behind launch's TokenStore: encrypted, leased by compare-and-swap, gone with the visit.

Each call is one short transaction. What decides a race is always one UPDATE or DELETE
with the expected version in its WHERE: of any number of workers one finds the row as it was.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from launch.stores import KeptToken
from smart_app.db import Database
from smart_app.keys import KeyRing, UnreadableCiphertext
from smart_app.organizations.models import KeptTokenRow


class SqlTokens:
    """Tokens that an enabled feature needs."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    def keep(self, token: KeptToken) -> None:
        """Keep a new one; those that have ended go."""
        row = KeptTokenRow(
            organization=UUID(token.organization),
            id=token.id,
            registration=UUID(token.registration_id),
            version=token.version,
            cipher=_encrypted(token, self._keys),
            obtained_at=token.obtained_at,
            expires_at=token.expires_at,
            ends_at=token.ends_at,
        )
        with self._database.writing() as session:
            session.execute(delete(KeptTokenRow).where(KeptTokenRow.ends_at <= datetime.now(UTC)))
            session.add(row)
            session.commit()

    def find(self, token_id: str) -> KeptToken | None:
        """The token as it is now; None where there is none, or no key reads it any more."""
        with self._database.reading() as session:
            row = session.scalar(select(KeptTokenRow).where(KeptTokenRow.id == token_id))
        if row is None or row.ends_at <= datetime.now(UTC):
            return None
        return _token(row, self._keys)

    def take_lease(self, token_id: str, *, version: int, owner: str, seconds: float) -> bool:
        """True for one of any number of callers, until it ends the lease or the seconds are over."""
        now = datetime.now(UTC)
        free = or_(KeptTokenRow.lease_until.is_(None), KeptTokenRow.lease_until <= now)
        taken = (
            update(KeptTokenRow)
            .where(KeptTokenRow.id == token_id, KeptTokenRow.version == version, free)
            .values(lease_owner=owner, lease_until=now + timedelta(seconds=seconds))
        )
        return self._changed_one(taken)

    def replace(self, token: KeptToken, *, version: int, owner: str) -> bool:
        """The refreshed token in place of `version`, where nobody else was faster."""
        stored = (
            update(KeptTokenRow)
            .where(KeptTokenRow.id == token.id, KeptTokenRow.version == version, KeptTokenRow.lease_owner == owner)
            .values(
                version=token.version,
                cipher=_encrypted(token, self._keys),
                obtained_at=token.obtained_at,
                expires_at=token.expires_at,
                lease_owner=None,
                lease_until=None,
            )
        )
        return self._changed_one(stored)

    def give_back(self, token_id: str, *, owner: str) -> None:
        """End the lease, so that another worker may try at once."""
        free = update(KeptTokenRow).where(KeptTokenRow.id == token_id, KeptTokenRow.lease_owner == owner)
        self._changed_one(free.values(lease_owner=None, lease_until=None))

    def remove(self, token_id: str, *, version: int | None = None) -> KeptToken | None:
        """Take it out; with `version`, only where it is still that one."""
        gone = delete(KeptTokenRow).where(KeptTokenRow.id == token_id)
        if version is not None:
            gone = gone.where(KeptTokenRow.version == version)
        with self._database.writing() as session:
            row = session.execute(gone.returning(*KeptTokenRow.__table__.c)).one_or_none()
            session.commit()
        return None if row is None else _token(row, self._keys)

    def _changed_one(self, statement: Any) -> bool:
        with self._database.writing() as session:
            changed = session.execute(statement.returning(KeptTokenRow.id)).first()
            session.commit()
        return changed is not None


def reencrypt(session: Session, *, keys: KeyRing) -> int:
    """Encrypt anew what an older key made; returns how many rows. Flushes.

    A row that a worker refreshes meanwhile is left to it: it writes with the newest key anyhow.
    """
    old = [row for row in session.scalars(select(KeptTokenRow)) if not keys.is_newest(row.cipher)]
    for row in old:
        plain = keys.decrypt(row.cipher, aad=_place(row.organization, row.id))
        newer = keys.encrypt(plain, aad=_place(row.organization, row.id))
        same = (KeptTokenRow.id == row.id, KeptTokenRow.version == row.version)
        session.execute(update(KeptTokenRow).where(*same).values(cipher=newer))
    session.flush()
    return len(old)


def _encrypted(token: KeptToken, keys: KeyRing) -> bytes:
    secret = {"access": token.access_token, "refresh": token.refresh_token, "scopes": list(token.scopes)}
    return keys.encrypt(json.dumps(secret).encode(), aad=_place(UUID(token.organization), token.id))


def _token(row: Any, keys: KeyRing) -> KeptToken | None:
    try:
        secret = json.loads(keys.decrypt(row.cipher, aad=_place(row.organization, row.id)))
    except UnreadableCiphertext:
        return None  # as good as no token: a launch gives another
    return KeptToken(
        id=row.id,
        organization=row.organization.hex,
        registration_id=row.registration.hex,
        access_token=secret["access"],
        refresh_token=secret["refresh"],
        scopes=tuple(secret["scopes"]),
        obtained_at=row.obtained_at,
        expires_at=row.expires_at,
        ends_at=row.ends_at,
        version=row.version,
    )


def _place(organization: UUID, token_id: str) -> bytes:
    return b"kept token" + organization.bytes + token_id.encode()
