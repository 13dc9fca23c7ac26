"""Administration: the first page, launch reports by reference, settings, the audit."""

from datetime import datetime
from typing import Any

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from smart_app.organizations.ehr_changes import ehrs_of
from smart_app.organizations.permissions import Permission
from smart_app.organizations.roster.forgetting import forget_names
from smart_app.organizations.settings import SETTINGS, UnfitSetting, decide, settings_of
from smart_app.rollout.naming import SETTING as NAMES
from smart_app.rollout.naming import names_allowed
from smart_app.services import services
from smart_app.studio.access import may
from smart_app.studio.administration.reading import audit_page, failed_launches, find_report
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.undo_at_rest import forget_names_to_undo
from smart_app.visits.session import current_visit


@blueprint.get("/<uuid:visit>/admin")
@may(Permission.ANALYST)
def admin(**_: Any) -> ResponseReturnValue:
    """The EHRs of this organization, and the way to the rest."""
    with services().database.reading() as session:
        ehrs = ehrs_of(session, organization=current_visit().organization)
    return render_template("studio/admin/ehrs.html", ehrs=ehrs, base_url=services().settings.base_url)


@blueprint.get("/<uuid:visit>/admin/reports")
@may(Permission.ANALYST)
def reports(**_: Any) -> ResponseReturnValue:
    """A launch report by its reference, and the launches that failed lately."""
    visit, reference = current_visit(), request.args.get("reference", "").strip().upper()
    with services().database.reading() as session:
        report = find_report(session, organization=visit.organization, reference=reference) if reference else None
        failed = failed_launches(session, organization=visit.organization)
    return render_template("studio/admin/reports.html", reference=reference, report=report, failed=failed)


@blueprint.get("/<uuid:visit>/admin/settings")
@may(Permission.ANALYST)
def settings(**_: Any) -> ResponseReturnValue:
    """What the organization decides for itself."""
    with services().database.reading() as session:
        values = settings_of(session, organization=current_visit().organization)
    return _settings_page(values, {})


@blueprint.post("/<uuid:visit>/admin/settings")
@may(Permission.ANALYST)
def save_settings(**_: Any) -> ResponseReturnValue:
    """Keep them; what changed goes to the audit. What deletes for good asks first, on a page of its own."""
    visit, values, errors = current_visit(), {}, {}
    for name, setting in SETTINGS.items():
        try:
            values[name] = setting.read(request.form.get(name))
        except UnfitSetting as error:
            values[name], errors[name] = request.form.get(name, "")[:200], str(error)
    if errors:
        return _settings_page(values, errors), 400
    with services().database.writing() as session:
        of: dict[str, Any] = {"organization": visit.organization, "keys": services().keys}
        forgets = names_allowed(session, organization=visit.organization) and not values[NAMES]
        if forgets and request.form.get("sure") != "yes":
            return render_template("studio/admin/names_go.html", settings=SETTINGS, values=values)
        decide(session, organization=visit.organization, values=values, actor=visit.learner.hex)
        if forgets:
            forget_names(session, **of)
            forget_names_to_undo(session, **of)
        session.commit()
    return redirect(to("studio.settings", said="saved"), 303)


@blueprint.get("/<uuid:visit>/admin/audit")
@may(Permission.ANALYST)
def audit(**_: Any) -> ResponseReturnValue:
    """Who did what, the newest first."""
    with services().database.reading() as session:
        page = audit_page(session, organization=current_visit().organization, before=_before())
    return render_template("studio/admin/audit.html", page=page)


def _settings_page(values: dict[str, Any], errors: dict[str, str]) -> str:
    return render_template("studio/admin/settings.html", settings=SETTINGS, values=values, errors=errors)


def _before() -> datetime | None:
    given = request.args.get("before")
    try:
        moment = datetime.fromisoformat(given) if given else None
    except ValueError:
        abort(400)
    if moment is not None and moment.tzinfo is None:
        abort(400)
    return moment
