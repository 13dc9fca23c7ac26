"""Review: what waits, one draft beside what is live, publish or send back, and invited reviewers."""

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from smart_app.organizations.permissions import Permission
from smart_app.services import services
from smart_app.studio.access import current_permissions, may
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.telling import tells
from smart_app.studio.tutorials import drafting, inviting, reviewing
from smart_app.studio.tutorials.drafting import NotReady
from smart_app.studio.tutorials.fields import from_json, one_line
from smart_app.studio.tutorials.people import everybody
from smart_app.studio.tutorials.version_rules import IN_PROGRESS_WORDS, InProgress, State
from smart_app.studio.tutorials.versions import beside_live, home_of, waiting_by_invitation, waiting_drafts
from smart_app.studio.tutorials.who_sees import who_sees
from smart_app.studio.undo import back_to
from smart_app.visits.session import current_visit

_PUBLISHED = tells("published", "Published. Whom it is for sees it from the next launch on.")
_SENT_BACK = tells("sent-back", "Sent back, with your note beside the text.")
_ACCEPTED = tells("accepted", "The invitation is yours, for this one version.")
_ENDED = tells("invitation-ended", "The invitation is over.")


@blueprint.get("/<uuid:visit>/reviews")
@may(Permission.REVIEWER, Permission.TRAINER)
def reviews(**_: Any) -> ResponseReturnValue:
    """What waits for a second person, here and by invitation."""
    return _reviews(wrong="", code="")


@blueprint.post("/<uuid:visit>/reviews/invitations")
@may(Permission.REVIEWER)
def accept_invitation(**_: Any) -> ResponseReturnValue:
    """Enter the code of an invitation from another organization."""
    code = one_line(request.form.get("code", ""))[:60]
    with services().database.writing() as session:
        try:
            row = inviting.accept(session, visit=current_visit(), code=code)
        except inviting.WrongCode:
            wrong = "No invitation waits under this code. It works once, and for 14 days."
            return _reviews(wrong=wrong, code=code), 422
        session.commit()
    return redirect(to("studio.review", draft=row.draft, said=_ACCEPTED), 303)


@blueprint.get("/<uuid:visit>/reviews/<uuid:draft>")
@may(Permission.REVIEWER, Permission.TRAINER)
def review(draft: UUID, **_: Any) -> ResponseReturnValue:
    """One draft: every field, beside what is live."""
    return _review(draft, wrong="", code="")


@blueprint.post("/<uuid:visit>/reviews/<uuid:draft>/publish")
@may(Permission.REVIEWER)
def publish(draft: UUID, **_: Any) -> ResponseReturnValue:
    """Put it before the clinicians."""
    given = request.form.get("revision", "")
    with services().database.writing() as session:
        try:
            reviewing.publish(
                session,
                visit=current_visit(),
                held=current_permissions(),
                draft=draft,
                revision=int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else -1,
                name=one_line(request.form.get("name", ""))[:80],
            )
        except NotReady as error:
            session.rollback()
            return _review(draft, wrong=str(error), code=""), 422
        session.commit()
    return redirect(to("studio.reviews", said=_PUBLISHED), 303)


@blueprint.post("/<uuid:visit>/reviews/<uuid:draft>/send-back")
@may(Permission.REVIEWER)
def send_back(draft: UUID, **_: Any) -> ResponseReturnValue:
    """To its author, with what is to be mended."""
    note = request.form.get("note", "").replace("\r\n", "\n").strip()[:1000]
    with services().database.writing() as session:
        try:
            reviewing.send_back(session, visit=current_visit(), held=current_permissions(), draft=draft, note=note)
        except NotReady as error:
            session.rollback()
            return _review(draft, wrong=str(error), code=""), 422
        session.commit()
    return redirect(to("studio.reviews", said=_SENT_BACK), 303)


@blueprint.post("/<uuid:visit>/reviews/<uuid:draft>/invite")
@may(Permission.TRAINER)
def invite(draft: UUID, **_: Any) -> ResponseReturnValue:
    """Invite a reviewer of another organization. The code is on the page that answers, and nowhere else."""
    visit, name = current_visit(), one_line(request.form.get("name", ""))[:120]
    if not name:
        return _review(draft, wrong="Write whom you invite: it stands in the audit.", code=""), 422
    with services().database.writing() as session:
        row = drafting.get_draft(session, organization=visit.organization, draft=draft, lock=True)
        if row.state != State.IN_REVIEW:
            session.rollback()
            return _review(draft, wrong="Send it for review first.", code=""), 422
        code = inviting.invite(session, visit=visit, draft=row, name=name)
        session.commit()
    return _review(draft, wrong="", code=code)


@blueprint.post("/<uuid:visit>/reviews/<uuid:draft>/invitations/<uuid:invitation>/end")
@may(Permission.TRAINER)
def end_invitation(draft: UUID, invitation: UUID, **_: Any) -> ResponseReturnValue:
    """Take an invitation back."""
    visit = current_visit()
    with services().database.writing() as session:
        row = drafting.get_draft(session, organization=visit.organization, draft=draft)
        step = inviting.end(session, visit=visit, draft=row, invitation=invitation)
        session.commit()
    if step is not None:
        return redirect(back_to("studio.review", step, visit=visit, draft=draft), 303)
    return redirect(to("studio.review", draft=draft, said=_ENDED), 303)


def _reviews(*, wrong: str, code: str) -> str:
    visit = current_visit()
    with services().database.reading() as session:
        waiting = waiting_drafts(session, organization=visit.organization)
        mine = {draft.id for draft in waiting if visit.learner.hex in everybody(session, draft)}
        invited = waiting_by_invitation(session, visit=visit)
    return render_template(
        "studio/tutorials/reviews.html",
        waiting=waiting,
        mine=mine,
        invited=invited,
        wrong=wrong,
        code=code,
        may_review=Permission.REVIEWER in current_permissions(),
    )


def _review(draft: UUID, *, wrong: str, code: str) -> str:
    visit, held = current_visit(), current_permissions()
    with services().database.reading() as session:
        found = reviewing.get_reviewable(session, visit=visit, held=held, draft=draft)
        row = found.draft
        authors = everybody(session, row)
        return render_template(
            "studio/tutorials/review.html",
            here="studio.reviews",
            row=row,
            fields=from_json(row.fields),
            when=who_sees(session, row=row),
            rows=beside_live(session, row),
            live=row.version > 1,
            is_author=visit.learner.hex in authors,
            may_publish=found.actor.may_review and visit.learner.hex not in authors and row.state == State.IN_REVIEW,
            is_trainer=found.invitation is None and Permission.TRAINER in held,
            invitations=[] if found.invitation else inviting.invitations_of(session, row),
            invited_by=home_of(session, row) if found.invitation else None,
            until=found.invitation.until if found.invitation else None,
            in_progress=IN_PROGRESS_WORDS[InProgress(row.fields["in_progress"])],
            wrong=wrong,
            code=code,
        )
