"""What comes before home: once for each learner what this is, and the role question where no role is known."""

from sqlalchemy.orm import Session

from smart_app.player.offered import find_preference
from smart_app.visits.session import VisitView


def must_welcome(session: Session, visit: VisitView) -> bool:
    """The learner was never told what this is, what is kept and who sees it."""
    preference = find_preference(session, visit.organization, visit.learner)
    return preference is None or not preference.welcomed


def must_ask(session: Session, visit: VisitView) -> bool:
    """No role is known and the learner has not answered: neither for good nor for this visit."""
    if visit.job_roles:
        return False
    preference = find_preference(session, visit.organization, visit.learner)
    return preference is None or not (preference.no_role_fits or preference.role_question_put_off == visit.id)


def asks_first(session: Session, visit: VisitView) -> bool:
    """Home is not what this visit opens with."""
    return must_welcome(session, visit) or must_ask(session, visit)
