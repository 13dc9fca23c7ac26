"""The nudge: a tutorial put first without being asked for, at most once a person in 24 hours, across all charts.

EHRs relaunch a sidebar for every chart. Whoever had a nudge today gets a quiet list until they ask.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from smart_app.organizations.models import Learner
from smart_app.visits.models import Visit
from smart_app.visits.session import VisitView
from smart_app.visits.verbs import nudge

NOT_AGAIN_FOR = timedelta(hours=24)

# Made once: a launch pays for running them, not for putting them together.
_ONE_AT_A_TIME = (
    select(Learner.id)
    .where(Learner.organization == bindparam("organization"), Learner.id == bindparam("learner"))
    .with_for_update(key_share=True)
)
_LATELY = (
    select(Visit.id)
    .where(Visit.organization == bindparam("organization"), Visit.learner == bindparam("learner"))
    .where(Visit.nudged_at > bindparam("since"))
    .limit(1)
)


def nudge_if_due(session: Session, *, visit: VisitView, was_nudged: bool = False) -> VisitView:
    """Let this visit lead with its first tutorial, if that is new to the learner and no other visit did in 24 hours.

    `session` is the writing one in which the choices were made: two charts opened at once give one nudge.
    `was_nudged`: that one did is known already, by :func:`was_nudged_lately`.
    """
    if visit.nudges or visit.asked or was_nudged or not _has_something_new(visit) or _nudged_lately(session, visit):
        return visit
    return nudge(session, visit=visit)


def was_nudged_lately(session: Session, *, organization: UUID, learner: UUID) -> bool:
    """Whether a visit led with a tutorial in 24 hours. Yes stays yes; a no may be over in the next moment."""
    asked = {"organization": organization, "learner": learner, "since": datetime.now(UTC) - NOT_AGAIN_FOR}
    return session.connection().execute(_LATELY, asked).first() is not None


def _has_something_new(visit: VisitView) -> bool:
    return any(all(reason["kind"] != "learned" for reason in choice.reasons) for choice in visit.choices[:1])


def _nudged_lately(session: Session, visit: VisitView) -> bool:
    # PostgreSQL: the learner's row is held until commit, so a second launch waits here and then sees the first one's
    # nudge. It does not clash with the rows that point at the learner. SQLite has one writer at a time.
    connection, who = session.connection(), {"organization": visit.organization, "learner": visit.learner}
    if connection.dialect.name != "sqlite":
        connection.execute(_ONE_AT_A_TIME, who)
    return was_nudged_lately(session, organization=visit.organization, learner=visit.learner)
