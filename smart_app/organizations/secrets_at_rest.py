"""Client secrets of EHR registrations: encrypted in the row they belong to, readable in no other."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.organizations.models import EhrRegistration


def client_secret_of(row: EhrRegistration, *, keys: KeyRing) -> str | None:
    """The secret in the clear; None where the EHR gave none. Raises UnreadableCiphertext."""
    return None if row.client_secret is None else keys.decrypt(row.client_secret, aad=_place(row)).decode()


def keep_client_secret(row: EhrRegistration, secret: str, *, keys: KeyRing) -> None:
    """Encrypt the secret into its row; the row must have its key already."""
    row.client_secret = keys.encrypt(secret.encode(), aad=_place(row))


def reencrypt(session: Session, *, keys: KeyRing) -> int:
    """Encrypt anew what an older key made; returns how many rows. Flushes."""
    held = session.scalars(select(EhrRegistration).where(EhrRegistration.client_secret.is_not(None)))
    old = [row for row in held if row.client_secret and not keys.is_newest(row.client_secret)]
    for row in old:
        keep_client_secret(row, client_secret_of(row, keys=keys) or "", keys=keys)
    session.flush()
    return len(old)


def _place(row: EhrRegistration) -> bytes:
    return b"client secret" + row.organization.bytes + row.id.bytes
