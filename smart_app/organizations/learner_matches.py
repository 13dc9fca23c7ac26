"""Two learners who may be one person: a trainer confirms it, refuses it, or undoes either. Nothing merges by itself.

A confirmation moves the identities of the younger learner to the older one, so that launches at both EHRs find one
person from then on; what moved is kept with the match, so that undoing it gives it back. Who decides is somebody
else than the two, and a person who holds a permission is matched by somebody who may grant one: else a confirmation
would be a way to a permission. Verbs flush, callers commit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from smart_app.organizations.models import Learner, LearnerIdentity, LearnerMatch
from smart_app.organizations.permissions import permissions_of
from smart_app.organizations.verbs import write_audit

CONFIRMED, REFUSED = "confirmed", "refused"


class NoSuchMatch(LookupError):
    """No match of these two here, or it was decided meanwhile."""


class NotYours(PermissionError):
    """A person decides no match about themselves, nor one about somebody with a permission who may grant none."""


class LaterMatchStands(ValueError):
    """A later confirmation moved the same identities: that one is undone first."""


@dataclass(frozen=True)
class Match:
    """A proposed or decided match."""

    learner: UUID
    other: UUID
    kind: str
    """What said so: "npi"."""
    found_at: datetime
    decision: str | None
    decided_at: datetime | None
    decided_by: str | None


@dataclass(frozen=True)
class Joined:
    """Who stays and who was joined to them."""

    stays: UUID
    goes: UUID


def matches(session: Session, *, organization: UUID) -> tuple[Match, ...]:
    """Open ones first, then the decided, the newest first. One whose person was joined elsewhere is left out."""
    rows = session.scalars(
        select(LearnerMatch)
        .where(
            LearnerMatch.organization == organization,
            or_(
                LearnerMatch.decision.is_not(None), and_(_is_known(LearnerMatch.learner), _is_known(LearnerMatch.other))
            ),
        )
        .order_by(LearnerMatch.decided_at.is_not(None), LearnerMatch.decided_at.desc(), LearnerMatch.found_at.desc())
    )
    return tuple(map(_match, rows))


def confirm(
    session: Session, *, organization: UUID, pair: tuple[UUID, UUID], by: UUID, may_grant: bool
) -> tuple[Joined, Match]:
    """One person: the younger learner's identities become the older one's. Raises NoSuchMatch, NotYours.

    `by`: the learner who decides. `may_grant`: whether they may grant permissions.
    """
    row = _open(session, organization, pair)
    _check_who(session, organization, row, by=by, may_grant=may_grant)
    joined = _in_order(session, organization, row)
    moved = _identities_of(session, organization, joined.goes)
    _give(session, organization, moved, joined.stays)
    row.moved = {"stays": joined.stays.hex, "identities": moved}
    _decide(session, row, CONFIRMED, by)
    return joined, _match(row)


def refuse(session: Session, *, organization: UUID, pair: tuple[UUID, UUID], by: UUID, may_grant: bool) -> Match:
    """Two people: the match is not proposed again. Raises NoSuchMatch, NotYours."""
    row = _open(session, organization, pair)
    _check_who(session, organization, row, by=by, may_grant=may_grant)
    _decide(session, row, REFUSED, by)
    return _match(row)


def undo(
    session: Session, *, organization: UUID, pair: tuple[UUID, UUID], by: UUID, may_grant: bool
) -> tuple[Joined | None, dict[str, Any]]:
    """The match is open again; after a confirmation, each identity is whose it was. Gives what had moved.

    Raises NoSuchMatch, NotYours, LaterMatchStands.
    """
    row = session.get(LearnerMatch, (organization, *pair), with_for_update=True)
    if row is None or row.decision is None:
        raise NoSuchMatch
    _check_who(session, organization, row, by=by, may_grant=may_grant)
    moved, was = dict(row.moved), row.decision
    joined = None
    if was == CONFIRMED:
        stays = UUID(moved["stays"])
        joined = Joined(stays, row.other if row.learner == stays else row.learner)
        _check_still_there(session, organization, moved["identities"], stays)
        _give(session, organization, moved["identities"], joined.goes)
    row.decision, row.decided_at, row.decided_by, row.moved = None, None, None, {}
    _tell(session, row, by, "match undone", before=was, after=None)
    session.flush()
    return joined, moved


def remember_moved(session: Session, *, organization: UUID, pair: tuple[UUID, UUID], what: dict[str, Any]) -> None:
    """Keep with a confirmed match what else moved to the one who stays."""
    row = session.get_one(LearnerMatch, (organization, *pair))
    row.moved = {**row.moved, **what}
    session.flush()


def _is_known(learner: Any) -> Any:
    """Whether a learner is found by any identity: one who was joined to another is not."""
    return exists().where(LearnerIdentity.organization == LearnerMatch.organization, LearnerIdentity.learner == learner)


def _open(session: Session, organization: UUID, pair: tuple[UUID, UUID]) -> LearnerMatch:
    row = session.get(LearnerMatch, (organization, *pair), with_for_update=True)
    if row is None or row.decision is not None:
        raise NoSuchMatch
    counted = select(func.count(func.distinct(LearnerIdentity.learner))).where(
        LearnerIdentity.organization == organization, LearnerIdentity.learner.in_(pair)
    )
    if session.scalar(counted) != len(pair):
        raise NoSuchMatch  # one of them was joined to somebody else meanwhile
    return row


def _check_who(session: Session, organization: UUID, row: LearnerMatch, *, by: UUID, may_grant: bool) -> None:
    pair = (row.learner, row.other)
    holds = any(permissions_of(session, organization=organization, learner=learner) for learner in pair)
    if by in pair or (holds and not may_grant):
        raise NotYours


def _in_order(session: Session, organization: UUID, row: LearnerMatch) -> Joined:
    """The older one stays: it has more behind it."""
    made = {
        learner: session.get_one(Learner, (organization, learner)).created_at for learner in (row.learner, row.other)
    }
    stays, goes = sorted(made, key=lambda learner: (made[learner], learner))
    return Joined(stays, goes)


def _identities_of(session: Session, organization: UUID, learner: UUID) -> list[list[str]]:
    rows = session.execute(
        select(LearnerIdentity.kind, LearnerIdentity.hash)
        .where(LearnerIdentity.organization == organization, LearnerIdentity.learner == learner)
        .order_by(LearnerIdentity.kind, LearnerIdentity.hash)
    )
    return [[kind, digest.hex()] for kind, digest in rows]


def _give(session: Session, organization: UUID, identities: Iterable[list[str]], learner: UUID) -> None:
    for kind, digest in identities:
        one = (LearnerIdentity.kind == kind, LearnerIdentity.hash == bytes.fromhex(digest))
        session.execute(
            update(LearnerIdentity).where(LearnerIdentity.organization == organization, *one).values(learner=learner)
        )


def _check_still_there(session: Session, organization: UUID, identities: Iterable[list[str]], stays: UUID) -> None:
    for kind, digest in identities:
        row = session.get(LearnerIdentity, (organization, kind, bytes.fromhex(digest)))
        if row is not None and row.learner != stays:
            raise LaterMatchStands


def _decide(session: Session, row: LearnerMatch, decision: str, by: UUID) -> None:
    row.decision, row.decided_at, row.decided_by = decision, datetime.now(UTC), by.hex
    _tell(session, row, by, f"match {decision}", before=None, after=decision)
    session.flush()


def _tell(session: Session, row: LearnerMatch, by: UUID, action: str, *, before: str | None, after: str | None) -> None:
    details = {"learner": row.learner.hex, "other": row.other.hex, "kind": row.kind, "before": before, "after": after}
    write_audit(session, organization=row.organization, actor=by.hex, action=action, details=details)


def _match(row: LearnerMatch) -> Match:
    return Match(row.learner, row.other, row.kind, row.found_at, row.decision, row.decided_at, row.decided_by)
