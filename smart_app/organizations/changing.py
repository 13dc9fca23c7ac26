"""What may be changed at a registered EHR, in place: nobody there becomes a second learner, no visit ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.organizations.models import EhrRegistration
from smart_app.organizations.registration_rows import facts_of
from smart_app.organizations.secrets_at_rest import client_secret_of, rotate_client_secret
from smart_app.organizations.verbs import NoSuchRegistration, write_audit

BASIC = "client_secret_basic"


class NothingToChange(ValueError):
    """The change says nothing that is not so already, or cannot be made; the text says why."""


@dataclass(frozen=True, kw_only=True)
class EhrChange:
    """What is to be different; what is None or empty stays."""

    columns: Mapping[str, Any] = field(default_factory=dict)
    """Column of the registration -> its new value."""
    client_secret: str | None = field(default=None, repr=False)
    drop_earlier_secret: bool = False


def get_registration(session: Session, *, organization: UUID, name: str) -> EhrRegistration:
    """The EHR of that name; raises NoSuchRegistration."""
    row = session.scalar(
        select(EhrRegistration).where(EhrRegistration.organization == organization, EhrRegistration.name == name)
    )
    if row is None:
        raise NoSuchRegistration(f'No EHR "{name}" here. Known ones: preceptor ehr list')
    return row


def change_ehr(
    session: Session, *, row: EhrRegistration, change: EhrChange, keys: KeyRing, actor: str
) -> tuple[str, ...]:
    """Make the change; what is different now, in words without a secret. Flushes. Raises NothingToChange."""
    before = facts_of(row)
    done = [*_set_columns(row, change.columns), *_change_secrets(row, change, keys)]
    if not done:
        raise NothingToChange("It is so already: nothing was changed.")
    after = facts_of(row)
    changed = [name for name, value in after.items() if before[name] != value]
    details = {
        "name": row.name, "changed": list(done),
        "before": {name: before[name] for name in changed}, "after": {name: after[name] for name in changed},
    }  # fmt: skip
    write_audit(session, organization=row.organization, actor=actor, action="EHR changed", details=details)
    session.flush()
    return tuple(done)


def _set_columns(row: EhrRegistration, columns: Mapping[str, Any]) -> list[str]:
    done = []
    for name, value in columns.items():
        before = getattr(row, name)
        if before != value:
            setattr(row, name, value)
            done.append(f"{name.replace('_', ' ')}: {_in_words(before)} -> {_in_words(value)}")
    return done


def _change_secrets(row: EhrRegistration, change: EhrChange, keys: KeyRing) -> list[str]:
    if row.auth != BASIC:
        return _forget_secrets(row)
    if change.client_secret is None:
        if row.client_secret is None:
            raise NothingToChange(f"{BASIC} needs a secret: give it with --client-secret-stdin.")
        return _drop_earlier(row) if change.drop_earlier_secret else []
    if change.client_secret == client_secret_of(row, keys=keys):
        raise NothingToChange("That is the secret it has already: nothing was changed.")
    had = row.client_secret is not None
    rotate_client_secret(row, change.client_secret, keys=keys)
    return ["client secret: a new one; the one before is tried where it is refused" if had else "client secret: given"]


def _drop_earlier(row: EhrRegistration) -> list[str]:
    if row.earlier_client_secret is None:
        raise NothingToChange("There is no earlier secret: nothing was changed.")
    row.earlier_client_secret = None
    return ["earlier client secret: dropped"]


def _forget_secrets(row: EhrRegistration) -> list[str]:
    """A way of signing in without a secret keeps none."""
    held = row.client_secret is not None or row.earlier_client_secret is not None
    row.client_secret = row.earlier_client_secret = None
    return ["client secret: dropped, since it is not used any more"] if held else []


def _in_words(value: Any) -> str:
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)
