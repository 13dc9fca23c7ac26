"""Pictures: take one in, show it, offer it no longer."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from smart_app.library.pictures import MOST_ALT, MOST_BYTES, PictureRefused, find_picture
from smart_app.organizations.permissions import Permission
from smart_app.player.assets import picture_answer
from smart_app.security import takes
from smart_app.services import services
from smart_app.studio.access import current_permissions, may
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.telling import tells
from smart_app.studio.tutorials import picturing
from smart_app.studio.tutorials.fields import one_line
from smart_app.studio.tutorials.reviewing import get_reviewable
from smart_app.studio.undo import back_to
from smart_app.visits.session import current_visit

_ADDED = tells("picture-added", "The picture is in. Copy its line into the part that shows it.")


@blueprint.get("/<uuid:visit>/drafts/<uuid:draft>/pictures/<name>")
@may(Permission.TRAINER, Permission.REVIEWER)
def draft_picture(draft: UUID, name: str, **_: Any) -> ResponseReturnValue:
    """A picture of the library that the draft belongs to."""
    with services().database.reading() as session:
        row = get_reviewable(session, visit=current_visit(), held=current_permissions(), draft=draft).draft
        found = find_picture(session, organization=row.organization, name=name)
    return picture_answer(found) if found else abort(404)


@blueprint.route("/<uuid:visit>/drafts/<uuid:draft>/pictures", methods=["GET", "POST"])
@may(Permission.TRAINER)
@takes(MOST_BYTES + 64 * 1024)
def pictures(draft: UUID, **_: Any) -> ResponseReturnValue:
    """The pictures there are, and a form for one more."""
    visit, wrong = current_visit(), ""
    alt = one_line(request.form.get("alt", ""))
    if request.method == "POST":
        try:
            with services().database.writing() as session:
                name = picturing.add(session, visit=visit, content=_given(), alt=alt, now=datetime.now(UTC))
                session.commit()
            return redirect(to("studio.pictures", draft=draft, said=_ADDED, _anchor=name.partition(".")[0]), 303)
        except PictureRefused as error:
            wrong = str(error)
    with services().database.reading() as session:
        row = get_reviewable(session, visit=visit, held=current_permissions(), draft=draft).draft
        listed = picturing.listed(session, organization=visit.organization)
    page = render_template(
        "studio/tutorials/pictures.html",
        here="studio.tutorials",
        row=row,
        pictures=listed,
        wrong=wrong,
        alt=alt,
        most_alt=MOST_ALT,
    )
    return page, 422 if wrong else 200


@blueprint.post("/<uuid:visit>/drafts/<uuid:draft>/pictures/<name>/remove")
@may(Permission.TRAINER)
def remove_picture(draft: UUID, name: str, **_: Any) -> ResponseReturnValue:
    """Offer it no longer; versions that show it still do."""
    visit = current_visit()
    with services().database.writing() as session:
        done = picturing.remove(session, visit=visit, name=name, now=datetime.now(UTC))
        session.commit()
    if done is None:
        abort(404)
    return redirect(back_to("studio.pictures", done, visit=visit, draft=draft), 303)


def _given() -> bytes:
    """The file's bytes; what it is called is not looked at."""
    given = request.files.get("picture")
    if given is None:
        raise PictureRefused("Choose a file.")
    return given.stream.read(MOST_BYTES + 1)
