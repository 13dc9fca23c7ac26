"""One person, one learner: a random id, found again by any identity the person was seen with.

1. The token's `iss|sub` is the primary identity: it alone decides where it is known.
2. A new one is joined by what the same EHR says: the Practitioner, or the EHR's user id.
3. An NPI is known beyond one EHR. It never joins by itself: it proposes a match, which a trainer confirms.
4. Identities learned later are added; a read that failed adds nothing and makes no second learner.

At rest an identity is a keyed hash. Matching tries all hashing keys, so rotation loses nobody.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Executable, Select, bindparam, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from smart_app.db import insert_new
from smart_app.keys import KeyRing
from smart_app.organizations.models import Learner, LearnerIdentity, LearnerMatch

IdentityKind = Literal["token", "practitioner", "ehr_user", "npi"]

_ORDER: tuple[IdentityKind, ...] = ("token", "practitioner", "ehr_user", "npi")
_JOINING = frozenset(_ORDER) - {"npi"}
_IDENTITIES = (
    select(LearnerIdentity.kind, LearnerIdentity.hash, LearnerIdentity.learner, Learner.declared_job_role)
    .join_from(
        LearnerIdentity.__table__,
        Learner.__table__,
        (Learner.organization == LearnerIdentity.organization) & (Learner.id == LearnerIdentity.learner),
    )
    .where(
        LearnerIdentity.organization == bindparam("organization"),
    )
)
_AT_ONCE = 8
"""Hashes looked for in one query, whose text is the same for each launch: it is put together once."""
_OF_HASHES = _IDENTITIES.where(
    # All kinds there are: with them the table's key leads to the few rows, without them to all of the organization.
    LearnerIdentity.kind.in_([literal(kind) for kind in _ORDER]),
    LearnerIdentity.hash.in_([bindparam(f"hash_{n}") for n in range(_AT_ONCE)]),
)
_SIGNED_IN = select(LearnerIdentity.learner).where(
    LearnerIdentity.organization == bindparam("organization"),
    LearnerIdentity.kind == literal("token"),
    LearnerIdentity.hash.in_([bindparam(f"hash_{n}") for n in range(_AT_ONCE)]),
)


def _of_learners(learners: Select[UUID], *, own: bool) -> Select[Any]:
    return _IDENTITIES.add_columns(literal(own).label("own")).where(LearnerIdentity.learner.in_(learners))


def _matched_with(mine: InstrumentedAttribute[UUID], theirs: InstrumentedAttribute[UUID]) -> Select[UUID]:
    return select(theirs).where(LearnerMatch.organization == bindparam("organization"), mine.in_(_SIGNED_IN))


_RECALLED = union_all(
    _of_learners(_SIGNED_IN, own=True),
    _of_learners(_matched_with(LearnerMatch.learner, LearnerMatch.other), own=False),
    _of_learners(_matched_with(LearnerMatch.other, LearnerMatch.learner), own=False),
)
"""All that a person is known by who signs in with one of these tokens' identities; and beside it, not `own`, what
those are known by with whom a match was proposed already: it brings nothing new either."""


@dataclass(frozen=True)
class Identity:
    """What a person is known by. `value` is made unique by its maker, say "https://ehr.example|Practitioner/7"."""

    kind: IdentityKind
    value: str


@dataclass(frozen=True)
class KnownLearner:
    """A learner as a launch needs it."""

    organization: UUID
    id: UUID
    declared_job_role: str | None
    first_seen: tuple[Identity, ...] = ()
    """Identities that this launch brought first."""


@dataclass(frozen=True)
class RecalledLearner:
    """A learner found by the token's identity, with all that the learner is known by."""

    learner: KnownLearner
    known_by: frozenset[tuple[str, bytes]]
    """(kind, keyed hash), those of proposed and decided matches included: an NPI may be another learner's."""

    def is_known_by(self, identities: Iterable[Identity], keys: KeyRing) -> bool:
        """Whether each of them was seen with the learner: then :func:`resolve_learner` would change nothing."""
        hashes = ({(one.kind, digest) for digest in keys.hashes(*hashed(one))} for one in identities)
        return all(self.known_by & any_of for any_of in hashes)


class NoPrimaryIdentity(ValueError):
    """A learner is resolved with the token's identity, or not at all."""


