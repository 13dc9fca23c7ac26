"""The way in, the first page, and undo."""

from typing import Any
from uuid import UUID

from flask import g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from smart_app.errors import ProductError
from smart_app.organizations.permissions import Permission
from smart_app.services import services
from smart_app.studio.access import current_permissions, may, open_to_all
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.entry import ways_in
from smart_app.studio.telling import tells
from smart_app.studio.undo import CannotUndo, NotOffered, open_steps, undo_step
from smart_app.visits.session import current_visit

MOST_STEPS = 20
UNDONE = tells("undone", "Undone. It is as it was before.")


@blueprint.get("/")
@open_to_all("leads to the visits whose cookies this browser holds, else to the EHR's sign-in", needs_visit=False)
def entry() -> ResponseReturnValue:
    """The studio's door."""
    with services().database.reading() as session:
        ways = ways_in(session, cookies=request.cookies, ehr=request.args.get("ehr"))
    return render_template("studio/entry.html", ways=ways)


@blueprint.get("/<uuid:visit>/")
@may(*Permission)
def home(**_: Any) -> ResponseReturnValue:
    """What one may do here, and what one did in the last day that can be undone."""
    with services().database.reading() as session:
        steps = open_steps(session, visit=current_visit(), held=current_permissions())
    return render_template("studio/home.html", steps=steps[:MOST_STEPS], more=max(0, len(steps) - MOST_STEPS))


@blueprint.post("/<uuid:visit>/undo/<uuid:step>")
@may(*Permission)
def undo(step: UUID, **_: Any) -> ResponseReturnValue:
    """Take back what this learner did; the permission that the act needed is needed again."""
    with services().database.writing() as session:
        try:
            undo_step(session, visit=current_visit(), step=step, held=current_permissions())
        except (NotOffered, CannotUndo) as error:
            raise _cannot(error) from error
        session.commit()
    g.pop("permissions", None)
    return redirect(to("studio.home", said=UNDONE), 303)


def _cannot(error: Exception) -> ProductError:
    why = str(error) if isinstance(error, CannotUndo) else "It was undone already, or its 24 hours are over."
    return ProductError(
        status=409,
        title="That cannot be undone now",
        what_happened=f"{why} Nothing was changed.",
        what_to_do=("Go back to the page, and change it there by hand.",),
    )
