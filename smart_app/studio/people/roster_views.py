"""The roster: counted; and a file brought in by three steps: bring it, try it, import it."""

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from smart_app.organizations.ehr_changes import ehrs_of
from smart_app.organizations.job_roles import job_roles
from smart_app.organizations.permissions import Permission
from smart_app.organizations.roster.reading import DATES, FIELDS, REQUIRED
from smart_app.organizations.roster.table import MOST_BYTES, NoTable
from smart_app.organizations.roster.uploads import choose_reading, drop_upload, keep_upload, read_upload
from smart_app.rollout.importing import bring_in, try_import
from smart_app.rollout.naming import names_allowed
from smart_app.rollout.staff_from_ehr import EhrHasNoStaff, ehrs_with_staff, staff_file
from smart_app.security import takes
from smart_app.services import services
from smart_app.studio.access import may
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.people.roster_page import (
    MOST_FAULTS,
    STAFF_IS,
    changes_in_words,
    reading_of_form,
    roster_page,
)
from smart_app.studio.people.undoing import IMPORTED
from smart_app.studio.undo import back_to, remember
from smart_app.visits.session import current_visit

FORM_BYTES = 64 * 1024


@blueprint.get("/<uuid:visit>/roster")
@may(Permission.TRAINER, Permission.ANALYST, Permission.LEADER)
def roster(**_: Any) -> ResponseReturnValue:
    """Who is staff here, by unit and role: counts alone."""
    return _roster()


@blueprint.post("/<uuid:visit>/roster/files")
@takes(MOST_BYTES + FORM_BYTES)
@may(Permission.TRAINER, Permission.ANALYST)
def bring_roster(**_: Any) -> ResponseReturnValue:
    """Take a file; nothing is imported by this."""
    visit, held, sent = current_visit(), services(), request.files.get("roster")
    try:
        with held.database.writing() as session:
            upload = keep_upload(
                session,
                organization=visit.organization,
                learner=visit.learner,
                content=sent.read() if sent else b"",
                keys=held.keys,
            )
            session.commit()
    except NoTable as error:
        return _roster(problem=str(error)), 400
    return redirect(to("studio.roster_file", upload=upload), 303)


@blueprint.post("/<uuid:visit>/roster/ehr")
@may(Permission.TRAINER, Permission.ANALYST)
def bring_roster_of_ehr(**_: Any) -> ResponseReturnValue:
    """Read the EHR's staff list by Backend Services; it is tried and imported like a file."""
    visit, held = current_visit(), services()
    try:
        content, reading = staff_file(
            visit, ehr=request.form.get("ehr", ""), below=request.form.get("below", "").strip()
        )
    except EhrHasNoStaff as error:
        return _roster(problem=str(error)), 502
    with held.database.writing() as session:
        upload = keep_upload(
            session,
            organization=visit.organization,
            learner=visit.learner,
            content=content,
            keys=held.keys,
            reading=reading,
        )
        session.commit()
    return redirect(to("studio.roster_file", upload=upload), 303)


@blueprint.get("/<uuid:visit>/roster/files/<uuid:upload>")
@may(Permission.TRAINER, Permission.ANALYST)
def roster_file(upload: UUID, **_: Any) -> ResponseReturnValue:
    """How the file is read, what it would do, and what is wrong with which line."""
    visit, held = current_visit(), services()
    with held.database.reading() as session:
        table, reading = read_upload(session, **_mine(upload), keys=held.keys)
        tried = try_import(session, organization=visit.organization, keys=held.keys, table=table, reading=reading)
        roles = job_roles(session, organization=visit.organization)
        allowed = names_allowed(session, organization=visit.organization)
        ehrs = [(ehr.id.hex, ehr.name) for ehr in ehrs_of(session, organization=visit.organization)]
    return render_template(
        "studio/people/roster_file.html",
        upload=upload,
        table=table,
        reading=reading,
        tried=tried,
        changes=changes_in_words(tried),
        faults=tried.faults[:MOST_FAULTS],
        fields=FIELDS,
        required=REQUIRED,
        dates=DATES,
        staff_is=STAFF_IS,
        roles=roles,
        names_allowed=allowed,
        ehrs=ehrs,
        whose=dict(ehrs).get(reading.ehr, "") if reading.source == "EHR" else "",
    )


@blueprint.post("/<uuid:visit>/roster/files/<uuid:upload>")
@may(Permission.TRAINER, Permission.ANALYST)
def try_roster_file(upload: UUID, **_: Any) -> ResponseReturnValue:
    """Read it as the page says, and try again; nothing is imported by this."""
    held = services()
    with held.database.writing() as session:
        table, before = read_upload(session, **_mine(upload), keys=held.keys)
        ehrs = [ehr.id.hex for ehr in ehrs_of(session, organization=current_visit().organization)]
        reading = reading_of_form(request.form, before, table, ehrs)
        choose_reading(session, **_mine(upload), reading=reading)
        session.commit()
    return redirect(f"{to('studio.roster_file', upload=upload)}#tried", 303)


@blueprint.post("/<uuid:visit>/roster/files/<uuid:upload>/import")
@may(Permission.TRAINER, Permission.ANALYST)
def import_roster_file(upload: UUID, **_: Any) -> ResponseReturnValue:
    """All of it, or nothing where a line is refused."""
    visit, held = current_visit(), services()
    with held.database.writing() as session:
        table, reading = read_upload(session, **_mine(upload), keys=held.keys)
        tried = try_import(session, organization=visit.organization, keys=held.keys, table=table, reading=reading)
        if not tried.is_fit:
            return redirect(f"{to('studio.roster_file', upload=upload)}#tried", 303)
        undo = bring_in(
            session,
            organization=visit.organization,
            keys=held.keys,
            tried=tried,
            reading=reading,
            actor=visit.learner.hex,
        )
        drop_upload(session, **_mine(upload))
        step = remember(
            session, visit=visit, words=f"Imported {len(tried.read.lines)} lines.", kind=IMPORTED, payload=undo
        )
        session.commit()
    return redirect(back_to("studio.roster", step, visit=visit), 303)


@blueprint.post("/<uuid:visit>/roster/files/<uuid:upload>/drop")
@may(Permission.TRAINER, Permission.ANALYST)
def drop_roster_file(upload: UUID, **_: Any) -> ResponseReturnValue:
    """Forget the file."""
    with services().database.writing() as session:
        drop_upload(session, **_mine(upload))
        session.commit()
    return redirect(to("studio.roster"), 303)


def _mine(upload: UUID) -> dict[str, UUID]:
    visit = current_visit()
    return {"organization": visit.organization, "learner": visit.learner, "upload": upload}


def _roster(*, problem: str = "") -> str:
    visit = current_visit()
    with services().database.reading() as session:
        page = roster_page(session, organization=visit.organization)
        ehrs = _ehrs(session, visit.organization)
    return render_template("studio/people/roster.html", page=page, ehrs=ehrs, problem=problem)


def _ehrs(session: Session, organization: UUID) -> list[tuple[str, str]]:
    return [(ehr.id, ehr.name) for ehr in ehrs_with_staff(session, organization=organization)]