def resolve_learner(
    session: Session, *, organization: UUID, identities: Sequence[Identity], keys: KeyRing
) -> KnownLearner:
    """The learner these identities belong to, made at the first launch. Flushes; safe when called at once by many."""
    ordered = sorted(set(identities), key=lambda identity: (_ORDER.index(identity.kind), identity.value))
    if not ordered or ordered[0].kind != "token":
        raise NoPrimaryIdentity("the token's identity is missing")
    known = _known(session, organization, ordered, keys)
    learner = _joined(known, ordered) or _first_seen(session, organization, ordered[0], keys)
    new = tuple(identity for identity in ordered if identity not in known)
    for identity in new:  # always in the same order, so that two launches never wait for each other
        _add_identity(session, organization, learner.id, identity, keys)
    _propose_matches(session, organization, learner.id, known)
    return replace(learner, first_seen=new)


def recall_learner(
    session: Session, *, organization: UUID, identities: Iterable[Identity], keys: KeyRing
) -> RecalledLearner | None:
    """Whose the token's identity is, in one query; None where it was never seen. Changes nothing."""
    tokens = [digest for one in identities if one.kind == "token" for digest in keys.hashes(*hashed(one))]
    rows = list(_rows(session, organization, tokens, _RECALLED)) if tokens else []
    own = next((row for row in rows if row.own), None)
    if own is None:
        return None
    learner = KnownLearner(organization, own.learner, own.declared_job_role)
    return RecalledLearner(learner, frozenset((row.kind, row.hash) for row in rows))


def find_learner(session: Session, *, organization: UUID, identity: Identity, keys: KeyRing) -> UUID | None:
    """Whose identity it is, or None where it was never seen."""
    known = _known(session, organization, [identity], keys)
    return known[identity].id if known else None


def _known(
    session: Session, organization: UUID, identities: Iterable[Identity], keys: KeyRing
) -> dict[Identity, KnownLearner]:
    """Whose each identity is, under any hashing key."""
    by_hash = {
        (identity.kind, digest): identity for identity in identities for digest in keys.hashes(*hashed(identity))
    }
    rows = _rows(session, organization, [digest for _, digest in by_hash])
    return {
        by_hash[row.kind, row.hash]: KnownLearner(organization, row.learner, row.declared_job_role)
        for row in rows
        if (row.kind, row.hash) in by_hash
    }


def _rows(
    session: Session, organization: UUID, hashes: Sequence[bytes], query: Executable = _OF_HASHES
) -> Iterator[Any]:
    for first in range(0, len(hashes), _AT_ONCE):
        some = hashes[first : first + _AT_ONCE]
        filled = [*some, *[some[0]] * (_AT_ONCE - len(some))]
        asked = {"organization": organization, **{f"hash_{n}": digest for n, digest in enumerate(filled)}}
        yield from session.connection().execute(query, asked)


def _joined(known: dict[Identity, KnownLearner], ordered: Sequence[Identity]) -> KnownLearner | None:
    return next((known[i] for i in ordered if i in known and i.kind in _JOINING), None)


def _first_seen(session: Session, organization: UUID, primary: Identity, keys: KeyRing) -> KnownLearner:
    """A new learner; of several first launches at once, one makes it and the others take that one."""
    learner = Learner(organization=organization, id=uuid.uuid4(), created_at=datetime.now(UTC), declared_job_role=None)
    session.add(learner)
    session.flush()
    if _add_identity(session, organization, learner.id, primary, keys):
        return KnownLearner(organization, learner.id, None)
    session.delete(learner)
    session.flush()
    return _known(session, organization, [primary], keys)[primary]


def _add_identity(session: Session, organization: UUID, learner: UUID, identity: Identity, keys: KeyRing) -> bool:
    return insert_new(
        session,
        LearnerIdentity,
        organization=organization,
        kind=identity.kind,
        hash=keys.hash(*hashed(identity)),
        learner=learner,
        created_at=datetime.now(UTC),
    )


def _propose_matches(session: Session, organization: UUID, learner: UUID, known: dict[Identity, KnownLearner]) -> None:
    for identity, other in known.items():
        if other.id == learner:
            continue
        first, second = sorted((learner, other.id))
        insert_new(
            session,
            LearnerMatch,
            organization=organization,
            learner=first,
            other=second,
            kind=identity.kind,
            found_at=datetime.now(UTC),
        )


def hashed(identity: Identity) -> tuple[str, str]:
    """Purpose and value of the keyed hash that is kept of an identity."""
    return f"learner identity {identity.kind}", identity.value
