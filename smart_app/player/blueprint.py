"""The blueprint below /v/<visit>/, and what its pages share: whose page it is, addresses, words for refusals."""

from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from smart_app.errors import ProductError, page
from smart_app.ledger import KeyReused, NotRecordable
from smart_app.organizations.permissions import permissions_of_visit
from smart_app.player import assets
from smart_app.player.models import SYSTEM
from smart_app.player.offered import NotOffered, find_preference
from smart_app.player.telling import BadKey
from smart_app.services import services
from smart_app.visits.session import current_visit, find_visit

blueprint = Blueprint("player", __name__, url_prefix="/v/<uuid:visit>")
assets.install(blueprint)

_NOT_OFFERED = ProductError(
    status=404,
    title="That is not offered here",
    what_happened="This visit has no such tutorial or AI feature. Nothing was recorded.",
    what_to_do=("Go back to For you now: what fits your role and task stands there.",),
)
_KEY_REUSED = ProductError(
    status=409,
    title="That was sent before, with something else in it",
    what_happened="A page counts each press once. This one came a second time with other content, so the first one "
    "stands and nothing was recorded twice.",
    what_to_do=("Go back to For you now and go on from there.",),
)
_NOT_WHOLE = ProductError(
    status=400,
    title="That did not arrive whole",
    what_happened="Preceptor could not read what the page sent. Nothing was recorded.",
    what_to_do=("Go back to For you now and try once more.",),
)


@blueprint.context_processor
def whose_page() -> dict[str, Any]:
    """`visit`, `single_keys`, `colours` and `studio` for the templates; the error page of an ended visit has none."""
    visit = find_visit()
    if visit is None:
        return {}
    with services().database.reading() as session:
        preference = find_preference(session, visit.organization, visit.learner)
        permissions = permissions_of_visit(session, visit=visit)
    return {
        "visit": visit,
        "single_keys": preference is None or preference.single_keys,
        "colours": preference.colours if preference else SYSTEM,
        "studio": url_for("studio.entry", ehr=visit.ehr) if permissions else None,
    }


def to(endpoint: str, **values: Any) -> str:
    """The address of a page of this visit."""
    return url_for(endpoint, visit=current_visit().id, **values)


def form_key() -> str:
    """The key that makes a form sent twice count once."""
    return request.form.get("key", "")


def came_from() -> dict[str, str]:
    """Where a verify card was opened from, to go back there."""
    return {"from": request.form.get("from", "")}


@blueprint.app_errorhandler(NotOffered)
def _not_offered(_: NotOffered) -> ResponseReturnValue:
    return page(_NOT_OFFERED)


@blueprint.app_errorhandler(KeyReused)
def _key_reused(_: KeyReused) -> ResponseReturnValue:
    return page(_KEY_REUSED)


@blueprint.app_errorhandler(BadKey)
@blueprint.app_errorhandler(NotRecordable)
def _not_whole(_: Exception) -> ResponseReturnValue:
    return page(_NOT_WHOLE)
