"""What the ledger holds, for those whom it is about."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.ledger.models import UsageEventRow


def events_of_learner(
    session: Session, *, organization: UUID, learner: UUID, before: datetime | None = None, limit: int = 100
) -> list[UsageEventRow]:
    """All that is recorded of a learner, newest first; `before`: only what was recorded earlier than that moment."""
    rows = select(UsageEventRow).filter_by(organization=organization, learner=learner)
    if before is not None:
        rows = rows.where(UsageEventRow.recorded_at < before)
    newest = rows.order_by(UsageEventRow.recorded_at.desc(), UsageEventRow.event_id.desc()).limit(limit)
    return list(session.scalars(newest))
