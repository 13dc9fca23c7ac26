"""From a finished launch to the first page.

1. Read who is here and what is open, with no database transaction open.
2. In one transaction: open the visit, choose the tutorials, record that the learner is present.
3. Commit, give the visit's cookie, and lead to /v/<visit>/.
"""

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from launch.context import LaunchContext
from launch.errors import LaunchError
from launch.stores import ReportRecord
from smart_app.fhir.facts import Findings
from smart_app.fhir.reading import read_person_and_task
from smart_app.player import verbs
from smart_app.player.choosing import choices_for
from smart_app.services import Services, services
from smart_app.visits.arriving import OpenedVisit, open_visit_for

PRESSED = "continue"
"""Name of the callback page's button: sent only where no script posted the form."""


def arrive(context: LaunchContext) -> ResponseReturnValue:
    """`on_launch`: a visit is open and its tutorials are chosen when this returns."""
    held = services()
    findings = read_person_and_task(context)
    with held.database.writing() as session:
        opened = _open(session, held, context, findings)
        session.commit()
    response = make_response(redirect(url_for("player.home", visit=opened.visit.id), 303))
    opened.set_cookies(response, keys=held.keys, lifetime=held.settings.visit_hours * 3600)
    return response


def launch_failed(error: LaunchError, report: ReportRecord) -> ResponseReturnValue:
    """`on_error`: what happened, what to do, and the reference for the EHR analyst."""
    return render_template("launch_failed.html", error=error, report=report), error.status


def _open(session: Session, held: Services, context: LaunchContext, findings: Findings) -> OpenedVisit:
    opened = open_visit_for(
        session,
        context=context,
        findings=findings,
        request_cookies=request.cookies,
        keys=held.keys,
        choose=lambda visit: choices_for(session, visit=visit),
    )
    visit = opened.visit
    verbs.present(session, keys=held.keys, visit=visit)
    if PRESSED in request.form:  # no script, so no page will say later what was in view
        verbs.shown(session, keys=held.keys, visit=visit)
    return opened
