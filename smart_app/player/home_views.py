"""Home: at most three tutorials, and what was put away. GETs only read; writes answer 303."""

from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from smart_app.player import first, putting_away, verbs
from smart_app.player.blueprint import blueprint, form_key, to
from smart_app.player.history import History, history_of
from smart_app.player.home_page import HomePage, PutAway, home_page
from smart_app.player.offered import get_taught, offered_now
from smart_app.services import services
from smart_app.visits.session import VisitView, current_visit
from smart_app.visits.verbs import ask


@blueprint.get("/")
def home(**_: Any) -> ResponseReturnValue:
    """For you now."""
    return first_page()


def first_page(history: History | None = None, **more: Any) -> ResponseReturnValue:
    """At most three tutorials; before that, once, what this is, and the role question where no role is known.

    `history`: where it was read already. `more`: for the templates, where the request is no page's below the visit.
    """
    visit = current_visit()
    with services().database.reading() as session:
        if first.must_welcome(session, visit):
            return render_template("welcome.html", **more)
        if first.must_ask(session, visit):
            return redirect(to("player.role"), 303)
        return render_template("home.html", page=_home_page(session, visit, history), **more)


def _home_page(session: Session, visit: VisitView, history: History | None) -> HomePage:
    history = history or history_of(session, organization=visit.organization, learner=visit.learner)
    undo, shown = None, []
    for offered in offered_now(session, visit=visit, history=history):
        tutorial = offered.version.tutorial
        if tutorial not in history.put_away:
            shown.append(offered)
        elif request.args.get("hidden") == tutorial:
            undo = PutAway(tutorial=tutorial, title=offered.version.title, until=history.quiet.get(tutorial))
    return home_page(visit, shown, undo=undo, put_away=len(history.put_away))


@blueprint.post("/ask")
def ask_for_one(**_: Any) -> ResponseReturnValue:
    """From the quiet list: put first what fits now."""
    with services().database.writing() as session:
        ask(session, visit=current_visit())
        session.commit()
    return redirect(to("player.home"), 303)


@blueprint.post("/shown")
def shown(**_: Any) -> ResponseReturnValue:
    """Posted by the home page two seconds after it came into view."""
    visit = current_visit()
    with services().database.writing() as session:
        history = history_of(session, organization=visit.organization, learner=visit.learner)
        verbs.shown(session, keys=services().keys, visit=visit, without=history.put_away)
        session.commit()
    return "", 204


@blueprint.post("/tutorials/<tutorial>/dismiss")
def dismiss(tutorial: str, **_: Any) -> ResponseReturnValue:
    """Put a tutorial away; home offers the way back."""
    visit = current_visit()
    with services().database.writing() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        putting_away.dismiss(session, keys=services().keys, visit=visit, taught=taught, key=form_key())
        session.commit()
    return redirect(to("player.home", hidden=tutorial), 303)


@blueprint.post("/tutorials/<tutorial>/undo-dismissal")
def undo_dismissal(tutorial: str, **_: Any) -> ResponseReturnValue:
    """Show it again."""
    visit = current_visit()
    with services().database.writing() as session:
        putting_away.undo_dismissal(session, keys=services().keys, visit=visit, tutorial=tutorial, key=form_key())
        session.commit()
    return redirect(to("player.home"), 303)


@blueprint.post("/tutorials/<tutorial>/not-this-shift")
def pause(tutorial: str, **_: Any) -> ResponseReturnValue:
    """Quiet for 12 hours; home offers the way back. Nothing is recorded."""
    visit = current_visit()
    with services().database.writing() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        putting_away.pause(session, visit=visit, tutorial=taught.version.tutorial)
        session.commit()
    return redirect(to("player.home", hidden=tutorial), 303)


@blueprint.post("/tutorials/<tutorial>/this-shift-after-all")
def end_pause(tutorial: str, **_: Any) -> ResponseReturnValue:
    """Show it again in this shift."""
    with services().database.writing() as session:
        putting_away.end_pause(session, visit=current_visit(), tutorial=tutorial)
        session.commit()
    return redirect(to("player.home"), 303)
