"""The ledger's three tables: :func:`smart_app.ledger.recording.record` inserts, triggers refuse all else.

SQLite's tables have no rowid, and `learner_keys` has no time: both would tell at which
moment of its day a row came in of which only the day is kept.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, Integer, LargeBinary, SmallInteger, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from smart_app.db import Base, UtcDateTime

SCHEMA_VERSION = 1


class UsageEventRow(Base):
    """One event, as it was recorded. On PostgreSQL partitioned by month of `recorded_at` (see the migration)."""

    __tablename__ = "usage_events"
    __table_args__ = (
        Index("ix_usage_events_learner", "organization", "learner", "recorded_at"),
        {"sqlite_with_rowid": False},
    )

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner: Mapped[UUID] = mapped_column(Uuid)
    type: Mapped[str] = mapped_column(String(40))
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    mode: Mapped[str] = mapped_column(String(10))
    ehr: Mapped[str | None] = mapped_column(String(200))
    job_role: Mapped[str | None] = mapped_column(String(200))
    context: Mapped[dict[str, Any]] = mapped_column(JSON)
    object_type: Mapped[str | None] = mapped_column(String(200))
    object_id: Mapped[str | None] = mapped_column(String(200))
    object_version: Mapped[str | None] = mapped_column(String(200))
    step: Mapped[str | None] = mapped_column(String(200))
    seconds: Mapped[int | None] = mapped_column(Integer)
    quantity: Mapped[int | None] = mapped_column(Integer)
    reasons: Mapped[list[str]] = mapped_column(JSON)
    grade: Mapped[str | None] = mapped_column(String(10))
    strength: Mapped[str | None] = mapped_column(String(10))
    source_reference: Mapped[bytes | None] = mapped_column(LargeBinary)
    points_at: Mapped[UUID | None] = mapped_column(Uuid)
    schema_version: Mapped[int] = mapped_column(SmallInteger)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    """Its place in the organization's sealed order; empty until sealed, then fixed."""


class UsageKeyRow(Base):
    """A sender's key and what was first recorded under it. Never partitioned: the key is unique across all months."""

    __tablename__ = "usage_keys"
    __table_args__ = ({"sqlite_with_rowid": False},)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of the sender's key: as it is, it would name the visit and with it the hour of a day-only event."""
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    """Keyed hash over the sender's content."""
    event_id: Mapped[UUID] = mapped_column(Uuid)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LearnerKeyRow(Base):
    """The random key under which a learner's leaves are hashed, encrypted; destroyed when the learner is forgotten."""

    __tablename__ = "learner_keys"
    __table_args__ = ({"sqlite_with_rowid": False},)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    encrypted_key: Mapped[bytes] = mapped_column(LargeBinary)
