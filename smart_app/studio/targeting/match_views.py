"""Proposed matches of one person's identities at two EHRs: a trainer confirms, refuses or undoes."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from smart_app.errors import ProductError
from smart_app.organizations import learner_matches
from smart_app.organizations.learner_matches import LaterMatchStands, NoSuchMatch, NotYours
from smart_app.organizations.permissions import Permission
from smart_app.services import services
from smart_app.studio.access import holds, may
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.targeting.match_page import match_lines
from smart_app.studio.targeting.matching import Pair, confirm_match, undo_match
from smart_app.studio.telling import tells
from smart_app.visits.session import current_visit
from smart_app.visits.tokens import end_tokens

CONFIRMED = tells("match-confirmed", "Confirmed: both sign-ins lead to one person from the next launch on.")
REFUSED = tells("match-refused", "Refused: they stay two people, and this is not proposed again.")
UNDONE = tells("match-undone", "Undone: it is as it was, and waits for a decision again.")


@blueprint.get("/<uuid:visit>/job-roles/matches")
@may(Permission.TRAINER)
def matches(**_: Any) -> ResponseReturnValue:
    """Open matches first, then the decided."""
    visit = current_visit()
    with services().database.reading() as session:
        lines = match_lines(session, organization=visit.organization, me=visit.learner)
    return render_template("studio/targeting/matches.html", lines=lines)


@blueprint.post("/<uuid:visit>/job-roles/matches/<uuid:learner>/<uuid:other>/confirm")
@may(Permission.TRAINER)
def confirm_a_match(learner: UUID, other: UUID, **_: Any) -> ResponseReturnValue:
    """One person."""
    return _decide((learner, other), confirm_match, CONFIRMED)


@blueprint.post("/<uuid:visit>/job-roles/matches/<uuid:learner>/<uuid:other>/refuse")
@may(Permission.TRAINER)
def refuse_a_match(learner: UUID, other: UUID, **_: Any) -> ResponseReturnValue:
    """Two people."""

    def refuse(session: Session, **given: Any) -> list[UUID]:
        learner_matches.refuse(session, **given)
        return []

    return _decide((learner, other), refuse, REFUSED)


@blueprint.post("/<uuid:visit>/job-roles/matches/<uuid:learner>/<uuid:other>/undo")
@may(Permission.TRAINER)
def undo_a_match(learner: UUID, other: UUID, **_: Any) -> ResponseReturnValue:
    """Open again, whenever it was decided."""
    return _decide((learner, other), undo_match, UNDONE)


def _decide(pair: Pair, act: Callable[..., list[UUID]], said: str) -> ResponseReturnValue:
    visit = current_visit()
    with services().database.writing() as session:
        try:
            ended = act(
                session,
                organization=visit.organization,
                pair=pair,
                by=visit.learner,
                may_grant=holds(Permission.ANALYST),
            )
        except (NoSuchMatch, NotYours, LaterMatchStands) as error:
            raise _refused(error) from error
        session.commit()
    end_tokens(ended)
    return redirect(to("studio.matches", said=said), 303)


def _refused(error: Exception) -> ProductError:
    status, title, why, what = _SAID[type(error)]
    return ProductError(status=status, title=title, what_happened=f"{why} Nothing was changed.", what_to_do=(what,))


_SAID = {
    NoSuchMatch: (
        404,
        "That match is not open here",
        "It was decided meanwhile, or it is not of this organization.",
        "Go back to the matches: what is open stands first.",
    ),
    NotYours: (
        403,
        "Somebody else decides this match",
        "Nobody decides a match about themselves. Where one of the two holds a permission, a match could hand it on, "
        "so that takes somebody who may grant permissions.",
        "Ask a colleague who has the permissions trainer and analyst.",
    ),
    LaterMatchStands: (
        409,
        "A later match stands in the way",
        "One of these sign-ins was joined to a further person since.",
        "Undo that later match first.",
    ),
}
