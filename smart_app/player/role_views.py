"""The role question: asked once where the EHR is silent, changed at any time. And the task, for this visit.

The answers decide which tutorials are shown, never what somebody may do.
"""

from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from smart_app.organizations.job_roles import job_roles
from smart_app.organizations.verbs import NoSuchJobRole, declare_job_role
from smart_app.player import preferring
from smart_app.player.blueprint import blueprint, to
from smart_app.player.choosing import choices_for
from smart_app.player.first import must_ask
from smart_app.player.nudging import nudge_if_due
from smart_app.player.offered import targets_for_role
from smart_app.services import services
from smart_app.visits.session import VisitView, current_visit
from smart_app.visits.task_titles import find_title
from smart_app.visits.verbs import ask, choose_again, keep_choices, name_task
from smart_app.visits.view import NO_TASK

NONE_OF_THESE = "none"
AS_THE_EHR_SAYS = "ehr"


@dataclass(frozen=True, kw_only=True)
class RoleLine:
    """A role to choose."""

    id: str
    title: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class TaskLine:
    """Work to choose, of this role's."""

    code: str
    title: str
    hint: str
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
    tasks: tuple[TaskLine, ...]
    error: bool
    """No role was chosen."""
    task_error: bool


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
            preferring.put_off_role_question(session, visit=visit)
        elif said == NONE_OF_THESE:
            preferring.say_no_role_fits(session, visit=visit, none_fits=True)
        else:
            try:
                _declare(session, visit, said)
            except NoSuchJobRole:
                return render_template("role.html", page=_role_page(error=True)), 400
        session.commit()
    return redirect(to("player.home"), 303)


def _declare(session: Session, visit: VisitView, said: str) -> None:
    declare_job_role(session, organization=visit.organization, learner=visit.learner, role=said)
    preferring.say_no_role_fits(session, visit=visit, none_fits=False)
    known = choose_again(session, visit=visit, role=said, choose=lambda known: choices_for(session, visit=known))
    nudge_if_due(session, visit=known)


@blueprint.post("/task")
def name_the_task(**_: Any) -> ResponseReturnValue:
    """Take the learner's word for what is open, in this visit alone, and choose again."""
    visit, said = current_visit(), request.form.get("task", "")
    with services().database.writing() as session:
        if said not in {line.code for line in _task_lines(session, visit)}:
            return render_template("role.html", page=_role_page(task_error=True)), 400
        known = name_task(session, visit=visit, task=None if said == AS_THE_EHR_SAYS else said)
        keep_choices(session, visit=known, choices=choices_for(session, visit=known))
        ask(session, visit=visit)
        session.commit()
    return redirect(to("player.home"), 303)


def _role_page(*, error: bool = False, task_error: bool = False) -> RolePage:
    visit = current_visit()
    with services().database.reading() as session:
        known = job_roles(session, organization=visit.organization)
        asking = must_ask(session, visit)
        tasks = _task_lines(session, visit)
    lines = tuple(RoleLine(id=each.id, title=each.title, chosen=each.id in visit.job_roles[:1]) for each in known)
    return RolePage(
        asking=asking,
        roles=lines,
        role_words=role_words(visit),
        for_this_visit=bool(visit.job_roles) and not visit.role_declared,
        task_words=_task_words(visit),
        tasks=tasks,
        error=error,
        task_error=task_error,
    )


def _task_lines(session: Session, visit: VisitView) -> tuple[TaskLine, ...]:
    """What the EHR says, the work that this role has tutorials for, and none in particular."""
    codes = {code for target in targets_for_role(session, visit=visit) for code in target.task_codes}
    named = sorted((title, code) for code in codes if (title := find_title((code,))))
    work = [TaskLine(code=code, title=title, hint="", chosen=visit.task_said == code) for title, code in named]
    from_ehr = TaskLine(
        code=AS_THE_EHR_SAYS,
        title="As my EHR says",
        hint="The task that came with this launch, if one did.",
        chosen=visit.task_said is None,
    )
    none = TaskLine(
        code=NO_TASK,
        title="No task in particular",
        hint="What comes next for your role.",
        chosen=visit.task_said == NO_TASK,
    )
    return (from_ehr, *work, none)


def role_words(visit: VisitView) -> str:
    """Which role, and who said so."""
    if not visit.job_roles:
        return "Not known."
    return f"{', '.join(visit.role_titles)}. {'You said so.' if visit.role_declared else 'From your EHR.'}"


def _task_words(visit: VisitView) -> str:
    if visit.task_said:
        return f"{visit.task_title or 'None in particular'}. You said so, for this visit."
    if visit.task_title:
        return f"{visit.task_title}. From your EHR."
    return (
        "Of a kind that has no name here. From your EHR."
        if visit.task_open
        else "Your EHR did not say which task is open."
    )
