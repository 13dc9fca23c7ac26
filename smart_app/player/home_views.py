"""Home: at most three tutorials, what was put away, and how the page behaves. GETs only read; writes answer 303."""

from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from smart_app.player import pages, role_views, verbs
from smart_app.player.blueprint import blueprint, came_from, form_key, to
from smart_app.player.offered import dismissals_of, find_progress, get_taught
from smart_app.services import services
from smart_app.visits.session import current_visit


@blueprint.get("/")
def home(**_: Any) -> ResponseReturnValue:
    """At most three tutorials, or the role question first where no role is known."""
    visit = current_visit()
    with services().database.reading() as session:
        if role_views.must_ask(session, visit):
            return redirect(to("player.role"), 303)
        hidden = {row.tutorial for row in dismissals_of(session, visit.organization, visit.learner)}
        undo, offered = None, []
        for choice in visit.choices:
            version = get_taught(session, visit=visit, tutorial=choice.tutorial).version
            if choice.tutorial not in hidden:
                offered.append((version, find_progress(session, visit, version)))
            elif request.args.get("hidden") == choice.tutorial:
                undo = pages.HiddenNote(tutorial=choice.tutorial, title=version.title)
        return render_template("home.html", page=pages.home_page(visit, offered, undo))


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
