"""Client secrets of EHR registrations: encrypted in the row they belong to, readable in no other."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.organizations.models import EhrRegistration


def client_secret_of(row: EhrRegistration, *, keys: KeyRing) -> str | None:
    """The secret in the clear; None where the EHR gave none. Raises UnreadableCiphertext."""
    return None if row.client_secret is None else keys.decrypt(row.client_secret, aad=_place(row)).decode()


def earlier_client_secret_of(row: EhrRegistration, *, keys: KeyRing) -> str | None:
    """The one before it, while a rotation is under way; else None. Raises UnreadableCiphertext."""
    held = row.earlier_client_secret
    return None if held is None else keys.decrypt(held, aad=_place(row)).decode()


def rotate_client_secret(row: EhrRegistration, secret: str, *, keys: KeyRing) -> None:
    """Keep `secret`, and the present one beside it until it is dropped."""
    row.earlier_client_secret = row.client_secret
    keep_client_secret(row, secret, keys=keys)


def keep_client_secret(row: EhrRegistration, secret: str, *, keys: KeyRing) -> None:
    """Encrypt the secret into its row; the row must have its key already."""
    row.client_secret = keys.encrypt(secret.encode(), aad=_place(row))


def renewed_secret(cipher: bytes, *, organization: UUID, registration: UUID, keys: KeyRing) -> bytes:
    """A secret's ciphertext, kept outside its row, under the newest key. Raises UnreadableCiphertext."""
    return keys.renewed(cipher, aad=_bound(organization, registration))


def reencrypt(session: Session, *, keys: KeyRing) -> int:
    """Encrypt anew what an older key made; returns how many rows. Flushes."""
    rows = list(session.scalars(select(EhrRegistration).where(EhrRegistration.client_secret.is_not(None))))
    old = [row for row in rows if any(each and not keys.is_newest(each) for each in _ciphers(row))]
    for row in old:
        earlier = earlier_client_secret_of(row, keys=keys)
        keep_client_secret(row, client_secret_of(row, keys=keys) or "", keys=keys)
        if earlier is not None:
            row.earlier_client_secret = keys.encrypt(earlier.encode(), aad=_place(row))
    session.flush()
    return len(old)


def _ciphers(row: EhrRegistration) -> tuple[bytes | None, bytes | None]:
    return row.client_secret, row.earlier_client_secret


def _place(row: EhrRegistration) -> bytes:
    return _bound(row.organization, row.id)


def _bound(organization: UUID, registration: UUID) -> bytes:
    return b"client secret" + organization.bytes + registration.bytes
