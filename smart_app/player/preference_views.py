"""How the pages look and behave, what is recorded, and the page that says so once."""

from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from smart_app.player import preferring
from smart_app.player.blueprint import blueprint, came_from, to
from smart_app.services import services
from smart_app.visits.session import current_visit


@blueprint.get("/what-is-recorded")
def recorded(**_: Any) -> ResponseReturnValue:
    """In plain words."""
    current_visit()
    return render_template("recorded.html")


@blueprint.post("/welcome")
def welcome(**_: Any) -> ResponseReturnValue:
    """The first page was read; it comes once."""
    with services().database.writing() as session:
        preferring.welcome(session, visit=current_visit())
        session.commit()
    return redirect(to("player.home"), 303)


@blueprint.get("/settings")
def settings(**_: Any) -> ResponseReturnValue:
    """Colours and single keys."""
    current_visit()
    return render_template("settings.html", saved="saved" in request.args)


@blueprint.post("/settings")
def set_colours(**_: Any) -> ResponseReturnValue:
    """As the workstation says, light or dark: from the next page on, wherever this learner opens one."""
    with services().database.writing() as session:
        preferring.set_colours(session, visit=current_visit(), colours=request.form.get("colours", ""))
        session.commit()
    return redirect(to("player.settings", saved=1), 303)


@blueprint.post("/single-keys")
def set_single_keys(**_: Any) -> ResponseReturnValue:
    """Turn V and Esc on or off, and back to the page it was asked on."""
    with services().database.writing() as session:
        preferring.set_single_keys(session, visit=current_visit(), on=request.form.get("single_keys") == "on")
        session.commit()
    tutorial = request.form.get("tutorial", "")
    if not tutorial:
        return redirect(to("player.settings" if came_from()["from"] == "settings" else "trust.record"), 303)
    return redirect(to("player.verify_card", tutorial=tutorial, **came_from()), 303)
