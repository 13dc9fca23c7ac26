"""Home: at most three tutorials, what was put away, and how the page behaves. GETs only read; writes answer 303."""

from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from smart_app.player import role_views, verbs
from smart_app.player.blueprint import blueprint, came_from, form_key, to
from smart_app.player.home_page import HiddenNote, HomePage, home_page
from smart_app.player.offered import dismissals_of, get_taught, offered_now
from smart_app.services import services
from smart_app.visits.session import VisitView, current_visit


@blueprint.get("/")
def home(**_: Any) -> ResponseReturnValue:
    """At most three tutorials, or the role question first where no role is known."""
    visit = current_visit()
    with services().database.reading() as session:
        if role_views.must_ask(session, visit):
            return redirect(to("player.role"), 303)
        page = _home_page(session, visit)
    return render_template("home.html", page=page)


def _home_page(session: Session, visit: VisitView) -> HomePage:
    hidden = {row.tutorial for row in dismissals_of(session, visit.organization, visit.learner)}
    undo, shown = None, []
    for version, progress in offered_now(session, visit=visit):
        if version.tutorial not in hidden:
            shown.append((version, progress))
        elif request.args.get("hidden") == version.tutorial:
            undo = HiddenNote(tutorial=version.tutorial, title=version.title)
    return home_page(visit, shown, undo)


@blueprint.post("/shown")
def shown(**_: Any) -> ResponseReturnValue:
    """Posted by the home page two seconds after it came into view."""
    visit = current_visit()
    with services().database.writing() as session:
        hidden = frozenset(row.tutorial for row in dismissals_of(session, visit.organization, visit.learner))
        verbs.shown(session, keys=services().keys, visit=visit, without=hidden)
        session.commit()
    return "", 204


@blueprint.post("/tutorials/<tutorial>/dismiss")
def dismiss(tutorial: str, **_: Any) -> ResponseReturnValue:
    """Put a tutorial away; home offers the way back."""
    visit = current_visit()
    with services().database.writing() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        verbs.dismiss(session, keys=services().keys, visit=visit, taught=taught, key=form_key())
        session.commit()
    return redirect(to("player.home", hidden=tutorial), 303)


@blueprint.post("/tutorials/<tutorial>/undo-dismissal")
def undo_dismissal(tutorial: str, **_: Any) -> ResponseReturnValue:
    """Show it again."""
    visit = current_visit()
    with services().database.writing() as session:
        verbs.undo_dismissal(session, keys=services().keys, visit=visit, tutorial=tutorial, key=form_key())
        session.commit()
    return redirect(to("player.home"), 303)


@blueprint.post("/single-keys")
def set_single_keys(**_: Any) -> ResponseReturnValue:
    """Turn V and Esc on or off, and back to the page it was asked on."""
    visit = current_visit()
    with services().database.writing() as session:
        verbs.set_single_keys(session, visit=visit, on=request.form.get("single_keys") == "on")
        session.commit()
    tutorial = request.form.get("tutorial", "")
    if not tutorial:
        return redirect(to("trust.record"), 303)
    return redirect(to("player.verify_card", tutorial=tutorial, **came_from()), 303)


@blueprint.get("/what-is-recorded")
def recorded(**_: Any) -> ResponseReturnValue:
    """In plain words."""
    current_visit()
    return render_template("recorded.html")
