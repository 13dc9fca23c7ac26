"""Permissions given to a person as an administrator named them, also before that person was ever here.

Where the identity is known, the learner holds the permission at once. Where it is not, the grant waits under the
identity's keyed hash, and is the learner's in the launch that brings the identity first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.organizations import models
from smart_app.organizations.learners import Identity, find_learner, hashed
from smart_app.organizations.naming import NamedPerson
from smart_app.organizations.permissions import Permission, grant, permissions_of, revoke
from smart_app.organizations.verbs import write_audit

ANALYST = Permission.ANALYST


class LastAnalyst(ValueError):
    """Without an analyst nobody could grant anything on a page any more."""

    def __init__(self) -> None:
        super().__init__("That is the last analyst here. Give somebody else the permission first.")


@dataclass(frozen=True)
class Holder:
    """Somebody who holds, or awaits, permissions."""

    learner: UUID | None
    """None: never seen here yet."""
    words: tuple[str, ...]
    """How those who granted named the person."""
    permissions: tuple[Permission, ...]
    since: datetime
    granted_by: str
    awaited: str | None = None
    """Which waiting person it is (:func:`find_awaited`)."""


def grant_to(
    session: Session, *, organization: UUID, person: NamedPerson, permission: Permission, actor: str, keys: KeyRing
) -> UUID | None:
    """Grant it; returns the learner, or None where the grant waits for the first launch. Flushes."""
    named_as = keys.encrypt(person.words.encode(), aad=_place(organization))
    learner = _learner(session, organization, person, keys)
    if learner is not None:
        held = {"learner": learner, "permission": permission, "actor": actor, "named_as": named_as}
        grant(session, organization=organization, **held)  # type: ignore[arg-type]
        return learner
    assert person.identity is not None
    if not _awaited(session, organization, person.identity, permission, keys):
        await_permission(session, row=_waiting(organization, person.identity, permission, actor, keys, named_as))
    session.flush()
    return None


def await_permission(session: Session, *, row: models.AwaitedPermission) -> None:
    """Let a grant wait for the first launch; one that waits already stays one. Flushes."""
    before = _awaited_by(session, row)
    session.merge(row)
    session.flush()
    _tell(session, row, before, row.granted_by, "permission granted before the first launch")


def revoke_from(
    session: Session, *, organization: UUID, person: NamedPerson, permission: Permission, actor: str, keys: KeyRing
) -> bool:
    """Take it back, from the learner and from what waits; False where nobody so named held it. Raises LastAnalyst."""
    learner = _learner(session, organization, person, keys)
    taken = learner is not None and revoke_kept(
        session, organization=organization, learner=learner, permission=permission, actor=actor
    )
    waiting = _awaited(session, organization, person.identity, permission, keys) if person.identity else []
    for row in waiting:
        revoke_awaited(session, row=row, actor=actor)
    return taken or bool(waiting)


def revoke_kept(session: Session, *, organization: UUID, learner: UUID, permission: Permission, actor: str) -> bool:
    """Take it back from a learner, but leave the organization an analyst. Raises LastAnalyst."""
    if permission is ANALYST and ANALYST in permissions_of(session, organization=organization, learner=learner):
        others = select(models.Permission.learner).where(
            models.Permission.organization == organization,
            models.Permission.permission == ANALYST.value,
            models.Permission.learner != learner,
        )
        if session.scalars(others.limit(1)).first() is None:
            raise LastAnalyst
    return revoke(session, organization=organization, learner=learner, permission=permission, actor=actor)


def find_granted(
    session: Session, *, organization: UUID, learner: UUID, permission: Permission
) -> models.Permission | None:
    """The grant of a learner of this organization."""
    return session.get(models.Permission, (organization, learner, permission.value))


def find_awaited(
    session: Session, *, organization: UUID, reference: str, permission: Permission
) -> models.AwaitedPermission | None:
    """The waiting grant that a :class:`Holder` names by `awaited`."""
    kind, _, digest = reference.partition(".")
    try:
        key = (organization, kind, bytes.fromhex(digest), permission.value)
    except ValueError:
        return None
    return session.get(models.AwaitedPermission, key)


def revoke_awaited(session: Session, *, row: models.AwaitedPermission, actor: str) -> None:
    """Take back what waits. Flushes."""
    before = _awaited_by(session, row)
    session.delete(row)
    session.flush()
    _tell(session, row, before, actor, "permission revoked before the first launch")
    session.flush()


def give_awaited(
    session: Session, *, organization: UUID, learner: UUID, identities: Sequence[Identity], keys: KeyRing
) -> None:
    """At a launch: what waited for one of these identities is this learner's from now on. Flushes."""
    rows = [row for identity in identities for row in session.scalars(_awaiting(organization, identity, keys)).all()]
    for row in rows:
        grant(
            session,
            organization=organization,
            learner=learner,
            permission=Permission(row.permission),
            actor=row.granted_by,
            named_as=row.named_as,
        )
        session.delete(row)
    if rows:
        session.flush()


