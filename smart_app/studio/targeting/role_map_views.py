"""Job roles: what the EHR's codes mean here, codes that mean nothing yet, and what a mapping would change."""

from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from smart_app.errors import ProductError
from smart_app.organizations.job_roles import Code
from smart_app.organizations.permissions import Permission
from smart_app.organizations.role_map import (
    BadCode,
    BadTitle,
    MappedCode,
    add_job_role,
    checked_code,
    map_code,
    unmap_code,
)
from smart_app.organizations.verbs import NameTaken, NoSuchJobRole
from smart_app.services import services
from smart_app.studio.access import may
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.targeting.code_search import search_codes
from smart_app.studio.targeting.role_map_page import effect_page, role_map_page
from smart_app.studio.targeting.undoing import CODE_MAPPED
from smart_app.studio.telling import tells
from smart_app.studio.undo import back_to, remember
from smart_app.visits.session import current_visit

ROLE_ADDED = tells("role-added", "Added, as the last of the job roles. Map codes to it now.")
_LONGEST_SEARCH = 80


@blueprint.get("/<uuid:visit>/job-roles")
@may(Permission.TRAINER)
def role_map(**_: Any) -> ResponseReturnValue:
    """Codes that mean nothing here with their people, and the map by role."""
    return _page()


@blueprint.get("/<uuid:visit>/job-roles/codes")
@may(Permission.TRAINER)
def find_codes(**_: Any) -> ResponseReturnValue:
    """Search codes at the EHR where it answers, else in the lists that we ship. Keeps nothing."""
    words = " ".join(request.args.get("words", "").split())[:_LONGEST_SEARCH]
    found = search_codes(current_visit(), words) if words else None
    return _page(words=words, found=found)


@blueprint.route("/<uuid:visit>/job-roles/effect", methods=["GET", "POST"])
@may(Permission.TRAINER)
def mapping_effect(**_: Any) -> ResponseReturnValue:
    """Who would change role; the button that does it stands below. Keeps nothing, also by POST.

    A POST comes from a form whose token has no place in an address.
    """
    given = request.form if request.method == "POST" else request.args
    code, job_role = _code(given), given.get("job_role", "")[:60]
    with services().database.reading() as session:
        try:
            page = effect_page(session, organization=current_visit().organization, code=code, job_role=job_role)
        except NoSuchJobRole as error:
            raise _no_role() from error
    return render_template("studio/targeting/effect.html", page=page, display=given.get("display", "")[:200])


@blueprint.post("/<uuid:visit>/job-roles/map")
@may(Permission.TRAINER)
def map_a_code(**_: Any) -> ResponseReturnValue:
    """A code means a job role from now on; no job role: it means nothing any more."""
    visit, code, job_role = current_visit(), _code(request.form), request.form.get("job_role", "")[:60]
    actor = visit.learner.hex
    with services().database.writing() as session:
        try:
            if job_role:
                before = map_code(
                    session,
                    organization=visit.organization,
                    code=code,
                    job_role=job_role,
                    display=request.form.get("display", ""),
                    actor=actor,
                )
            else:
                before = unmap_code(session, organization=visit.organization, code=code, actor=actor)
        except NoSuchJobRole as error:
            raise _no_role() from error
        step = remember(
            session,
            visit=visit,
            words=_told(code, job_role),
            kind=CODE_MAPPED,
            payload=_payload(code, before, job_role or None),
        )
        session.commit()
    return redirect(back_to("studio.role_map", step, visit=visit), 303)


@blueprint.post("/<uuid:visit>/job-roles/roles")
@may(Permission.TRAINER)
def add_a_role(**_: Any) -> ResponseReturnValue:
    """A job role of the organization's own."""
    visit = current_visit()
    with services().database.writing() as session:
        try:
            add_job_role(
                session,
                organization=visit.organization,
                title=request.form.get("title", ""),
                actor=visit.learner.hex,
            )
        except (BadTitle, NameTaken) as error:
            session.rollback()
            return _page(fault=str(error), title=request.form.get("title", "")[:200]), 400
        session.commit()
    return redirect(to("studio.role_map", said=ROLE_ADDED), 303)


def _page(**more: Any) -> str:
    visit = current_visit()
    with services().database.reading() as session:
        page = role_map_page(session, organization=visit.organization)
    return render_template("studio/targeting/role_map.html", page=page, **{"words": "", "found": None, **more})


def _code(given: Any) -> Code:
    try:
        return checked_code(given.get("system", ""), given.get("code", ""))
    except BadCode as error:
        raise ProductError(
            status=400,
            title="That is no code",
            what_happened=f"{error} Nothing was changed.",
            what_to_do=("Go back to Job roles and choose a code from the list, or search for one.",),
        ) from error


def _no_role() -> ProductError:
    return ProductError(
        status=404,
        title="There is no such job role here",
        what_happened="It may have another name by now. Nothing was changed.",
        what_to_do=("Go back to Job roles and choose one from the list.",),
    )


def _told(code: Code, job_role: str) -> str:
    return f"{code[1]} now means {job_role}." if job_role else f"{code[1]} means nothing here now."


def _payload(code: Code, before: MappedCode | None, after: str | None) -> dict[str, Any]:
    return {
        "system": code[0],
        "code": code[1],
        "before": before.job_role if before else None,
        "display": before.display if before else "",
        "after": after,
    }
