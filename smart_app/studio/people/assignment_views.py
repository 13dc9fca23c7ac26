"""Assignments: asked for, withdrawn, written into the EHR; and who has finished, by name, for a reason."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from flask import Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from smart_app.library.reading import list_tutorials
from smart_app.organizations.job_roles import job_roles
from smart_app.organizations.permissions import Permission
from smart_app.organizations.roster.people import units
from smart_app.rollout.assigning import DueInThePast, NobodyMeant, assign, get_assignment, withdraw
from smart_app.rollout.naming import NoReason, open_list, read_list, transcript
from smart_app.rollout.tasking import plan_tasks
from smart_app.rollout.telling_ehr import write_and_read
from smart_app.rollout.waiting import waiting
from smart_app.services import services
from smart_app.studio.access import may
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.people.assignment_page import (
    UnknownPeople,
    assignment_lines,
    assignment_page,
    people_named,
    titles_of,
)
from smart_app.studio.people.done_before import done_before
from smart_app.studio.people.undoing import ASSIGNED, WITHDRAWN
from smart_app.studio.telling import tells
from smart_app.studio.undo import back_to, remember
from smart_app.visits.session import current_visit

TOLD = tells("ehr-told", "The EHR was told, and asked what was ended there.")
NOT_TOLD = tells(
    "ehr-not-told",
    "Some of it is not written to the EHR yet. It waits and nothing is lost: press the button again later. Where the "
    "server runs preceptor assignments sync in turns, that writes it too.",
)


@blueprint.get("/<uuid:visit>/assignments")
@may(Permission.TRAINER)
def assignments(**_: Any) -> ResponseReturnValue:
    """What is asked of whom, and a form to ask."""
    return _list()


@blueprint.post("/<uuid:visit>/assignments")
@may(Permission.TRAINER)
def add_assignment(**_: Any) -> ResponseReturnValue:
    """Ask roles, units or people to finish a tutorial by a day."""
    visit, held, form = current_visit(), services(), request.form
    try:
        with held.database.writing() as session:
            tutorial, due, roles, places = _asked(session)
            named = people_named(session, organization=visit.organization, text=form.get("people", ""), keys=held.keys)
            row = assign(
                session,
                organization=visit.organization,
                tutorial=tutorial,
                due=due,
                roles=roles,
                units=places,
                people=named,
                done=done_before(session, organization=visit.organization, tutorial=tutorial),
                actor=visit.learner.hex,
            )
            plan_tasks(session, organization=visit.organization, keys=held.keys)
            title = titles_of(session, organization=visit.organization).get(tutorial, tutorial)
            payload = {"assignments": [row.id.hex]}
            step = remember(session, visit=visit, words=f"Assigned {title}.", kind=ASSIGNED, payload=payload)
            session.commit()
    except (ValueError, UnknownPeople) as error:
        return _list(problem=_in_words(error)), 400
    return redirect(back_to("studio.assignments", step, visit=visit), 303)


@blueprint.get("/<uuid:visit>/assignments/<uuid:assignment>")
@may(Permission.TRAINER)
def assignment(assignment: UUID, **_: Any) -> ResponseReturnValue:
    """One assignment: to whom, by when, and the way to who has finished."""
    return _one(assignment)


@blueprint.post("/<uuid:visit>/assignments/<uuid:assignment>/withdraw")
@may(Permission.TRAINER)
def withdraw_assignment(assignment: UUID, **_: Any) -> ResponseReturnValue:
    """Nobody is asked any more."""
    visit = current_visit()
    with services().database.writing() as session:
        row = withdraw(session, organization=visit.organization, assignment=assignment, actor=visit.learner.hex)
        title = titles_of(session, organization=visit.organization).get(row.tutorial, row.tutorial)
        words = f"Withdrew the assignment of {title}. What was finished stays finished."
        step = remember(session, visit=visit, words=words, kind=WITHDRAWN, payload={"assignment": assignment.hex})
        session.commit()
    return redirect(back_to("studio.assignments", step, visit=visit), 303)


@blueprint.post("/<uuid:visit>/assignments/ehr")
@may(Permission.TRAINER)
def tell_ehrs(**_: Any) -> ResponseReturnValue:
    """Write what is due into the EHR now, and see what was ended there."""
    visit = current_visit()
    out, into = write_and_read(visit)
    with services().database.reading() as session:
        left = waiting(session, organization=visit.organization)
    return redirect(to("studio.assignments", said=NOT_TOLD if left or out.failed or into.failed else TOLD), 303)


@blueprint.post("/<uuid:visit>/assignments/<uuid:assignment>/people")
@may(Permission.TRAINER)
def open_names(assignment: UUID, **_: Any) -> ResponseReturnValue:
    """Open the list for a reason; everybody on it will see who looked and why."""
    visit = current_visit()
    try:
        with services().database.writing() as session:
            get_assignment(session, organization=visit.organization, assignment=assignment)
            opening = open_list(
                session,
                organization=visit.organization,
                assignment=assignment,
                learner=visit.learner,
                reason=request.form.get("reason", ""),
                kind="file" if request.form.get("as") == "file" else "page",
            )
            session.commit()
    except NoReason:
        return _one(assignment, problem="Give a reason, in ten letters or more: those on the list will read it."), 400
    if request.form.get("as") == "file":
        return _transcript(assignment, opening)
    return redirect(to("studio.names", assignment=assignment, opening=opening), 303)


@blueprint.get("/<uuid:visit>/assignments/<uuid:assignment>/people/<uuid:opening>")
@may(Permission.TRAINER)
def names(assignment: UUID, opening: UUID, **_: Any) -> ResponseReturnValue:
    """Finished or not finished, by name; for half an hour, for whoever opened it."""
    visit = current_visit()
    with services().database.reading() as session:
        row = get_assignment(session, organization=visit.organization, assignment=assignment)
        listed = read_list(
            session,
            organization=visit.organization,
            assignment=assignment,
            opening=opening,
            learner=visit.learner,
            keys=services().keys,
        )
        page = assignment_page(session, organization=visit.organization, row=row)
    only = request.args.get("show") != "all"
    return render_template("studio/people/names.html", page=page, listed=listed, only=only, opening=opening)


def _transcript(assignment: UUID, opening: UUID) -> Response:
    visit = current_visit()
    with services().database.reading() as session:
        row = get_assignment(session, organization=visit.organization, assignment=assignment)
        listed = read_list(
            session,
            organization=visit.organization,
            assignment=assignment,
            opening=opening,
            learner=visit.learner,
            keys=services().keys,
        )
        title = titles_of(session, organization=visit.organization).get(row.tutorial, row.tutorial)
    text = transcript(listed, tutorial=row.tutorial, title=title, assigned_on=row.made_at.date(), due=row.due)
    answer = Response(text, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="transcript-{row.tutorial}.csv"'
    return answer


def _asked(session: Session) -> tuple[str, date, list[str], list[str]]:
    """What the form asks for, of what there is. Raises ValueError with words."""
    organization, form = current_visit().organization, request.form
    tutorial = form.get("tutorial", "")
    if tutorial not in titles_of(session, organization=organization):
        raise ValueError("Choose a published tutorial.")
    try:
        due = date.fromisoformat(form.get("due", ""))
    except ValueError:
        raise ValueError("Say by which day it is to be finished.") from None
    roles = {role.id for role in job_roles(session, organization=organization)}
    places = {unit.id for unit in units(session, organization=organization)}
    chosen_roles = [role for role in form.getlist("role") if role in roles]
    return tutorial, due, chosen_roles, [unit for unit in form.getlist("unit") if unit in places]


def _in_words(error: Exception) -> str:
    if isinstance(error, NobodyMeant):
        return "Nobody on the roster is meant. Choose a role, a unit, or name people."
    if isinstance(error, DueInThePast):
        return "The day it is due has passed already."
    return str(error)


def _list(*, problem: str = "") -> str:
    visit = current_visit()
    with services().database.reading() as session:
        lines = assignment_lines(session, organization=visit.organization)
        tutorials = list_tutorials(session, organization=visit.organization)
        roles = job_roles(session, organization=visit.organization)
        places = units(session, organization=visit.organization)
    return render_template(
        "studio/people/assignments.html",
        lines=lines,
        tutorials=tutorials,
        roles=roles,
        units=places,
        problem=problem,
        typed=request.form,
        today=datetime.now(UTC).date().isoformat(),
    )


def _one(assignment: UUID, *, problem: str = "") -> str:
    visit = current_visit()
    with services().database.reading() as session:
        row = get_assignment(session, organization=visit.organization, assignment=assignment)
        page = assignment_page(session, organization=visit.organization, row=row)
    return render_template("studio/people/assignment.html", page=page, problem=problem, typed=request.form)
