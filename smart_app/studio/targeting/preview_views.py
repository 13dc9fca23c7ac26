"""Preview as somebody, and why a tutorial did or did not show: in a situation, or at a past visit."""

from datetime import UTC, datetime
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from smart_app.library.choosing import choose_for, explain_for
from smart_app.library.reading import NoSuchTutorial
from smart_app.organizations.permissions import Permission
from smart_app.services import services
from smart_app.studio.access import may
from smart_app.studio.blueprint import blueprint
from smart_app.studio.targeting.past_visits import NoSuchVisit, SensitiveVisit, my_visits, past_visit
from smart_app.studio.targeting.preview_pages import shown_of, titles_in_order
from smart_app.studio.targeting.situation_form import selects, situation_of
from smart_app.studio.targeting.surroundings import surroundings
from smart_app.studio.targeting.target_views import no_such_tutorial
from smart_app.visits.session import current_visit


@blueprint.get("/<uuid:visit>/preview-as")
@may(Permission.TRAINER, Permission.REVIEWER)
def preview_as(**_: Any) -> ResponseReturnValue:
    """The three tutorials that somebody would see, with the reasons, and rule by rule why another would not."""
    organization, tutorial = current_visit().organization, request.args.get("tutorial", "")[:60]
    with services().database.reading() as session:
        around = surroundings(session, organization=organization, with_people=False)
        situation = situation_of(request.args, around, datetime.now(UTC).date())
        choices = choose_for(session, organization=organization, situation=situation)
        try:
            rules = explain_for(session, organization=organization, tutorial=tutorial, situation=situation)
        except NoSuchTutorial:
            rules = ()
    return render_template(
        "studio/targeting/preview.html",
        selects=selects(request.args, around),
        shown=shown_of(choices, around.catalogue.titles),
        tutorials=titles_in_order(around.catalogue.titles),
        tutorial=tutorial,
        title=around.catalogue.titles.get(tutorial),
        rules=rules,
        is_shown=tutorial in {choice.tutorial for choice in choices},
    )


@blueprint.get("/<uuid:visit>/why")
@may(Permission.TRAINER, Permission.REVIEWER)
def why(**_: Any) -> ResponseReturnValue:
    """Why a tutorial did (not) show at a past visit, which its launch's reference names. Nothing about a patient."""
    visit = current_visit()
    tutorial, reference = request.args.get("tutorial", "")[:60], request.args.get("reference", "").strip().upper()[:20]
    found, missing = None, ""
    with services().database.reading() as session:
        around = surroundings(session, organization=visit.organization, with_people=False)
        if tutorial and tutorial not in around.catalogue.titles:
            raise no_such_tutorial()
        if reference:
            try:
                found = past_visit(session, visit=visit, reference=reference, tutorial=tutorial)
            except NoSuchVisit:
                missing = "No visit of this organization in the last 30 days has that reference."
            except SensitiveVisit:
                missing = (
                    "That visit was in a context that this organization marked as sensitive. What was open there is "
                    "not shown to anybody else."
                )
        mine = my_visits(session, visit=visit)
    return render_template(
        "studio/targeting/why.html",
        tutorials=titles_in_order(around.catalogue.titles),
        tutorial=tutorial,
        title=around.catalogue.titles.get(tutorial),
        titles=around.catalogue.titles,
        reference=reference,
        found=found,
        missing=missing,
        mine=mine,
    )
