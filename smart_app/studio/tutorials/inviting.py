"""A reviewer of another organization, for one version and 14 days.

1. A trainer makes an invitation and gives its code to a colleague elsewhere, by phone or by mail. It is shown once.
2. The colleague, a clinical reviewer at an organization of their own, enters the code there. It works once.
3. The invitation ends with the version's publication, after 14 days, or when a trainer ends it.
"""

import hashlib
import re
import secrets
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from smart_app.organizations.permissions import Permission
from smart_app.organizations.verbs import write_audit
from smart_app.studio.tutorials.models import ReviewInvitation, TutorialDraft
from smart_app.studio.tutorials.people import everybody
from smart_app.studio.tutorials.version_rules import NotYours, State
from smart_app.studio.undo import CannotUndo, Payload, remember, undoer
from smart_app.visits.view import VisitView

LASTS = timedelta(days=14)
_ENDED = "invitation ended"
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS, _LENGTH = 4, 4
"""30 letters, 16 of them: 78 bits."""


class WrongCode(LookupError):
    """No invitation waits under this code."""


def invite(session: Session, *, visit: VisitView, draft: TutorialDraft, name: str) -> str:
    """A new invitation; returns its code, which is told this once."""
    code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(_GROUPS))
    now = datetime.now(UTC)
    row = ReviewInvitation(organization=draft.organization, id=uuid.uuid4(), draft=draft.id, version=draft.version)
    row.code_hash, row.name, row.invited_by = _hash(code), name, visit.learner
    row.invited_at, row.until = now, now + LASTS
    session.add(row)
    _tell(session, row, visit, "reviewer invited", draft, before=None, after={"until": row.until.isoformat()})
    session.flush()
    return code


def accept(session: Session, *, visit: VisitView, code: str) -> ReviewInvitation:
    """Enter a code. Raises :class:`WrongCode`; NotYours for somebody of the same organization or who wrote in it."""
    row = session.scalar(select(ReviewInvitation).where(ReviewInvitation.code_hash == _hash(code)).with_for_update())
    if row is None or not _holds(row) or row.reviewer is not None:
        raise WrongCode
    draft = session.get_one(TutorialDraft, (row.organization, row.draft))
    if row.organization == visit.organization:
        raise NotYours("The invitation is for somebody of another organization.")
    if visit.learner.hex in everybody(session, draft):
        raise NotYours("You wrote in this version, so a second person must review it.")
    row.reviewer_organization, row.reviewer = visit.organization, visit.learner
    row.accepted_at = datetime.now(UTC)
    told = {"organization": visit.organization.hex, "reviewer": visit.learner.hex, "until": row.until.isoformat()}
    _tell(session, row, visit, "invitation accepted", draft, before=None, after=told)
    write_audit(
        session,
        organization=visit.organization,
        actor=visit.learner.hex,
        action="invitation accepted elsewhere",
        details={
            "organization": row.organization.hex,
            "draft": row.draft.hex,
            "version": row.version,
            "before": None,
            "after": {"until": row.until.isoformat()},
        },
    )
    session.flush()
    return row


def invitation_for(session: Session, *, visit: VisitView, draft: UUID) -> ReviewInvitation | None:
    """The invitation that lets this learner review this draft now."""
    row = ReviewInvitation
    mine = select(row).where(
        row.draft == draft, row.reviewer_organization == visit.organization, row.reviewer == visit.learner
    )
    return next((found for found in session.scalars(mine) if _holds(found)), None)


def invited_drafts(session: Session, *, visit: VisitView) -> list[tuple[TutorialDraft, ReviewInvitation]]:
    """What this learner was invited to review, while it holds."""
    row = ReviewInvitation
    mine = select(row).where(row.reviewer_organization == visit.organization, row.reviewer == visit.learner)
    found = [each for each in session.scalars(mine.order_by(row.until)) if _holds(each)]
    return [(session.get_one(TutorialDraft, (each.organization, each.draft)), each) for each in found]


def invitations_of(session: Session, draft: TutorialDraft) -> Sequence[ReviewInvitation]:
    """Those of a draft that hold."""
    row = ReviewInvitation
    of_draft = select(row).where(row.organization == draft.organization, row.draft == draft.id)
    return [found for found in session.scalars(of_draft.order_by(row.invited_at)) if _holds(found)]


def end(session: Session, *, visit: VisitView, draft: TutorialDraft, invitation: UUID) -> UUID | None:
    """Take an invitation back; returns the step that undoes it. What is not there or over stays so: None."""
    row = session.get(ReviewInvitation, (draft.organization, invitation))
    if row is None or row.draft != draft.id or row.ended_at is not None:
        return None
    row.ended_at = datetime.now(UTC)
    _tell(session, row, visit, "invitation ended", draft, before={"until": row.until.isoformat()}, after=None)
    session.flush()
    words = f'Ended an invitation to review version {row.version} of "{draft.tutorial}".'
    return remember(session, visit=visit, words=words, kind=_ENDED, payload={"invitation": row.id.hex})


@undoer(_ENDED, Permission.TRAINER)
def _open_again(session: Session, *, visit: VisitView, payload: Payload) -> None:
    row = session.get_one(ReviewInvitation, (visit.organization, UUID(payload["invitation"])))
    draft = session.get(TutorialDraft, (row.organization, row.draft))
    if draft is None or draft.state != State.IN_REVIEW or draft.version != row.version:
        raise CannotUndo("The version is not in review any more.")
    if datetime.now(UTC) >= row.until:
        raise CannotUndo("The invitation's 14 days are over.")
    row.ended_at = None
    _tell(session, row, visit, "invitation opened again", draft, before=None, after={"until": row.until.isoformat()})
    session.flush()


def end_invitations(session: Session, draft: TutorialDraft, now: datetime) -> None:
    """With the publication, all of a draft's."""
    row = ReviewInvitation
    session.execute(
        update(row)
        .where(row.organization == draft.organization, row.draft == draft.id, row.ended_at.is_(None))
        .values(ended_at=now)
    )


def _holds(row: ReviewInvitation) -> bool:
    return row.ended_at is None and datetime.now(UTC) < row.until


def _hash(code: str) -> bytes:
    """78 random bits need no slow hash. Blanks, dashes and small letters do not matter."""
    return hashlib.sha256(b"review invitation " + re.sub(r"[^A-Z0-9]", "", code.upper()).encode()).digest()


def _tell(
    session: Session,
    row: ReviewInvitation,
    visit: VisitView,
    action: str,
    draft: TutorialDraft,
    *,
    before: dict[str, str] | None,
    after: dict[str, str] | None,
) -> None:
    details = {"tutorial": draft.tutorial, "version": draft.version, "draft": draft.id.hex, "invitation": row.id.hex}
    write_audit(
        session,
        organization=row.organization,
        actor=visit.learner.hex,
        action=action,
        details={**details, "before": before, "after": after},
    )
