"""From a finished launch to the first page.

1. Read who is here and what is open. While the EHR answers, read from the database what the rest will ask for.
2. In one transaction: open the visit, choose the tutorials, record that the learner is present.
3. Commit, give the visit's cookie, and show the page. Its script puts its own address, /v/<visit>/, in the place
   of the launch's. Where no script posted the reply, a redirect leads there; from /launch/studio to /studio/<visit>/.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from launch.context import LaunchContext
from launch.errors import LaunchError
from launch.stores import ReportRecord
from smart_app.fhir.facts import Findings
from smart_app.fhir.reading import read_person_and_task
from smart_app.library.targeting import Choice
from smart_app.player import verbs
from smart_app.player.ahead import Ahead
from smart_app.player.blueprint import whose_page
from smart_app.player.choosing import chosen_by
from smart_app.player.first import asks_first
from smart_app.player.history import History, history_of
from smart_app.player.home_views import first_page
from smart_app.player.nudging import nudge_if_due
from smart_app.services import Services, services
from smart_app.visits.arriving import OpenedVisit, open_visit_for, style_of
from smart_app.visits.session import VisitView, enter
from smart_app.visits.tokens import end_tokens, keep_token

STUDIO = "studio"
"""The placement whose launches come to write and set up: nothing is put before them to learn."""
PRESSED = "continue"
"""Name of the callback page's button: sent only where no script posted the form."""
BY_SCRIPT = "script"
"""Name of the callback page's field that is sent only where its script posted the form."""


def arrive(context: LaunchContext) -> ResponseReturnValue:
    """`on_launch`: a visit is open and its tutorials are chosen when this returns."""
    held = services()
    ahead = Ahead(held, context)
    findings, style = _read(context, ahead)
    # With the power a launch may go, too: the EHR opens the app again, and presence is told anew. A second later
    # the launch report is committed, and all before it is on disk with that.
    with held.database.writing(durable=False, seen=ahead.seen) as session:
        opened, history = _open(session, held, context, findings, style, ahead)
        session.commit()
    verbs.remember_present(opened.visit)
    keep_token(context, opened.visit.id)
    end_tokens(opened.ended, seconds=1.0)
    response = make_response(_first_page(opened, history, ahead, in_studio=context.placement == STUDIO))
    opened.set_cookies(response, keys=held.keys, lifetime=held.settings.visit_hours * 3600)
    return response


def _first_page(opened: OpenedVisit, history: History, ahead: Ahead, *, in_studio: bool) -> ResponseReturnValue:
    """The page itself, where its script can give it its address: one way to the server and back less to wait for."""
    if in_studio:
        return redirect(url_for("studio.home", visit=opened.visit.id), 303)
    address = url_for("player.home", visit=opened.visit.id)
    if request.form.get(BY_SCRIPT) != "1":
        return redirect(address, 303)
    enter(opened.visit, opened.secret)
    with services().database.reading(ahead.seen):
        return first_page(history, own_address=address, **whose_page())


def launch_failed(error: LaunchError, report: ReportRecord) -> ResponseReturnValue:
    """`on_error`: what happened, what to do, and the reference for the EHR analyst."""
    return render_template("launch_failed.html", error=error, report=report), error.status


def _read(context: LaunchContext, ahead: Ahead) -> tuple[Findings, dict[str, str]]:
    """Who is here and what is open; and beside it, so that it costs no time, the EHR's style."""
    if not context.smart_style_url:
        return read_person_and_task(context, meanwhile=ahead.read), {}
    with ThreadPoolExecutor(1) as aside:
        style = aside.submit(style_of, context)
        return read_person_and_task(context, meanwhile=ahead.read), style.result()


def _open(
    session: Session,
    held: Services,
    context: LaunchContext,
    findings: Findings,
    style: dict[str, str],
    ahead: Ahead,
) -> tuple[OpenedVisit, History]:
    """The visit, and what the learner did before it."""
    histories: list[History] = []

    def choose(visit: VisitView) -> tuple[Choice, ...]:
        histories.append(history_of(session, organization=visit.organization, learner=visit.learner))
        return chosen_by(session, visit, histories[0])

    opened = open_visit_for(
        session,
        context=context,
        findings=findings,
        request_cookies=request.cookies,
        keys=held.keys,
        choose=choose,
        find_known=ahead.find_learner,
        style=style,
    )
    in_studio = context.placement == STUDIO
    visit = opened.visit if in_studio else nudge_if_due(session, visit=opened.visit, was_nudged=ahead.was_nudged)
    verbs.present(session, keys=held.keys, visit=visit)
    # No script, so no page will say later what was in view; where a question comes first, home is not.
    if PRESSED in request.form and not in_studio and not asks_first(session, visit):
        verbs.shown(session, keys=held.keys, visit=visit)
    return replace(opened, visit=visit), histories[0]
