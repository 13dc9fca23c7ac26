"""The preview: the player's own pages over a draft, in a frame of the studio. Nothing here is recorded."""

from typing import Any
from uuid import UUID

from flask import abort, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from smart_app.organizations.job_roles import job_roles
from smart_app.organizations.permissions import Permission
from smart_app.player import pages
from smart_app.player.offered import find_feature
from smart_app.services import services
from smart_app.studio.access import current_permissions, may
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.tutorials.fields import PARTS, from_json
from smart_app.studio.tutorials.reviewing import get_reviewable
from smart_app.studio.tutorials.seeing import (
    CARD,
    PAGES,
    VERIFY,
    addresses,
    place_at,
    somebody_it_is_for,
    taught_by,
)
from smart_app.visits.session import current_visit


@blueprint.get("/<uuid:visit>/drafts/<uuid:draft>/seen/<part>")
@may(Permission.TRAINER, Permission.REVIEWER)
def seen(draft: UUID, part: str, **_: Any) -> ResponseReturnValue:
    """A page of the tutorial, as the clinician will see it."""
    if part not in PAGES:
        abort(404)
    g.frame_ancestors = ("'self'",)  # the editor and the review page show it in a frame
    visit = current_visit()
    with services().database.reading() as session:
        row = get_reviewable(session, visit=visit, held=current_permissions(), draft=draft).draft
        fields = from_json(row.fields)
        feature = find_feature(session, organization=row.organization, feature=fields.ai_feature)
        titles = {role.id: role.title for role in job_roles(session, organization=row.organization)}
    taught, address = taught_by(fields, row=row, feature=feature), addresses(visit, row)
    shown: dict[str, Any] = {
        "visit": somebody_it_is_for(visit, fields, titles),
        "url_for": address,
        "single_keys": True,
        "studio": None,
    }
    if part == CARD:
        return render_template("card.html", page=pages.card_page(taught), **shown)
    if part == VERIFY:
        page = pages.verify_page(taught, request.args.get("from", pages.HOME))
        back = address("player.step", part=page.came_from) if page.came_from in PARTS else address("player.home")
        return render_template("verify.html", page=page, back=back, **shown)
    place = place_at(visit, row, part)
    pictures = to("studio.draft_picture", draft=draft, name="x").removesuffix("x")
    step = pages.step_page(taught, place, part, resumed=False, pictures=pictures)
    back = address("player.step", part=step.previous) if step.previous else address("player.card")
    return render_template("step.html", page=step, back=back, **shown)


@blueprint.post("/<uuid:visit>/drafts/<uuid:draft>/seen")
@may(Permission.TRAINER, Permission.REVIEWER)
def go_in_preview(draft: UUID, **_: Any) -> ResponseReturnValue:
    """The player's buttons are forms: in the preview they only lead on."""
    g.frame_ancestors = ("'self'",)
    wanted = request.form.get("part") or request.args.get("to", CARD)
    came = {"from": request.form["from"]} if request.form.get("from") in PARTS else {}
    return redirect(to("studio.seen", draft=draft, part=wanted if wanted in PAGES else CARD, **came), 303)
