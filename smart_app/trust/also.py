"""*Also kept*: what is held on a learner besides entries, identities and the place in tutorials, in plain words."""

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smart_app.organizations.held import held_lines
from smart_app.organizations.learner_matches import CONFIRMED
from smart_app.organizations.models import KeptTokenRow, LearnerMatch, Permission
from smart_app.organizations.roster.people import persons_of_learner
from smart_app.visits.models import LearnerCodes, Visit
from smart_app.visits.session import VisitView


def also_kept(session: Session, visit: VisitView) -> tuple[str, ...]:
    """The lines; one only where something of its kind is kept."""
    mine = (visit.organization, visit.learner)
    visits = session.scalar(select(func.count()).where(Visit.organization == mine[0], Visit.learner == mine[1])) or 0
    granted = session.scalars(
        select(Permission.permission).where(Permission.organization == mine[0], Permission.learner == mine[1])
    ).all()
    matches = session.scalar(
        select(func.count()).where(
            LearnerMatch.organization == mine[0], (LearnerMatch.learner == mine[1]) | (LearnerMatch.other == mine[1])
        )
    )
    of_visits = f"{visits} {'visit' if visits == 1 else 'visits'}: role, codes of what was open or what you said, "
    said = [f"{of_visits}what was offered and why, when a tutorial was put first."]
    if persons_of_learner(session, organization=visit.organization, learner=visit.learner):
        said.append(
            "Your place on the roster: unit, job role, dates; and what was assigned to you and whether it is done."
        )
    said += [f"What you may do here beyond this: {', '.join(sorted(granted))}."] if granted else []
    said += [_matches_words(session, visit)] if matches else []
    said += (
        ["The codes that your EHR gives for your job, and the day you came last."] if _has_codes(session, visit) else []
    )
    said += _tokens_words(session, visit)
    return (*said, *held_lines(session, organization=visit.organization, learner=visit.learner))


def _matches_words(session: Session, visit: VisitView) -> str:
    rows = select(LearnerMatch.decision).where(
        LearnerMatch.organization == visit.organization,
        (LearnerMatch.learner == visit.learner) | (LearnerMatch.other == visit.learner),
    )
    decisions = set(session.scalars(rows))
    if None in decisions:
        return "A sign-in at another EHR that may also be yours, until a trainer decides."
    if CONFIRMED in decisions:
        return (
            "A sign-in at another EHR that a trainer confirmed to be yours. What was recorded there before stays there."
        )
    return "That a trainer looked at a sign-in at another EHR and found it is not yours."


def _has_codes(session: Session, visit: VisitView) -> bool:
    mine = select(LearnerCodes.codes).where(
        LearnerCodes.organization == visit.organization, LearnerCodes.learner == visit.learner
    )
    return session.scalar(mine.limit(1)) is not None


def _tokens_words(session: Session, visit: VisitView) -> list[str]:
    """A token is kept under the id of its visit, by organizations that have a feature on which reads later."""
    visits = select(Visit.id).where(Visit.organization == visit.organization, Visit.learner == visit.learner)
    ids = [id.hex for id in session.scalars(visits)]
    mine = select(func.count()).where(
        KeptTokenRow.organization == visit.organization,
        KeptTokenRow.id.in_(ids),
        KeptTokenRow.ends_at > datetime.now(UTC),
    )
    count = session.scalar(mine)
    return [f"Access to your EHR in your name (a token), encrypted, until the visit ends: {count}."] if count else []
