"""Rows of the player: the place kept in a tutorial, what was put away, and how the page should behave."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, ForeignKeyConstraint, Integer, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from smart_app.db import Base, UtcDateTime

SYSTEM = "system"
COLOURS = (SYSTEM, "light", "dark")
"""As the workstation says, or as the reader says."""


class Progress(Base):
    """Where a learner is in one version of a tutorial. Begins when it is opened."""

    __tablename__ = "progress"
    __table_args__ = (ForeignKeyConstraint(["organization", "learner"], ["learners.organization", "learners.id"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    tutorial: Mapped[str] = mapped_column(String(60), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    step: Mapped[str | None] = mapped_column(String(20))
    """Slug of the furthest part reached; None while only the card was seen."""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    feature_version: Mapped[str | None] = mapped_column(String(40))
    """Version of the AI feature when it was finished last: when that changes, what changed comes first."""


class Dismissal(Base):
    """A tutorial that a learner put away, until it is shown again by the learner."""

    __tablename__ = "dismissals"
    __table_args__ = (ForeignKeyConstraint(["organization", "learner"], ["learners.organization", "learners.id"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    tutorial: Mapped[str] = mapped_column(String(60), primary_key=True)
    dismissed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    event: Mapped[UUID] = mapped_column(Uuid)
    """The usage event that says so; showing it again points there."""


class Pause(Base):
    """A tutorial that a learner does not want in this shift. No usage: it says nothing of what was done."""

    __tablename__ = "pauses"
    __table_args__ = (ForeignKeyConstraint(["organization", "learner"], ["learners.organization", "learners.id"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    tutorial: Mapped[str] = mapped_column(String(60), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class Preference(Base):
    """How the page behaves for a learner; no row means the defaults."""

    __tablename__ = "preferences"
    __table_args__ = (ForeignKeyConstraint(["organization", "learner"], ["learners.organization", "learners.id"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    single_keys: Mapped[bool] = mapped_column(Boolean, default=True)
    """V and Esc. WCAG 2.1.4 asks for a way to turn them off."""
    role_question_put_off: Mapped[UUID | None] = mapped_column(Uuid)
    """The visit in which the learner answered "Ask me next time"."""
    no_role_fits: Mapped[bool] = mapped_column(Boolean, default=False)
    """The learner answered "None of these": tutorials for everyone, and the question is not asked again."""
    colours: Mapped[str] = mapped_column(String(6), default=SYSTEM)
    """system, light or dark."""
    welcomed: Mapped[bool] = mapped_column(Boolean, default=False)
    """Was told once what this is, what is kept and who sees it."""
