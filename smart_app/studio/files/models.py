"""An archive that waits for a second person."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKeyConstraint, LargeBinary, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from smart_app.db import Base, UtcDateTime
from smart_app.organizations.held import held


class LibraryUpload(Base):
    """Files that somebody sent, and what became of them."""

    __tablename__ = "library_uploads"
    __table_args__ = (ForeignKeyConstraint(["organization"], ["organizations.organization"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner: Mapped[UUID] = mapped_column(Uuid, info=held("Library files that you sent for a second person: {}."))
    """Who sent them."""
    name: Mapped[str] = mapped_column(String(120))
    author: Mapped[str] = mapped_column(String(120))
    """Stands under each tutorial as who wrote it."""
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """The files that are ours, as a zip of our own making."""
    told: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the dry run said: lists of `published`, `retired`, `unchanged`, `notes`."""
    state: Mapped[str] = mapped_column(String(12))
    """waiting, published or put away."""
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(120))
    """Name of who published it."""
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    before: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """The library as it was, as a zip, from when this was published."""
