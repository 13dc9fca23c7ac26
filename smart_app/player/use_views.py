"""The end of a tutorial, and what can be said or opened there: used, opened, or not yet."""

from typing import Any

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from smart_app.player import pages, verbs
from smart_app.player.blueprint import blueprint, form_key, to
from smart_app.player.links import openable
from smart_app.player.offered import Taught, find_progress, get_taught
from smart_app.services import services
from smart_app.visits.session import VisitView, current_visit

MOST_USES = 99
"""A day has not more: a larger number is a slip of the finger."""


@blueprint.get("/tutorials/<tutorial>/finished")
def finished(tutorial: str, **_: Any) -> ResponseReturnValue:
    """The end of a finished tutorial: used, opened, or not yet."""
    visit = current_visit()
    with services().database.reading() as session:
        page = _finished_page(session, visit, tutorial)
    if page is None:
        return redirect(to("player.home"), 303)
    return render_template("finished.html", page=page)


@blueprint.post("/tutorials/<tutorial>/used")
def used(tutorial: str, **_: Any) -> ResponseReturnValue:
    """ "I used it on this task", or "about N today"."""
    visit, times = current_visit(), _times(request.form.get("about", "1"))
    with services().database.writing() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        if times is None:
            page = _finished_page(session, visit, tutorial, error=True)
            return (render_template("finished.html", page=page), 400) if page else redirect(to("player.home"), 303)
        verbs.used(session, keys=services().keys, visit=visit, taught=taught, quantity=times, key=form_key())
        session.commit()
    about = {"about": times} if times > 1 else {}
    return redirect(to("player.finished", tutorial=tutorial, said="used", **about), 303)


@blueprint.post("/tutorials/<tutorial>/feature")
def open_feature(tutorial: str, **_: Any) -> ResponseReturnValue:
    """Records that the AI feature was opened; the page that follows holds the link.

    A new window shares no cookie with a frame, so this answers in the frame. With script the page has
    opened the feature's window by the same press (player.js) and reads no answer.
    """
    visit = current_visit()
    with services().database.writing() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        if _link_of(taught) is None:
            abort(404)
        verbs.open_ai_feature(session, keys=services().keys, visit=visit, taught=taught, key=form_key())
        session.commit()
    return redirect(to("player.feature_opened", tutorial=tutorial), 303)


@blueprint.get("/tutorials/<tutorial>/feature")
def feature_opened(tutorial: str, **_: Any) -> ResponseReturnValue:
    """The link to the AI feature, to a new window."""
    visit = current_visit()
    with services().database.reading() as session:
        taught = get_taught(session, visit=visit, tutorial=tutorial)
        link = _link_of(taught)
    if link is None or taught.feature is None:
        abort(404)
    return render_template("opened.html", name=taught.feature.name, link=link, tutorial=tutorial)


def _link_of(taught: Taught) -> str | None:
    return openable(taught.feature.launch_link) if taught.feature else None


def _finished_page(
    session: Session, visit: VisitView, tutorial: str, *, error: bool = False
) -> pages.FinishedPage | None:
    """None where the tutorial is not finished."""
    taught = get_taught(session, visit=visit, tutorial=tutorial)
    progress = find_progress(session, visit, taught.version)
    if progress is None or progress.finished_at is None:
        return None
    said = _times(request.args.get("about", "1")) if request.args.get("said") == "used" else None
    return pages.finished_page(visit, taught, said_used=said, link=_link_of(taught), error=error)


def _times(given: str) -> int | None:
    """1 to MOST_USES, else None."""
    given = given.strip()
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 4 else 0
    return number if 1 <= number <= MOST_USES else None
