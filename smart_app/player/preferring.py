"""How the pages behave for a learner, as the learner wants it. Verbs flush, views commit."""

from sqlalchemy.orm import Session

from smart_app.db import insert_new
from smart_app.player.models import COLOURS, SYSTEM, Preference
from smart_app.visits.session import VisitView


def set_single_keys(session: Session, *, visit: VisitView, on: bool) -> None:
    """Turn V and Esc on or off for this learner."""
    _preference(session, visit).single_keys = on
    session.flush()


def set_colours(session: Session, *, visit: VisitView, colours: str) -> None:
    """system, light or dark; anything else is taken as system."""
    _preference(session, visit).colours = colours if colours in COLOURS else SYSTEM
    session.flush()


def welcome(session: Session, *, visit: VisitView) -> None:
    """The learner was told what this is, what is kept and who sees it: not told again."""
    _preference(session, visit).welcomed = True
    session.flush()


def put_off_role_question(session: Session, *, visit: VisitView) -> None:
    """Ask for the job role at the next visit, not again in this one."""
    _preference(session, visit).role_question_put_off = visit.id
    session.flush()


def say_no_role_fits(session: Session, *, visit: VisitView, none_fits: bool) -> None:
    """ "None of these": the role question is answered, and not asked again."""
    _preference(session, visit).no_role_fits = none_fits
    session.flush()


def _preference(session: Session, visit: VisitView) -> Preference:
    owner = {"organization": visit.organization, "learner": visit.learner}
    defaults = {"single_keys": True, "role_question_put_off": None, "no_role_fits": False}
    insert_new(session, Preference, **owner, **defaults, colours=SYSTEM, welcomed=False)
    return session.get_one(Preference, (visit.organization, visit.learner))
