"""The role question: asked once where the EHR is silent, changed at any time.

The answer decides which tutorials are shown, never what somebody may do.
"""

from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from smart_app.organizations.job_roles import job_roles
from smart_app.organizations.verbs import NoSuchJobRole, declare_job_role
from smart_app.player import verbs
from smart_app.player.blueprint import blueprint, to
from smart_app.player.choosing import choices_for
from smart_app.player.offered import find_preference
from smart_app.services import services
from smart_app.visits.session import VisitView, current_visit
from smart_app.visits.verbs import choose_again

NONE_OF_THESE = "none"


@dataclass(frozen=True, kw_only=True)
class RoleLine:
    """A role to choose."""

    id: str
    title: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class RolePage:
    """The question, and what is known."""

    asking: bool
    roles: tuple[RoleLine, ...]
    role_words: str
    for_this_visit: bool
    """The EHR gives a role, and will give it again at the next launch."""
    task_words: str
    error: bool


def must_ask(session: Session, visit: VisitView) -> bool:
    """No role is known and the learner has not answered: neither for good nor for this visit."""
    if visit.job_roles:
        return False
    preference = find_preference(session, visit.organization, visit.learner)
    return preference is None or not (preference.no_role_fits or preference.role_question_put_off == visit.id)


@blueprint.get("/role")
def role(**_: Any) -> ResponseReturnValue:
    """The question, or role and task with a way to change the role."""
    return render_template("role.html", page=_role_page())


@blueprint.post("/role")
def declare_role(**_: Any) -> ResponseReturnValue:
    """Remember the role and choose again; or put the question off."""
    visit, said = current_visit(), request.form.get("role", "")
    put_off = "later" in request.form
    with services().database.writing() as session:
        if put_off:
            verbs.put_off_role_question(session, visit=visit)
        elif said == NONE_OF_THESE:
            verbs.say_no_role_fits(session, visit=visit, none_fits=True)
        else:
            try:
                _declare(session, visit, said)
            except NoSuchJobRole:
                return render_template("role.html", page=_role_page(error=True)), 400
        session.commit()
    return redirect(to("player.home"), 303)


def _declare(session: Session, visit: VisitView, said: str) -> None:
    declare_job_role(session, organization=visit.organization, learner=visit.learner, role=said)
    verbs.say_no_role_fits(session, visit=visit, none_fits=False)
    choose_again(session, visit=visit, role=said, choose=lambda known: choices_for(session, visit=known))


def _role_page(*, error: bool = False) -> RolePage:
    visit = current_visit()
    with services().database.reading() as session:
        known = job_roles(session, organization=visit.organization)
        asking = must_ask(session, visit)
    lines = tuple(RoleLine(id=each.id, title=each.title, chosen=each.id in visit.job_roles[:1]) for each in known)
    return RolePage(
        asking=asking,
        roles=lines,
        role_words=role_words(visit),
        for_this_visit=bool(visit.job_roles) and not visit.role_declared,
        task_words=_task_words(visit),
        error=error,
    )


def role_words(visit: VisitView) -> str:
    """Which role, and who said so."""
    if not visit.job_roles:
        return "Not known."
    return f"{', '.join(visit.role_titles)}. {'You said so.' if visit.role_declared else 'From your EHR.'}"


def _task_words(visit: VisitView) -> str:
    if visit.task_title:
        return f"{visit.task_title}. From your EHR."
    return (
        "Of a kind that has no name here. From your EHR."
        if visit.task_open
        else "Your EHR did not say which task is open."
    )