def holders(session: Session, *, organization: UUID, keys: KeyRing) -> list[Holder]:
    """Everybody with a grant, the longest first; then those who were never here."""
    of_person: dict[UUID | str, list[models.Permission | models.AwaitedPermission]] = {}
    for row in session.scalars(_in_order(models.Permission, organization)):
        of_person.setdefault(row.learner, []).append(row)
    for waiting in session.scalars(_in_order(models.AwaitedPermission, organization)):
        of_person.setdefault(f"{waiting.kind}.{waiting.hash.hex()}", []).append(waiting)
    return [_holder(who, rows, keys) for who, rows in of_person.items()]


def renewed_words(cipher: bytes, *, organization: UUID, keys: KeyRing) -> bytes:
    """How somebody was named, kept outside its row, under the newest key. Raises UnreadableCiphertext."""
    return keys.renewed(cipher, aad=_place(organization))


def reencrypt(session: Session, *, keys: KeyRing) -> int:
    """Encrypt anew what an older key made; returns how many rows. Flushes."""
    rows = [*session.scalars(select(models.Permission)), *session.scalars(select(models.AwaitedPermission))]
    old = [row for row in rows if row.named_as and not keys.is_newest(row.named_as)]
    for row in old:
        place = _place(row.organization)
        row.named_as = keys.encrypt(keys.decrypt(row.named_as or b"", aad=place), aad=place)
    session.flush()
    return len(old)


def _holder(who: UUID | str, rows: Sequence[models.Permission | models.AwaitedPermission], keys: KeyRing) -> Holder:
    words = (keys.decrypt(row.named_as, aad=_place(row.organization)).decode() for row in rows if row.named_as)
    return Holder(
        learner=who if isinstance(who, UUID) else None,
        awaited=who if isinstance(who, str) else None,
        words=tuple(dict.fromkeys(words)),
        permissions=tuple(sorted(Permission(row.permission) for row in rows)),
        since=rows[0].granted_at,
        granted_by=rows[0].granted_by,
    )


def _learner(session: Session, organization: UUID, person: NamedPerson, keys: KeyRing) -> UUID | None:
    if person.identity is None:
        return person.learner
    return find_learner(session, organization=organization, identity=person.identity, keys=keys)


def _waiting(
    organization: UUID, identity: Identity, permission: Permission, actor: str, keys: KeyRing, named_as: bytes
) -> models.AwaitedPermission:
    return models.AwaitedPermission(
        organization=organization,
        kind=identity.kind,
        hash=keys.hash(*hashed(identity)),
        permission=permission.value,
        named_as=named_as,
        granted_by=actor,
        granted_at=datetime.now(UTC),
    )


def _awaiting(organization: UUID, identity: Identity, keys: KeyRing) -> Select[models.AwaitedPermission]:
    return select(models.AwaitedPermission).where(
        models.AwaitedPermission.organization == organization,
        models.AwaitedPermission.kind == identity.kind,
        models.AwaitedPermission.hash.in_(keys.hashes(*hashed(identity))),
    )


def _awaited(
    session: Session, organization: UUID, identity: Identity, permission: Permission, keys: KeyRing
) -> list[models.AwaitedPermission]:
    query = _awaiting(organization, identity, keys).where(models.AwaitedPermission.permission == permission.value)
    return list(session.scalars(query))


def _in_order(table: Any, organization: UUID) -> Select[Any]:
    return select(table).where(table.organization == organization).order_by(table.granted_at, table.permission)


def _awaited_by(session: Session, row: models.AwaitedPermission) -> list[str]:
    """What waits for the person for whom this waits."""
    table = models.AwaitedPermission
    same = (table.organization == row.organization, table.kind == row.kind, table.hash == row.hash)
    return sorted(session.scalars(select(table.permission).where(*same)))


def _tell(session: Session, row: models.AwaitedPermission, before: list[str], actor: str, action: str) -> None:
    """For whom: by the kind and the keyed hash of the identity, which nobody can read back."""
    details = {
        "permission": row.permission, "kind": row.kind, "for": row.hash.hex(), "before": before,
        "after": _awaited_by(session, row),
    }  # fmt: skip
    write_audit(session, organization=row.organization, actor=actor, action=action, details=details)


def _place(organization: UUID) -> bytes:
    return b"person with a permission" + organization.bytes
