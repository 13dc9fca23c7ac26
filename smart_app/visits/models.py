"""The visit's row: codes only. Operational, not usage: purged after 30 days."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, Date, ForeignKeyConstraint, Index, LargeBinary, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from smart_app.db import Base, UtcDateTime


class Visit(Base):
    """One launch by one person in one context. No patient, no name, no Task: what it was about, in codes."""

    __tablename__ = "visits"
    __table_args__ = (
        ForeignKeyConstraint(["organization", "learner"], ["learners.organization", "learners.id"]),
        Index("ix_visits_learner", "organization", "learner", "nudged_at"),
        Index("ix_visits_reference", "organization", "reference"),
    )

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, unique=True)
    learner: Mapped[UUID] = mapped_column(Uuid)
    registration: Mapped[UUID] = mapped_column(Uuid)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    """SHA-256 of the cookie's secret (256 random bits, so a plain hash does)."""
    reference: Mapped[str] = mapped_column(String(20))
    """Of the launch report."""
    job_roles: Mapped[list[str]] = mapped_column(JSON)
    role_titles: Mapped[list[str]] = mapped_column(JSON)
    role_declared: Mapped[bool] = mapped_column(Boolean)
    specialties: Mapped[list[str]] = mapped_column(JSON)
    task_open: Mapped[bool] = mapped_column(Boolean)
    task_codes: Mapped[list[str]] = mapped_column(JSON)
    frequent_task_codes: Mapped[list[str]] = mapped_column(JSON)
    intent: Mapped[str | None] = mapped_column(String(100))
    placement: Mapped[str | None] = mapped_column(String(60))
    encounter_class: Mapped[str | None] = mapped_column(String(20))
    standalone: Mapped[bool] = mapped_column(Boolean)
    missing: Mapped[list[str]] = mapped_column(JSON)
    """What the EHR did not say, and the fallback taken: for "why did it show?"."""
    choices: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Each {tutorial, version, reasons: [{kind, text}]}; made once, at the launch."""
    style: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    """Custom properties of the EHR's style that the pages may wear; None: our own."""
    task_said: Mapped[str | None] = mapped_column(String(300))
    """Code of the task that the learner named instead, or NO_TASK; None: what the EHR says holds."""
    nudged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When this visit put a tutorial first unasked; None: it did not."""
    asked: Mapped[bool] = mapped_column(Boolean, default=False)
    """The learner asked for a tutorial to be put first."""
    asserted: Mapped[list[list[str]] | None] = mapped_column(JSON(none_as_null=True))
    """Permissions that the EHR's role codes gave at the launch: each [permission, system, code]."""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(20))
    """sign-out, another learner, too many."""


class CodesSeen(Base):
    """Codes that some person came with: what EHRs here say of staff. Nothing of a patient, nothing of who."""

    __tablename__ = "codes_seen"

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """Digest of `facts`: people with the same codes share a row."""
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    """{"roles": [{"codes": [[system, code]], "specialties": [...]}], "qualifications": [...]}."""


class LearnerCodes(Base):
    """The codes that a learner came with last, at each EHR. The day alone."""

    __tablename__ = "learner_codes"
    __table_args__ = (
        ForeignKeyConstraint(["organization", "learner"], ["learners.organization", "learners.id"]),
        Index("ix_learner_codes_codes", "organization", "codes"),
    )

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    registration: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    codes: Mapped[str] = mapped_column(String(32))
    seen_on: Mapped[date] = mapped_column(Date)
