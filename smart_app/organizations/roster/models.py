"""Rows of the roster: who is staff here, by unit and role, launched or never. No name or number in the clear."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, Date, ForeignKeyConstraint, Index, LargeBinary, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from smart_app.db import Base, UtcDateTime
from smart_app.organizations.held import held


class Unit(Base):
    """A part of the organization: a ward, a clinic, an office."""

    __tablename__ = "units"
    __table_args__ = (ForeignKeyConstraint(["organization"], ["organizations.organization"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))


class RosterPerson(Base):
    """Somebody who is staff here."""

    __tablename__ = "roster_people"
    __table_args__ = (
        ForeignKeyConstraint(["organization", "unit"], ["units.organization", "units.id"]),
        Index("ix_roster_people_unit", "organization", "unit"),
    )

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    job_role: Mapped[str] = mapped_column(String(60))
    unit: Mapped[str] = mapped_column(String(60))
    is_leader: Mapped[bool] = mapped_column(Boolean)
    access: Mapped[str] = mapped_column(String(2000))
    """AI features accessible to this person: slugs in alphabetical order, with a blank between, so that SQL can
    count by it."""
    active_from: Mapped[date | None] = mapped_column(Date)
    active_to: Mapped[date | None] = mapped_column(Date)
    """The last day; None: no end is known."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What must be read back (:class:`~smart_app.organizations.roster.sealing.Sealed`), encrypted by the key ring.
    None: nothing that the organization turned on needs it."""
    source: Mapped[str] = mapped_column(String(10))
    """file, or EHR: what named the person last."""
    listed: Mapped[str | None] = mapped_column(String(120))
    """Of an EHR: the registration (hex), and after a stroke the Organization below which its list was read."""
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RosterIdentity(Base):
    """What a person on the roster is known by; hashed as :class:`~smart_app.organizations.models.LearnerIdentity`."""

    __tablename__ = "roster_identities"
    __table_args__ = (
        ForeignKeyConstraint(["organization", "person"], ["roster_people.organization", "roster_people.id"]),
        Index("ix_roster_identities_person", "organization", "person"),
    )

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    """staff (the organization's own number), or a kind of learner identity: npi, ehr_user, practitioner."""
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    person: Mapped[UUID] = mapped_column(Uuid)


class RosterUpload(Base):
    """A file between its dry run and its import: encrypted, gone after an hour."""

    __tablename__ = "roster_uploads"
    __table_args__ = (ForeignKeyConstraint(["organization"], ["organizations.organization"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner: Mapped[UUID] = mapped_column(
        Uuid, info=held("Staff lists that you brought and that wait, encrypted, for an hour at most: {}.")
    )
    """Who brought it: nobody else sees it."""
    cipher: Mapped[bytes] = mapped_column(LargeBinary)
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    """How to read it: :class:`~smart_app.organizations.roster.reading.Reading` as JSON."""
    until: Mapped[datetime] = mapped_column(UtcDateTime)
