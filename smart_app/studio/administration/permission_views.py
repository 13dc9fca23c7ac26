"""Who may do what here: grants to people, and codes by which the EHR asserts a permission."""

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from smart_app.errors import ProductError
from smart_app.organizations.asserting import UnfitCode, map_code, permissions_by_code, unmap_code
from smart_app.organizations.ehr_changes import ehrs_of
from smart_app.organizations.grants import (
    LastAnalyst,
    find_awaited,
    find_granted,
    grant_to,
    holders,
    revoke_awaited,
    revoke_kept,
)
from smart_app.organizations.naming import NAMED_BY, UnfitName, code_of, person_named
from smart_app.organizations.permissions import Permission
from smart_app.services import services
from smart_app.studio.access import may
from smart_app.studio.administration import undoing
from smart_app.studio.administration.reading import last_here, who_words
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.telling import tells
from smart_app.studio.undo import back_to, remember
from smart_app.visits.session import current_visit

GRANTED = tells("granted", "Granted. It holds at once, also in visits that are open.")
AWAITED = tells("awaited", "Granted. Nobody so named was here yet: it is theirs from their first launch on.")
MAPPED = tells("mapped", "Saved. It holds from the next launch on.")
WHAT = {
    Permission.TRAINER: "Writes tutorials, says who sees them, keeps the registry of AI features, plans rollouts",
    Permission.REVIEWER: "Reads what a trainer wrote, and publishes it",
    Permission.LEADER: "Reads the roster's counts, rollouts with what is still missing, and coverage; changes nothing",
    Permission.ANALYST: "Registers EHRs, grants permissions, decides settings, reads launch reports and the audit",
    Permission.STAFF_REPRESENTATIVE: "Can be granted and is told in the audit; no page needs it yet",
}


@blueprint.get("/<uuid:visit>/admin/permissions")
@may(Permission.ANALYST)
def permissions(**_: Any) -> ResponseReturnValue:
    """Who holds what, and what the EHR's codes give."""
    return _page({}, {})


@blueprint.post("/<uuid:visit>/admin/permissions")
@may(Permission.ANALYST)
def grant_permission(**_: Any) -> ResponseReturnValue:
    """To a person, by what an administrator knows of them."""
    visit, form = current_visit(), request.form
    with services().database.writing() as session:
        try:
            person = person_named(
                session,
                organization=visit.organization,
                by=form.get("by", ""),
                value=form.get("value", ""),
                ehr=form.get("ehr") or None,
            )
            wanted = [Permission(each) for each in form.getlist("permission") if each in set(Permission)]
            if not wanted:
                raise UnfitName("Choose at least one permission.")
        except UnfitName as error:
            return _page({"grant": str(error)}, form), 400
        given: dict[str, Any] = {"organization": visit.organization, "person": person, "actor": visit.learner.hex}
        learners = [grant_to(session, **given, permission=each, keys=services().keys) for each in wanted]
        session.commit()
    return redirect(to("studio.permissions", said=GRANTED if learners[0] else AWAITED), 303)


@blueprint.post("/<uuid:visit>/admin/permissions/<uuid:learner>/revoke")
@may(Permission.ANALYST)
def revoke_permission(learner: UUID, **_: Any) -> ResponseReturnValue:
    """From a learner of this organization; the last analyst stays."""
    visit, permission = current_visit(), _permission()
    key: dict[str, Any] = {"organization": visit.organization, "learner": learner, "permission": permission}
    with services().database.writing() as session:
        row = find_granted(session, **key)
        if row is None:
            raise _gone()
        payload = {"learner": learner.hex, "permission": permission, "named_as": undoing.text_of(row.named_as)}
        try:
            revoke_kept(session, **key, actor=visit.learner.hex)
        except LastAnalyst as error:
            raise _last(error) from error
        words = (
            f"{permission.capitalize()} revoked from code {code_of(learner)}. Pages that were open are closed to them."
        )
        step = remember(session, visit=visit, words=words, kind=undoing.REVOKED, payload=payload)
        session.commit()
    if learner == visit.learner and permission is Permission.ANALYST:
        return redirect(to("studio.home"), 303)
    return redirect(back_to("studio.permissions", step, visit=visit), 303)


