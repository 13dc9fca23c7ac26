"""Matches in words. Who they are is not known here: only what both sign-ins have in common, and where they are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.organizations.learner_matches import CONFIRMED, Match
from smart_app.organizations.learner_matches import matches as matches_of
from smart_app.organizations.models import EhrRegistration
from smart_app.organizations.role_map import mapped_codes
from smart_app.visits.models import CodesSeen, LearnerCodes

_WHAT = {"npi": "the same national provider number (NPI)"}


@dataclass(frozen=True)
class Side:
    """One of the two, as far as it helps to decide."""

    ehrs: tuple[str, ...]
    codes: tuple[str, ...]
    """Display of the codes that the EHR gives; no name, no number."""
    seen_on: str


@dataclass(frozen=True)
class MatchLine:
    """A match."""

    learner: UUID
    other: UUID
    why: str
    found_on: str
    sides: tuple[Side, Side]
    decided: str
    """ "Confirmed on 3 May"; empty: open."""
    mine: bool
    """It is about whoever looks at the page: somebody else decides."""


def match_lines(session: Session, *, organization: UUID, me: UUID) -> tuple[MatchLine, ...]:
    """All of them, open ones first."""
    found = matches_of(session, organization=organization)
    sides = _sides(session, organization, {each for match in found for each in (match.learner, match.other)})
    return tuple(_line(match, sides, me) for match in found)


def _line(match: Match, sides: Mapping[UUID, Side], me: UUID) -> MatchLine:
    decided = ""
    if match.decision is not None and match.decided_at is not None:
        act = "Confirmed" if match.decision == CONFIRMED else "Refused"
        decided = f"{act} on {match.decided_at.day} {match.decided_at:%B}"
    nothing = Side((), (), "")
    return MatchLine(
        match.learner,
        match.other,
        _WHAT.get(match.kind, "the same identity"),
        f"{match.found_at.day} {match.found_at:%B}",
        (sides.get(match.learner, nothing), sides.get(match.other, nothing)),
        decided,
        me in (match.learner, match.other),
    )


def _sides(session: Session, organization: UUID, learners: Iterable[UUID]) -> dict[UUID, Side]:
    rows = session.execute(
        select(LearnerCodes.learner, LearnerCodes.seen_on, EhrRegistration.name, CodesSeen.facts)
        .join(
            EhrRegistration,
            (EhrRegistration.organization == LearnerCodes.organization)
            & (EhrRegistration.id == LearnerCodes.registration),
        )
        .join(
            CodesSeen,
            (CodesSeen.organization == LearnerCodes.organization) & (CodesSeen.id == LearnerCodes.codes),
        )
        .where(LearnerCodes.organization == organization, LearnerCodes.learner.in_(list(learners)))
        .order_by(LearnerCodes.seen_on)
    ).all()
    shown = {(code.system, code.code): code.display for code in mapped_codes(session, organization=organization)}
    found: dict[UUID, Side] = {}
    for learner, seen_on, ehr, facts in rows:
        before = found.get(learner, Side((), (), ""))
        codes = [tuple(code) for role in facts["roles"] for code in (*role["codes"], *role["specialties"])]
        words = [shown.get((system, code), code) for system, code in codes]
        found[learner] = Side(
            tuple(dict.fromkeys((*before.ehrs, ehr))),
            tuple(dict.fromkeys((*before.codes, *words))),
            f"{seen_on.day} {seen_on:%B}",
        )
    return found
