"""EHR registrations: add, change, give a new secret, remove, undo."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from launch.scopes import MAY_BE_LEFT_OUT
from smart_app.config import Settings
from smart_app.organizations import verbs
from smart_app.organizations.ehr_changes import as_wanted, change_ehr, get_ehr, remove_registration
from smart_app.organizations.ehr_features import FEATURES
from smart_app.organizations.ehr_sheet import STAGES, Entry, sheet
from smart_app.organizations.permissions import Permission
from smart_app.organizations.registration_rows import registration_of
from smart_app.services import services
from smart_app.studio.access import may
from smart_app.studio.administration.ehr_form import AUTH, EhrForm, empty_form, form_of, read_form
from smart_app.studio.administration.sheet_lines import Line, laid_out
from smart_app.studio.administration.undoing import EHR
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.entry import sign_in_address
from smart_app.studio.telling import tells
from smart_app.studio.undo import back_to, remember
from smart_app.visits.session import current_visit

if TYPE_CHECKING:
    from smart_app.organizations.models import EhrRegistration

REGISTERED = tells(
    "registered", "Registered. It can launch at once. Enter the lines at the end of this page at the EHR."
)


@blueprint.get("/<uuid:visit>/admin/ehrs/new")
@may(Permission.ANALYST)
def new_ehr(**_: Any) -> ResponseReturnValue:
    """The form for another EHR."""
    return _form_page(empty_form(), None)


@blueprint.post("/<uuid:visit>/admin/ehrs/new")
@may(Permission.ANALYST)
def add_ehr(**_: Any) -> ResponseReturnValue:
    """Register it."""
    visit, form = current_visit(), read_form(request.form, there=None, served_openly=_served_openly())
    if form.errors:
        return _form_page(form, None), 400
    with services().database.writing() as session:
        try:
            registration = verbs.register_ehr(
                session,
                registration=form.registration(visit.organization),
                keys=services().keys,
                actor=visit.learner.hex,
                stage=form.values["stage"],
            )
        except verbs.NameTaken as error:
            return _form_page(_refused(form, error), None), 409
        session.commit()
    return redirect(to("studio.ehr", registration=registration, said=REGISTERED), 303)


@blueprint.get("/<uuid:visit>/admin/ehrs/<uuid:registration>")
@may(Permission.ANALYST)
def ehr(registration: UUID, **_: Any) -> ResponseReturnValue:
    """One registration, and what to enter on the EHR's side."""
    with services().database.reading() as session:
        row = _row(session, registration)
    return _form_page(form_of(row), row)


@blueprint.post("/<uuid:visit>/admin/ehrs/<uuid:registration>")
@may(Permission.ANALYST)
def save_ehr(registration: UUID, **_: Any) -> ResponseReturnValue:
    """Change it; a new secret takes the place of the old one at once."""
    visit = current_visit()
    with services().database.writing() as session:
        row = _row(session, registration)
        form = read_form(request.form, there=row, served_openly=_served_openly())
        if form.errors:
            return _form_page(form, row), 400
        wanted = as_wanted(form.registration(visit.organization), stage=form.values["stage"])
        try:
            kept = change_ehr(
                session,
                row=row,
                wanted=wanted,
                secret=form.secret,
                keys=services().keys,
                actor=visit.learner.hex,
            )
        except verbs.NameTaken as error:
            session.rollback()
            return _form_page(_refused(form, error), _row(session, registration)), 409
        step = remember(session, visit=visit, words=f"{row.name}: saved.", kind=EHR, payload=kept)
        session.commit()
    return redirect(back_to("studio.ehr", step, visit=visit, registration=registration), 303)


@blueprint.post("/<uuid:visit>/admin/ehrs/<uuid:registration>/remove")
@may(Permission.ANALYST)
def remove_ehr(registration: UUID, **_: Any) -> ResponseReturnValue:
    """Refuse its launches from now on."""
    visit = current_visit()
    with services().database.writing() as session:
        row = _row(session, registration)
        kept = remove_registration(session, row=row, actor=visit.learner.hex)
        words = f"{row.name} removed. Its launches are refused. What was recorded stays."
        step = remember(session, visit=visit, words=words, kind=EHR, payload=kept)
        session.commit()
    return redirect(back_to("studio.admin", step, visit=visit), 303)


def _row(session: Session, registration: UUID) -> "EhrRegistration":
    try:
        return get_ehr(session, organization=current_visit().organization, registration=registration)
    except verbs.NoSuchRegistration:
        abort(404)


def _form_page(form: EhrForm, row: "EhrRegistration | None") -> str:
    return render_template(
        "studio/admin/ehr.html",
        form=form,
        row=row,
        auth=AUTH,
        features=FEATURES,
        may_be_left_out=MAY_BE_LEFT_OUT,
        stages=STAGES,
        sheet=_sheet(row) if row else (),
        studio_address=f"{_settings().base_url}{sign_in_address(row.iss)}" if row else "",
        in_use=row is not None and row.id.hex == current_visit().ehr,
    )


def _sheet(row: "EhrRegistration") -> list[Line]:
    """The sheet of this registration alone, as the page lays it out."""
    entry = Entry(stage=row.stage, registration=registration_of(row, secret=None), base_url=_settings().base_url)
    lines = list(sheet(row.name, [entry]))
    start = lines.index(f"== {row.stage.upper()} ==") + 1
    end = next((at for at in range(start, len(lines)) if not lines[at]), len(lines))
    return laid_out(lines[start:end])


def _refused(form: EhrForm, error: verbs.NameTaken) -> EhrForm:
    field = "callback" if isinstance(error, verbs.CallbackTaken) else "iss" if "issuer" in str(error) else "name"
    return EhrForm(form.values, form.secret, {field: str(error)})


def _settings() -> Settings:
    return services().settings


def _served_openly() -> bool:
    return _settings().base_url.startswith("https:")
