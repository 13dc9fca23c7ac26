"""Short ways to the end for those who know: *I know this* (three questions), and *what changed* since they finished."""

from typing import Any

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from smart_app.player import pages, verbs
from smart_app.player.blueprint import blueprint, form_key, to
from smart_app.player.knowing import questions_page
from smart_app.player.offered import changes_since, find_progress, get_taught
from smart_app.rollout.telling_ehr import tell_ehr
from smart_app.services import services
from smart_app.visits.session import current_visit


@blueprint.get("/tutorials/<tutorial>/questions")
def questions(tutorial: str, **_: Any) -> ResponseReturnValue:
    """The three questions of an opened tutorial."""
    visit = current_visit()
    with services().database.reading() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        if find_progress(session, visit, taught.version) is None:
            return redirect(to("player.home"), 303)
    if not taught.version.questions:
        abort(404)
    page = questions_page(taught.version, given=lambda _: None, marked=False, seed=visit.id.hex)
    return render_template("questions.html", page=page)


@blueprint.post("/tutorials/<tutorial>/questions")
def answer(tutorial: str, **_: Any) -> ResponseReturnValue:
    """All three right: finished. Else the page says why, and nothing is kept of it."""
    visit = current_visit()
    with services().database.writing() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        if not taught.version.questions:
            abort(404)
        page = questions_page(taught.version, given=request.form.get, marked=True, seed=visit.id.hex)
        if not page.passed:
            return render_template("questions.html", page=page)
        verbs.finish(session, keys=services().keys, visit=visit, taught=taught, key=form_key())
        session.commit()
    tell_ehr(visit)
    return redirect(to("player.finished", tutorial=tutorial), 303)


@blueprint.get("/tutorials/<tutorial>/changed")
def changed(tutorial: str, **_: Any) -> ResponseReturnValue:
    """What is new, for those who finished an earlier version."""
    visit = current_visit()
    with services().database.reading() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        if find_progress(session, visit, taught.version) is None:
            return redirect(to("player.home"), 303)
        changes = changes_since(session, visit=visit, taught=taught)
    if not changes:
        return redirect(to("player.card", tutorial=tutorial), 303)
    return render_template("changed.html", page=pages.changed_page(taught, changes))


@blueprint.post("/tutorials/<tutorial>/changed")
def changed_is_enough(tutorial: str, **_: Any) -> ResponseReturnValue:
    """An earlier version was finished and the change is read: this version is finished too."""
    visit = current_visit()
    with services().database.writing() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        progress = find_progress(session, visit, taught.version)
        if progress is None or not (progress.finished_at or changes_since(session, visit=visit, taught=taught)):
            return redirect(to("player.home"), 303)
        verbs.finish(session, keys=services().keys, visit=visit, taught=taught, key=form_key())
        session.commit()
    tell_ehr(visit)
    return redirect(to("player.finished", tutorial=tutorial), 303)
