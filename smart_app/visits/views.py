"""Signing out. The guard of :mod:`smart_app.visits.session` has run before."""

from flask import Blueprint, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue

from smart_app.services import services
from smart_app.visits import cookies
from smart_app.visits.ehr_style import style_sheet
from smart_app.visits.tokens import end_tokens
from smart_app.visits.verbs import end_visits, live_visits

blueprint = Blueprint("visits", __name__, url_prefix="/v/<uuid:visit>")


@blueprint.post("/leave")
def leave(**_: object) -> ResponseReturnValue:
    """*Not you? Sign out*: ends every visit of this browser, since the workstation may be shared.

    Answers with the page itself: it must show in the EHR's frame, and a page without a visit may not.
    """
    held = cookies.all_cookies(request.cookies, keys=services().keys)
    with services().database.writing() as session:
        ended = end_visits(session, visits=live_visits(session, held), ended_by="sign-out")
        session.commit()
    end_tokens(ended)
    g.pop("visit_cookie", None)
    g.pop("visit", None)
    response = make_response(render_template("signed_out.html"))
    for visit in ended:
        cookies.drop_cookie(response, visit)
    return response


@blueprint.get("/style.css")
def style(**_: object) -> ResponseReturnValue:
    """The EHR's style as far as our pages may wear it; from our own origin, since no other may style them."""
    return Response(style_sheet(g.visit.style), mimetype="text/css")
