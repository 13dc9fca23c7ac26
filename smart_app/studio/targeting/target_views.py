"""Who sees what: all tutorials with their sentence, and the targets of one."""

from collections.abc import Sequence
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from smart_app.errors import ProductError
from smart_app.library.audience import also
from smart_app.library.choosing import with_targets
from smart_app.library.own_targets import Targets, TargetsRefused, checked, clear_targets, own_targets, set_targets
from smart_app.library.vocabulary import EVERYONE
from smart_app.organizations.permissions import Permission
from smart_app.services import services
from smart_app.studio.access import may
from smart_app.studio.blueprint import blueprint
from smart_app.studio.targeting.code_offers import NOTHING_SEARCHED, CodeOffers, offers
from smart_app.studio.targeting.surroundings import NoSuchTarget, Surroundings, surroundings
from smart_app.studio.targeting.target_form import as_given, of_target, people_by_role, questions, role_boxes
from smart_app.studio.targeting.target_list import list_page
from smart_app.studio.targeting.undoing import TARGETS_CHANGED
from smart_app.studio.undo import back_to, remember
from smart_app.visits.codes_seen import staff_codes
from smart_app.visits.session import current_visit


@blueprint.get("/<uuid:visit>/targeting")
@may(Permission.TRAINER, Permission.REVIEWER)
def targeting(**_: Any) -> ResponseReturnValue:
    """All tutorials: who sees each, how many that are, and what can never match."""
    with services().database.reading() as session:
        around = surroundings(session, organization=current_visit().organization)
    return render_template("studio/targeting/list.html", page=list_page(around, request.args))


@blueprint.get("/<uuid:visit>/targeting/<tutorial>")
@may(Permission.TRAINER, Permission.REVIEWER)
def target(tutorial: str, **_: Any) -> ResponseReturnValue:
    """Who sees one tutorial, and the form to change it."""
    with services().database.reading() as session:
        return _page(session, tutorial, None, ())


@blueprint.post("/<uuid:visit>/targeting/<tutorial>")
@may(Permission.TRAINER)
def save_targets(tutorial: str, **_: Any) -> ResponseReturnValue:
    """Keep the targets; or show who that would be, or codes for them, and keep nothing."""
    visit, given = current_visit(), as_given(request.form)
    if request.form.get("act") in ("look", "find"):
        asked = request.form.get("codes", "") if request.form["act"] == "find" else ""
        found = offers(visit, asked, given.targets)
        with services().database.reading() as session:
            return _page(session, tutorial, given, (), found)
    try:
        with services().database.writing() as session:
            around = surroundings(session, organization=visit.organization)
            _known(around, tutorial)
            roles = _roles(around)
            before = set_targets(
                session,
                organization=visit.organization,
                tutorial=tutorial,
                wanted=given,
                known_roles=roles,
                actor=visit.learner.hex,
            )
            step = _remember(session, tutorial, before, "Saved: who sees")
            session.commit()
    except TargetsRefused as refused:
        with services().database.reading() as session:
            return _page(session, tutorial, given, refused.faults), 400
    return redirect(back_to("studio.target", step, visit=visit, tutorial=tutorial), 303)


@blueprint.post("/<uuid:visit>/targeting/<tutorial>/clear")
@may(Permission.TRAINER)
def clear_own_targets(tutorial: str, **_: Any) -> ResponseReturnValue:
    """Back to what the tutorial's file says."""
    visit = current_visit()
    with services().database.writing() as session:
        before = clear_targets(session, organization=visit.organization, tutorial=tutorial, actor=visit.learner.hex)
        if before is None:
            raise no_such_tutorial()
        step = _remember(session, tutorial, before, "Back to the tutorial's own targets:")
        session.commit()
    return redirect(back_to("studio.target", step, visit=visit, tutorial=tutorial), 303)


def no_such_tutorial() -> ProductError:
    """404 for a tutorial that is not shown here."""
    return ProductError(
        status=404,
        title="No such tutorial is shown here",
        what_happened="It was never published here, or it was retired. Nothing was changed.",
        what_to_do=("Go back to Who sees what: all that is shown stands there.",),
    )


def _remember(session: Session, tutorial: str, before: Targets | None, act: str) -> Any:
    visit = current_visit()
    after = own_targets(session, organization=visit.organization).get(tutorial)
    payload = {
        "tutorial": tutorial,
        "before": before.as_json() if before else None,
        "after": after.as_json() if after else None,
    }
    words = f"{act} {tutorial}."
    return remember(session, visit=visit, words=words, kind=TARGETS_CHANGED, payload=payload)


def _known(around: Surroundings, tutorial: str) -> Any:
    try:
        return around.target(tutorial)
    except NoSuchTarget as error:
        raise no_such_tutorial() from error


def _roles(around: Surroundings) -> set[str]:
    return {EVERYONE, *(role.id for role in around.roles)}


def _page(
    session: Session,
    tutorial: str,
    given: Targets | None,
    faults: Sequence[str],
    found: CodeOffers = NOTHING_SEARCHED,
) -> str:
    """The page as it stands; with `given`, as it would be."""
    organization = current_visit().organization
    around = surroundings(session, organization=organization)
    held = _known(around, tutorial)
    shown = held
    if given is not None and not faults:
        try:
            shown = with_targets(held, checked(given, _roles(around)))
        except TargetsRefused as refused:
            faults = refused.faults
    counted = around.count(shown)
    form = given or of_target(held)
    return render_template(
        "studio/targeting/target.html",
        tutorial=tutorial,
        title=around.catalogue.titles[tutorial],
        held=around.sentence(held) if given is not None else None,
        sentence=around.sentence(shown),
        also=also(shown),
        people=around.people_words(shown, counted),
        problems=around.problems(shown, counted),
        faults=faults,
        own=tutorial in own_targets(session, organization=organization),
        roles=role_boxes(form, around, people_by_role(around)),
        questions=questions(form, around, staff_codes(session, organization=organization)),
        form=form,
        offers=found,
    )
