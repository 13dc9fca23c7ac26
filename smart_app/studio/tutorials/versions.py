"""What the pages read of versions and drafts: one tutorial's versions, what waits for review, draft beside live."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.models import TutorialVersionRow
from smart_app.library.publishing import newest_version
from smart_app.library.reading import AiFeature, NoSuchAiFeature, get_ai_feature
from smart_app.organizations.models import Organization
from smart_app.studio.tutorials.differing import Row, compare
from smart_app.studio.tutorials.drafting import fields_of_version
from smart_app.studio.tutorials.fields import DraftFields, from_json
from smart_app.studio.tutorials.inviting import invited_drafts
from smart_app.studio.tutorials.models import ReviewInvitation, TutorialDraft
from smart_app.studio.tutorials.version_rules import State
from smart_app.visits.view import VisitView


def versions_of(session: Session, *, organization: UUID, tutorial: str) -> list[TutorialVersionRow]:
    """Published ones and retired ones, newest first."""
    row = TutorialVersionRow
    mine = select(row).where(row.organization == organization, row.tutorial == tutorial, row.status != "draft")
    return list(session.scalars(mine.order_by(row.version.desc())))


def feature_of(session: Session, row: TutorialVersionRow) -> AiFeature | None:
    """The AI feature that a version teaches, as the registry has it now."""
    try:
        return get_ai_feature(session, organization=row.organization, feature=row.front_matter["ai_feature"])
    except NoSuchAiFeature:
        return None


def waiting_drafts(session: Session, *, organization: UUID) -> list[TutorialDraft]:
    """Those in review here, in the order in which they were sent."""
    row = TutorialDraft
    waiting = select(row).where(row.organization == organization, row.state == State.IN_REVIEW.value)
    return list(session.scalars(waiting.order_by(row.sent_at)))


def waiting_by_invitation(session: Session, *, visit: VisitView) -> list[tuple[TutorialDraft, ReviewInvitation, str]]:
    """Those in review elsewhere that this learner was invited to, each with the organization's name."""
    return [
        (draft, invitation, home_of(session, draft))
        for draft, invitation in invited_drafts(session, visit=visit)
        if draft.state == State.IN_REVIEW
    ]


def home_of(session: Session, draft: TutorialDraft) -> str:
    """Name of the organization that a draft belongs to."""
    return session.get_one(Organization, draft.organization).name


def beside_live(session: Session, draft: TutorialDraft) -> tuple[Row, ...]:
    """The draft against what is live; against nothing where it is the first."""
    newest = newest_version(session, organization=draft.organization, tutorial=draft.tutorial)
    live = session.get(TutorialVersionRow, (draft.organization, draft.tutorial, newest))
    before = fields_of_version(session, live) if live else DraftFields()
    return compare(before, from_json(draft.fields))
