"""What of the roster must be read back, encrypted; only what something that is turned on needs.

- the name and the staff identifier: where the organization allows lists of names;
- the Practitioner's id: where assignments are written into that EHR as Tasks.
Everything else is matched by keyed hashes and never read back.
"""

import json
from dataclasses import asdict, dataclass, field
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing, UnreadableCiphertext
from smart_app.organizations.roster.models import RosterPerson


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """Of one person."""

    staff: str | None = None
    name: str | None = None
    practitioner: dict[str, str] = field(default_factory=dict)
    """EHR registration (hex) -> logical id of the Practitioner there."""

    def __bool__(self) -> bool:
        return bool(self.staff or self.name or self.practitioner)


def seal(sealed: Sealed, *, keys: KeyRing, organization: UUID, person: UUID) -> bytes | None:
    """Encrypted for this person alone; None where there is nothing to keep."""
    if not sealed:
        return None
    return keys.encrypt(json.dumps(asdict(sealed)).encode(), aad=_bound(organization, person))


def unseal(cipher: bytes | None, *, keys: KeyRing, organization: UUID, person: UUID) -> Sealed:
    """What was sealed; nothing where nothing was, or no key reads it any more."""
    if cipher is None:
        return Sealed()
    try:
        return Sealed(**json.loads(keys.decrypt(cipher, aad=_bound(organization, person))))
    except UnreadableCiphertext:
        return Sealed()


def without_names(cipher: bytes | None, *, keys: KeyRing, organization: UUID, person: UUID) -> bytes | None:
    """What was sealed, without the name and the staff identifier."""
    known = unseal(cipher, keys=keys, organization=organization, person=person)
    if not known.name and not known.staff:
        return cipher
    return seal(Sealed(practitioner=known.practitioner), keys=keys, organization=organization, person=person)


def renewed(cipher: bytes, *, keys: KeyRing, organization: UUID, person: UUID) -> bytes:
    """What was sealed, under the newest key. Raises UnreadableCiphertext."""
    return keys.renewed(cipher, aad=_bound(organization, person))


def reencrypt(session: Session, *, keys: KeyRing) -> int:
    """Encrypt anew what an older key made; returns how many rows. Flushes."""
    columns = (RosterPerson.organization, RosterPerson.id, RosterPerson.sealed)
    rows = session.execute(select(*columns).where(RosterPerson.sealed.is_not(None))).all()
    old = [(organization, person, cipher) for organization, person, cipher in rows if not keys.is_newest(cipher or b"")]
    for organization, person, cipher in old:
        newer = renewed(cipher or b"", keys=keys, organization=organization, person=person)
        this = RosterPerson.organization == organization, RosterPerson.id == person
        session.execute(update(RosterPerson).where(*this).values(sealed=newer))
    return len(old)


def _bound(organization: UUID, person: UUID) -> bytes:
    return b"roster person " + organization.bytes + person.bytes
