"""Changing, removing and putting back an EHR registration. Each tells the audit what was and what is.

Secrets are never told: the audit says that one was changed. What puts a removed one back holds it encrypted,
readable only in the row it was made for.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from launch.stores import Registration
from smart_app.keys import KeyRing
from smart_app.organizations.models import EhrRegistration
from smart_app.organizations.registration_rows import SECRETS, facts_of, registration_of
from smart_app.organizations.secrets_at_rest import keep_client_secret, renewed_secret
from smart_app.organizations.verbs import NameTaken, NoSuchRegistration, check_callback, write_audit

_COLUMNS = tuple(column.key for column in EhrRegistration.__table__.c)
_STAY = frozenset({"organization", "id", "iss", "iss_key", "created_at", *SECRETS})
CHANGEABLE = tuple(name for name in _COLUMNS if name not in _STAY)
"""The issuer stays: who people are hangs on it. Another issuer is another registration."""


def get_ehr(session: Session, *, organization: UUID, registration: UUID) -> EhrRegistration:
    """The row; NoSuchRegistration where it is not this organization's."""
    row = session.get(EhrRegistration, (organization, registration))
    if row is None:
        raise NoSuchRegistration(registration.hex)
    return row


def ehrs_of(session: Session, *, organization: UUID) -> list[EhrRegistration]:
    """All registrations of the organization, by name."""
    query = select(EhrRegistration).where(EhrRegistration.organization == organization)
    return list(session.scalars(query.order_by(EhrRegistration.name)))


def change_ehr(
    session: Session, *, row: EhrRegistration, wanted: Mapping[str, Any], secret: str | None, keys: KeyRing, actor: str
) -> dict[str, Any]:
    """Change what differs in `wanted` (by column); `secret`: a new one, or None for the one that is there.

    Returns what puts it back. Raises NameTaken, CallbackTaken. Flushes.
    """
    kept = snapshot(row)
    before = {name: getattr(row, name) for name in CHANGEABLE}
    changed = {name: value for name, value in wanted.items() if name in before and before[name] != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if secret is not None:
        keep_client_secret(row, secret, keys=keys)
        row.earlier_client_secret = None
    elif row.auth != "client_secret_basic":
        row.client_secret = row.earlier_client_secret = None
    _check(session, row)
    if changed or secret is not None:
        details = {
            "name": row.name,
            "before": {name: before[name] for name in changed},
            "after": changed,
            "secret": "changed" if secret is not None else "as it was",
        }
        write_audit(session, organization=row.organization, actor=actor, action="EHR changed", details=details)
    session.flush()
    return kept


def remove_registration(session: Session, *, row: EhrRegistration, actor: str) -> dict[str, Any]:
    """Refuse its launches from now on; returns what puts it back. Flushes."""
    kept = snapshot(row)
    session.delete(row)
    details = {"name": row.name, "iss": row.iss, "before": facts_of(row), "after": None}
    write_audit(session, organization=row.organization, actor=actor, action="EHR removed", details=details)
    session.flush()
    return kept


def put_back(session: Session, *, organization: UUID, kept: Mapping[str, Any], actor: str) -> None:
    """As it was when `kept` was taken: a removed one is there again, a changed one has its old values.

    Raises NameTaken where another has its issuer, name or callback meanwhile. Flushes.
    """
    secrets = {name: _bytes(kept.get(name)) for name in SECRETS}
    values = {**kept, "id": UUID(kept["id"]), **secrets}
    there = session.get(EhrRegistration, (organization, values["id"]))
    others = select(EhrRegistration.id).where(
        EhrRegistration.iss_key == kept["iss_key"], EhrRegistration.id != values["id"]
    )
    if session.scalar(others) is not None:
        raise NameTaken(f"The issuer {kept['iss']} is registered again meanwhile.")
    before = facts_of(there) if there is not None else None
    row = there or EhrRegistration(organization=organization, created_at=datetime.fromisoformat(kept["created_at"]))
    for name, value in values.items():
        if name not in {"organization", "created_at"}:
            setattr(row, name, value)
    with session.no_autoflush:
        _check(session, row)
    session.add(row)
    details = {"name": row.name, "iss": row.iss, "before": before, "after": facts_of(row)}
    write_audit(session, organization=organization, actor=actor, action="EHR put back", details=details)
    session.flush()


def snapshot(row: EhrRegistration) -> dict[str, Any]:
    """The row as JSON; its secrets as the ciphertexts that only this row can read."""
    values = {name: getattr(row, name) for name in _COLUMNS if name != "organization"}
    secrets = {name: _text(values[name]) for name in SECRETS}
    return {**values, "id": row.id.hex, "created_at": row.created_at.isoformat(), **secrets}


def renewed(kept: Mapping[str, Any], *, organization: UUID, keys: KeyRing) -> dict[str, Any]:
    """A snapshot with its secrets under the newest key. Raises UnreadableCiphertext."""
    at: dict[str, Any] = {"organization": organization, "registration": UUID(kept["id"]), "keys": keys}
    ciphers = {name: _bytes(kept.get(name)) for name in SECRETS}
    return {**kept, **{name: _text(renewed_secret(cipher, **at)) for name, cipher in ciphers.items() if cipher}}


def _check(session: Session, row: EhrRegistration) -> None:
    same_name = select(EhrRegistration.id).where(
        EhrRegistration.organization == row.organization,
        EhrRegistration.name == row.name,
        EhrRegistration.id != row.id,
    )
    with session.no_autoflush:
        if session.scalar(same_name) is not None:
            raise NameTaken(f'There is an EHR "{row.name}" here already.')
        check_callback(session, registration_of(row, secret=None), other_than=row.id)


def as_wanted(registration: Registration, *, stage: str) -> dict[str, Any]:
    """A registration as columns."""
    values = {name: getattr(registration, name) for name in CHANGEABLE if hasattr(registration, name)}
    listed = {name: list(value) for name, value in values.items() if isinstance(value, tuple)}
    return {**values, **listed, "stage": stage}


def _text(cipher: bytes | None) -> str | None:
    return None if cipher is None else b64encode(cipher).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text)
