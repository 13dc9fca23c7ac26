"""The second person: who may review a draft, send it back with a note, or publish it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from smart_app.library.publishing import (
    VersionTaken,
    add_sources,
    add_version,
    library_changed,
    lock_library,
)
from smart_app.library.tutorial_file import ParsedTutorial, parse
from smart_app.organizations.permissions import Permission
from smart_app.studio.tutorials.drafting import NoSuchDraft, NotReady, get_draft
from smart_app.studio.tutorials.fields import as_file, from_json
from smart_app.studio.tutorials.inviting import end_invitations, invitation_for
from smart_app.studio.tutorials.judging import judge
from smart_app.studio.tutorials.models import ReviewInvitation, TutorialDraft
from smart_app.studio.tutorials.people import actor_of, move
from smart_app.studio.tutorials.surroundings import surroundings
from smart_app.studio.tutorials.version_rules import Act, Actor
from smart_app.visits.view import VisitView


@dataclass(frozen=True)
class Reviewable:
    """A draft, and as what this visit sees it."""

    draft: TutorialDraft
    actor: Actor
    invitation: ReviewInvitation | None
    """Where the reviewer belongs to another organization."""


def get_reviewable(
    session: Session, *, visit: VisitView, held: Collection[Permission], draft: UUID, lock: bool = False
) -> Reviewable:
    """A draft of this organization, or of one that invited this learner for this very version; raises NoSuchDraft."""
    try:
        row = get_draft(session, organization=visit.organization, draft=draft, lock=lock)
        return Reviewable(row, actor_of(visit, held), None)
    except NoSuchDraft:
        invitation = invitation_for(session, visit=visit, draft=draft)
        if invitation is None or Permission.REVIEWER not in held:
            raise
        row = get_draft(session, organization=invitation.organization, draft=draft, lock=lock)
        # A trainer at home is none here: the invitation gives the review of one version and nothing else.
        return Reviewable(row, Actor(visit.learner.hex, False, True), invitation)


def send_back(
    session: Session, *, visit: VisitView, held: Collection[Permission], draft: UUID, note: str
) -> TutorialDraft:
    """To the authors, with what is to be mended. Raises NotReady, NotPossible, NotYours, NoSuchDraft."""
    found = get_reviewable(session, visit=visit, held=held, draft=draft, lock=True)
    if not note:
        raise NotReady("Say what is to be mended: the author reads it beside the text.")
    move(session, found.draft, Act.SEND_BACK, actor=found.actor, **_from_where(visit, found))
    found.draft.note = note[:1000]
    session.flush()
    return found.draft


def publish(
    session: Session, *, visit: VisitView, held: Collection[Permission], draft: UUID, revision: int, name: str
) -> TutorialDraft:
    """Put it before the clinicians, signed by the reviewer's name. What was read is what is published.

    Raises NotReady, NotPossible, NotYours, NoSuchDraft.
    """
    found = get_reviewable(session, visit=visit, held=held, draft=draft)
    library = lock_library(session, organization=found.draft.organization)
    found = get_reviewable(session, visit=visit, held=held, draft=draft, lock=True)
    row, now = found.draft, datetime.now(UTC)
    if row.revision != revision:
        raise NotReady("It was changed since you opened this page. Read it once more.")
    if not name or _same(name, row.signed or ""):
        raise NotReady("Write your own name, as colleagues know it: readers see who reviewed it.")
    parsed = _checked(session, row)
    move(session, row, Act.PUBLISH, actor=found.actor, **_from_where(visit, found))
    fields = from_json(row.fields)
    add_sources(session, organization=row.organization, sources=[vars(source) for source in fields.sources])
    try:
        add_version(
            session,
            organization=row.organization,
            parsed=parsed,
            slots={slot: fields.slots[slot] for slot in fields.slot_texts()},
            people=(row.signed or "", _signature(name, visit, found)),
            in_progress=fields.in_progress if row.version > 1 else None,
            now=now,
        )
    except VersionTaken as error:
        raise NotReady(
            "Another version was published since. Its author takes this one back and begins anew."
        ) from error
    end_invitations(session, row, now)
    library_changed(session, library)
    return row


def _checked(session: Session, row: TutorialDraft) -> ParsedTutorial:
    """The file that is published; every rule is asked once more, since the registry may have changed."""
    fields = from_json(row.fields)
    around = surroundings(session, organization=row.organization)
    judged = judge(fields, tutorial=row.tutorial, version=row.version, around=around)
    if judged.problems:
        raise NotReady(f"{judged.problems[0].words} Send it back, so that the author mends it.")
    file = as_file(fields, tutorial=row.tutorial, version=row.version, status="published")
    parsed = parse(file.text, name=f"{row.tutorial}.md")
    if not isinstance(parsed, ParsedTutorial):
        raise NotReady(f"{parsed[0].wrong} {parsed[0].mend}")
    return parsed


def _signature(name: str, visit: VisitView, found: Reviewable) -> str:
    return f"{name}, {visit.organization_name}"[:120] if found.invitation else name


def _from_where(visit: VisitView, found: Reviewable) -> dict[str, str]:
    """For the audit: who came in by invitation."""
    if found.invitation is None:
        return {}
    return {"invitation": found.invitation.id.hex, "reviewer_organization": visit.organization.hex}


def _same(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())
