"""What these pages say no to, in words."""

from flask.typing import ResponseReturnValue

from smart_app.errors import ProductError, page
from smart_app.organizations.roster.uploads import NoSuchUpload
from smart_app.rollout.assigning import NoSuchAssignment
from smart_app.rollout.naming import NamesNotAllowed, NotOpened
from smart_app.rollout.planning import NoSuchRollout
from smart_app.studio.blueprint import blueprint

_NOT_THERE = ProductError(
    status=404,
    title="That is not here",
    what_happened="This organization has no such rollout, assignment or unit, or it was removed. Nothing was changed.",
    what_to_do=("Go back to the list: what there is stands there.",),
)
_FILE_GONE = ProductError(
    status=404,
    title="That file is no longer kept",
    what_happened="A file is kept for an hour between its trial and its import, for whoever brought it alone. "
    "Nothing was imported.",
    what_to_do=("Go back to the roster and bring the file once more.",),
)
_NO_NAMES = ProductError(
    status=403,
    title="Lists of names are not allowed here",
    what_happened="This organization has not allowed educators to see by name who has finished assigned work. "
    "Nothing was opened.",
    what_to_do=("Whoever has the permission analyst decides it, under Administration, Settings.",),
)
_NOT_OPENED = ProductError(
    status=403,
    title="Open the list anew",
    what_happened="A list of names stays open for half an hour, to whoever gave a reason for it. This one is closed.",
    what_to_do=("Go back to the assignment and give a reason.",),
)


@blueprint.errorhandler(NoSuchRollout)
@blueprint.errorhandler(NoSuchAssignment)
def _not_there(_: Exception) -> ResponseReturnValue:
    return page(_NOT_THERE)


@blueprint.errorhandler(NoSuchUpload)
def _file_gone(_: NoSuchUpload) -> ResponseReturnValue:
    return page(_FILE_GONE)


@blueprint.errorhandler(NamesNotAllowed)
def _no_names(_: NamesNotAllowed) -> ResponseReturnValue:
    return page(_NO_NAMES)


@blueprint.errorhandler(NotOpened)
def _not_opened(_: NotOpened) -> ResponseReturnValue:
    return page(_NOT_OPENED)
