"""Rows of tutorials that are being written and reviewed. What is published stands in the library's own."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from smart_app.db import Base, UtcDateTime
from smart_app.organizations.held import held


class TutorialDraft(Base):
    """The next version of a tutorial while it is written and reviewed. At most one of a tutorial is open."""

    __tablename__ = "tutorial_drafts"
    # ix_tutorial_drafts_open, which holds "at most one", stands in the migration alone: an index with a
    # condition of PostgreSQL's would load its dialect in every server that speaks to SQLite.
    __table_args__ = (sa.ForeignKeyConstraint(["organization"], ["organizations.organization"]),)

    organization: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True, unique=True)
    tutorial: Mapped[str] = mapped_column(sa.String(60))
    version: Mapped[int]
    """The number that it will have."""
    state: Mapped[str] = mapped_column(sa.String(12))
    revision: Mapped[int]
    """Rises with every save: two editors at once are told apart by it."""
    fields: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    """:class:`smart_app.studio.tutorials.fields.DraftFields` as JSON."""
    authors: Mapped[list[str]] = mapped_column(
        sa.JSON,
        info=held("Versions of tutorials that you wrote in: {}. A published one names its author as it was signed."),
    )
    """Learners (hex) who wrote in it: none of them reviews it."""
    signed: Mapped[str | None] = mapped_column(sa.String(120))
    """The author's name as sent for review; people have no names here otherwise."""
    editor: Mapped[str] = mapped_column(sa.String(32))
    """Which open page saved last: a page is never in conflict with itself."""
    note: Mapped[str | None] = mapped_column(sa.String(1000))
    """What the reviewer asked for when it came back."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    saved_by: Mapped[UUID] = mapped_column(sa.Uuid)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DraftConflict(Base):
    """A text that could not be saved because somebody else had saved before: kept until its writer has decided."""

    __tablename__ = "draft_conflicts"
    __table_args__ = (
        sa.ForeignKeyConstraint(["organization", "draft"], ["tutorial_drafts.organization", "tutorial_drafts.id"]),
    )

    organization: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    draft: Mapped[UUID] = mapped_column(sa.Uuid)
    learner: Mapped[UUID] = mapped_column(
        sa.Uuid, info=held("Texts of yours that could not be saved because a colleague had saved before: {}.")
    )
    fields: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReviewInvitation(Base):
    """A reviewer of another organization, for one version, for 14 days. The code is told once and kept as a hash."""

    __tablename__ = "review_invitations"
    __table_args__ = (
        sa.ForeignKeyConstraint(["organization", "draft"], ["tutorial_drafts.organization", "tutorial_drafts.id"]),
    )

    organization: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    draft: Mapped[UUID] = mapped_column(sa.Uuid)
    version: Mapped[int]
    code_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    """Whom the trainer invited, as the trainer calls the person."""
    invited_by: Mapped[UUID] = mapped_column(
        sa.Uuid, info=held("Reviewers of another organization whom you invited: {}.")
    )
    invited_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    reviewer_organization: Mapped[UUID | None] = mapped_column(sa.Uuid, index=True)
    reviewer: Mapped[UUID | None] = mapped_column(
        sa.Uuid,
        info=held(
            "Reviews at another organization that you were invited to: {}.", organization="reviewer_organization"
        ),
    )
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
