"""The blueprint below /studio/, and what its pages share: who is here, the navigation, what was just done."""

from typing import Any

from flask import Blueprint, request, url_for

from smart_app.player.blueprint import form_key
from smart_app.player.models import SYSTEM
from smart_app.player.offered import find_preference
from smart_app.services import services
from smart_app.studio.access import check_policy, current_permissions
from smart_app.studio.navigation import navigation
from smart_app.studio.telling import words_of
from smart_app.studio.undo import find_offered
from smart_app.visits.session import current_visit, find_visit

blueprint = Blueprint("studio", __name__, url_prefix="/studio")
blueprint.before_request(check_policy)

__all__ = ["blueprint", "form_key", "to"]


def to(endpoint: str, **values: Any) -> str:
    """The address of a page of the studio, in this visit: ``to("studio.tutorials", said="saved")``."""
    return url_for(endpoint, visit=current_visit().id, **values)


@blueprint.context_processor
def whose_page() -> dict[str, Any]:
    """For every template; the page of an ended visit has none of it."""
    visit = find_visit()
    if visit is None:
        return {}
    with services().database.reading() as session:
        preference = find_preference(session, visit.organization, visit.learner)
        undo = find_offered(session, visit=visit, step=request.args.get("done"))
    held = current_permissions()
    return {
        "visit": visit,
        "colours": preference.colours if preference else SYSTEM,
        "permissions": sorted(held),
        "navigation": navigation(held),
        "undo": undo,
        "said": words_of(request.args.get("said")),
        "to": to,
    }
