"""The nudge: a tutorial put first without being asked for, at most once a person in 24 hours, across all charts.

EHRs relaunch a sidebar for every chart. Whoever had a nudge today gets a quiet list until they ask.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.organizations.models import Learner
from smart_app.visits.models import Visit
from smart_app.visits.session import VisitView
from smart_app.visits.verbs import nudge

NOT_AGAIN_FOR = timedelta(hours=24)


def nudge_if_due(session: Session, *, visit: VisitView) -> VisitView:
    """Let this visit lead with its first tutorial, if that is new to the learner and no other visit did in 24 hours.

    `session` is the writing one in which the choices were made: two charts opened at once give one nudge.
    """
    if visit.nudges or visit.asked or not _has_something_new(visit) or _nudged_lately(session, visit):
        return visit
    return nudge(session, visit=visit)


def _has_something_new(visit: VisitView) -> bool:
    return any(all(reason["kind"] != "learned" for reason in choice.reasons) for choice in visit.choices[:1])


def _nudged_lately(session: Session, visit: VisitView) -> bool:
    # PostgreSQL: the learner's row is held until commit, so a second launch waits here and then sees the first one's
    # nudge. It does not clash with the rows that point at the learner. SQLite has one writer at a time.
    one_at_a_time = select(Learner.id).where(Learner.organization == visit.organization, Learner.id == visit.learner)
    session.execute(one_at_a_time.with_for_update(key_share=True))
    mine = (Visit.organization == visit.organization, Visit.learner == visit.learner)
    lately = select(Visit.id).where(*mine, Visit.nudged_at > datetime.now(UTC) - NOT_AGAIN_FOR)
    return session.execute(lately.limit(1)).first() is not None