@blueprint.post("/<uuid:visit>/admin/permissions/awaited/revoke")
@may(Permission.ANALYST)
def revoke_awaited_permission(**_: Any) -> ResponseReturnValue:
    """From somebody who was never here."""
    visit, permission = current_visit(), _permission()
    with services().database.writing() as session:
        row = find_awaited(
            session, organization=visit.organization, reference=request.form.get("awaited", ""), permission=permission
        )
        if row is None:
            raise _gone()
        payload = {"kind": row.kind, "permission": row.permission}
        payload |= {"hash": undoing.text_of(row.hash) or "", "named_as": undoing.text_of(row.named_as) or ""}
        revoke_awaited(session, row=row, actor=visit.learner.hex)
        words = f"{permission.capitalize()} revoked from somebody who was not here yet."
        step = remember(session, visit=visit, words=words, kind=undoing.AWAITED_REVOKED, payload=payload)
        session.commit()
    return redirect(back_to("studio.permissions", step, visit=visit), 303)


@blueprint.post("/<uuid:visit>/admin/permissions/codes")
@may(Permission.ANALYST)
def map_permission_code(**_: Any) -> ResponseReturnValue:
    """Let a code of the EHR give a permission."""
    visit, form = current_visit(), request.form
    with services().database.writing() as session:
        try:
            map_code(
                session,
                organization=visit.organization,
                system=form.get("system", ""),
                code=form.get("code", ""),
                permission=_permission(),
                actor=visit.learner.hex,
            )
        except UnfitCode as error:
            return _page({"code": str(error)}, form), 400
        session.commit()
    return redirect(to("studio.permissions", said=MAPPED), 303)


@blueprint.post("/<uuid:visit>/admin/permissions/codes/remove")
@may(Permission.ANALYST)
def unmap_permission_code(**_: Any) -> ResponseReturnValue:
    """The code gives nothing any more, also in visits that are open."""
    visit, permission = current_visit(), _permission()
    where = {name: request.form.get(name, "") for name in ("system", "code")}
    key: dict[str, Any] = {"organization": visit.organization, "permission": permission, "actor": visit.learner.hex}
    with services().database.writing() as session:
        if not unmap_code(session, system=where["system"], code=where["code"], **key):
            raise _gone()
        payload = {**where, "permission": permission}
        words = f"The code {where['code']} gives {permission} no more, also in visits that are open."
        step = remember(session, visit=visit, words=words, kind=undoing.UNMAPPED, payload=payload)
        session.commit()
    return redirect(back_to("studio.permissions", step, visit=visit), 303)


def _page(errors: dict[str, str], typed: Any) -> str:
    organization = current_visit().organization
    with services().database.reading() as session:
        return render_template(
            "studio/admin/permissions.html",
            **_people(session, organization),
            codes=permissions_by_code(session, organization=organization),
            ehrs=ehrs_of(session, organization=organization),
            named_by=NAMED_BY,
            what=WHAT,
            errors=errors,
            typed=typed,
        )


def _people(session: Session, organization: UUID) -> dict[str, Any]:
    people = holders(session, organization=organization, keys=services().keys)
    learners = [holder.learner for holder in people if holder.learner]
    return {
        "people": people,
        "last_here": last_here(session, organization=organization, learners=learners),
        "code_of": code_of,
        "who": who_words,
    }


def _permission() -> Permission:
    try:
        return Permission(request.form.get("permission", ""))
    except ValueError as error:
        raise ProductError(
            status=400,
            title="There is no such permission",
            what_happened="Nothing was changed.",
            what_to_do=("Go back, load the page again and choose one of the list.",),
        ) from error


def _gone() -> ProductError:
    return ProductError(
        status=404,
        title="That is not granted here",
        what_happened="Somebody may have taken it back meanwhile. Nothing was changed.",
        what_to_do=("Go back and load the page again.",),
    )


def _last(error: LastAnalyst) -> ProductError:
    return ProductError(
        status=409,
        title="An organization keeps one analyst",
        what_happened=f"{error} Nothing was changed.",
        what_to_do=("Grant the permission analyst to a second person, then revoke this one.",),
    )
