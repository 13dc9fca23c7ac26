"""The studio's own rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKeyConstraint, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from smart_app.db import Base, UtcDateTime
from smart_app.organizations.held import held


class UndoStep(Base):
    """What takes one act back, for whoever did it, until the time is over."""

    __tablename__ = "undo_steps"
    __table_args__ = (ForeignKeyConstraint(["organization"], ["organizations.organization"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner: Mapped[UUID] = mapped_column(Uuid, info=held("Acts in the studio that you could take back for a day: {}."))
    kind: Mapped[str] = mapped_column(String(60))
    """Which undoer reads the payload."""
    words: Mapped[str] = mapped_column(String(300))
    """The act as the page tells it: "EHR Lakeside removed"."""
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
