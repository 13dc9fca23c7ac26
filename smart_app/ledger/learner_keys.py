"""The random key of each learner, kept encrypted. Whoever destroys it makes the learner's leaves unprovable."""

import secrets
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from smart_app.db import insert_new
from smart_app.ledger.models import LearnerKeyRow

_KEY_OF = select(LearnerKeyRow.encrypted_key).where(
    LearnerKeyRow.organization == bindparam("organization"), LearnerKeyRow.learner == bindparam("learner")
)


class LedgerKeys(Protocol):
    """What the ledger asks of the app's key ring (smart_app.keys.KeyRing)."""

    def encrypt(self, plain: bytes, *, aad: bytes) -> bytes: ...

    def decrypt(self, cipher: bytes, *, aad: bytes) -> bytes: ...

    def is_newest(self, cipher: bytes) -> bool:
        """Whether `cipher` was made with the key that encrypts now."""

    def hash(self, purpose: str, value: str) -> bytes:
        """Keyed hash with the newest hashing key."""

    def hashes(self, purpose: str, value: str) -> Sequence[bytes]:
        """The same with every hashing key that is still held."""


def learner_key(session: Session, *, keys: LedgerKeys, organization: UUID, learner: UUID) -> bytes:
    """The learner's 32-byte key, made at the first event."""
    aad = _place(organization, learner)
    place = {"organization": organization, "learner": learner}
    kept = session.scalar(_KEY_OF, place)
    if kept is None:
        insert_new(session, LearnerKeyRow, **place, encrypted_key=keys.encrypt(secrets.token_bytes(32), aad=aad))
        # Read back: of two first events at once, one made the key and both use it.
        kept = session.execute(_KEY_OF, place).scalar_one()
    return keys.decrypt(kept, aad=aad)


def reencrypt(session: Session, *, keys: LedgerKeys) -> int:
    """Encrypt anew what an older key of the ring made; returns how many rows. For `preceptor keys rotate`. Flushes."""
    old = [row for row in session.scalars(select(LearnerKeyRow)) if not keys.is_newest(row.encrypted_key)]
    for row in old:
        aad = _place(row.organization, row.learner)
        row.encrypted_key = keys.encrypt(keys.decrypt(row.encrypted_key, aad=aad), aad=aad)
    session.flush()
    return len(old)


def _place(organization: UUID, learner: UUID) -> bytes:
    return b"learner key" + organization.bytes + learner.bytes
