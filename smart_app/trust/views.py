"""*My record* below /v/<visit>/record: read it, take it with you."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from smart_app.player.blueprint import to, whose_page
from smart_app.services import services
from smart_app.trust.download import own_entries
from smart_app.trust.record import everything_else, record_page
from smart_app.visits.session import current_visit

blueprint = Blueprint("trust", __name__, url_prefix="/v/<uuid:visit>")
blueprint.context_processor(whose_page)

_TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson", "txt": "text/plain"}


@blueprint.get("/record")
def record(**_: Any) -> ResponseReturnValue:
    """Everything held on the learner of this visit."""
    before = _before()
    with services().database.reading() as session:
        page = record_page(session, visit=current_visit(), before=before)
    older = to("trust.record", before=page.older_than.isoformat()) if page.older_than else None
    return render_template("record.html", page=page, older=older, is_older=before is not None)


@blueprint.post("/record/download")
def download(**_: Any) -> ResponseReturnValue:
    """The learner's own entries as a file, or what else is kept. A POST, so that no address alone gives it away."""
    visit, wanted = current_visit(), request.form.get("format", "")
    if wanted not in _TYPES:
        abort(400)
    with services().database.reading() as session:
        if wanted == "txt":
            text = everything_else(record_page(session, visit=visit))
        else:
            text = own_entries(session, organization=visit.organization, learner=visit.learner, format=wanted)  # type: ignore[arg-type]
    answer = Response(text, mimetype=_TYPES[wanted])
    answer.headers["Content-Disposition"] = f'attachment; filename="my-record.{wanted}"'
    return answer


def _before() -> datetime | None:
    given = request.args.get("before")
    try:
        moment = datetime.fromisoformat(given) if given else None
    except ValueError:
        abort(400)
    if moment is not None and moment.tzinfo is None:
        abort(400)
    return moment
