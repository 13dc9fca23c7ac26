"""*Find a tutorial* and *all tutorials for my role*.

The words searched for are posted: in an address they would stay in the browser's history, and
somebody may type a name. They are kept nowhere.
"""

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from smart_app.library.finding import find
from smart_app.player.blueprint import blueprint
from smart_app.player.find_page import all_for_role, in_this_order
from smart_app.services import services
from smart_app.visits.session import current_visit

MOST_WORDS = 100
"""Characters of a search; nobody types more to find a title."""


@blueprint.get("/tutorials")
def all_tutorials(**_: Any) -> ResponseReturnValue:
    """All for the role, by title."""
    visit = current_visit()
    with services().database.reading() as session:
        listed = all_for_role(session, visit)
    return render_template("find.html", listed=listed, words=None)


@blueprint.post("/find")
def find_tutorials(**_: Any) -> ResponseReturnValue:
    """Those of the role that the words find in titles, parts and AI features, best first."""
    visit, words = current_visit(), " ".join(request.form.get("words", "").split())[:MOST_WORDS]
    with services().database.reading() as session:
        listed = all_for_role(session, visit)
        if words:
            found = find(session, organization=visit.organization, job_roles=visit.job_roles, words=words)
            listed = in_this_order(listed, ((each.tutorial, each.heading) for each in found))
    return render_template("find.html", listed=listed, words=words or None)
