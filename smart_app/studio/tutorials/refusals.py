"""What the pages say where a verb refuses."""

from flask.typing import ResponseReturnValue

from smart_app.errors import ProductError, page
from smart_app.studio.blueprint import blueprint
from smart_app.studio.tutorials.drafting import NoSuchDraft
from smart_app.studio.tutorials.retiring import NoSuchVersion
from smart_app.studio.tutorials.version_rules import Act, NotPossible, NotYours, State

_NONE = ProductError(
    status=404,
    title="There is no such tutorial here",
    what_happened="It may have been discarded, or it belongs to another organization.",
    what_to_do=("Go to Tutorials: what there is stands in the list.",),
)
_WHY = {
    Act.SAVE: "It is in review or published, and a text that somebody reviews does not change under them. "
    "What you wrote is still in this browser.",
    Act.PUBLISH: "It is not in review: its author took it back, or it was published already.",
}


@blueprint.errorhandler(NoSuchDraft)
@blueprint.errorhandler(NoSuchVersion)
def _no_such(_: Exception) -> ResponseReturnValue:
    return page(_NONE)


@blueprint.errorhandler(NotPossible)
def _not_possible(error: NotPossible) -> ResponseReturnValue:
    state = "being written" if error.state is State.DRAFT else error.state.value
    happened = _WHY.get(error.act, f"The version is {state} now, perhaps since somebody else acted a moment ago.")
    return page(
        ProductError(
            status=409,
            title=f"This version is {state}",
            what_happened=f"{happened} Nothing was changed.",
            what_to_do=("Go to Tutorials and open it once more: you see what can be done with it now.",),
        )
    )


@blueprint.errorhandler(NotYours)
def _not_yours(error: NotYours) -> ResponseReturnValue:
    return page(
        ProductError(
            status=403,
            title="Somebody else does this",
            what_happened=f"{error.why} Nothing was changed.",
            what_to_do=("Ask a colleague who may. An organization with one trainer invites a reviewer from another.",),
        )
    )
