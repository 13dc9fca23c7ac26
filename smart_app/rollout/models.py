"""Rows of rollouts and assignments. People are those of the roster, by their random ids."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import JSON, Date, ForeignKeyConstraint, Index, Integer, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from smart_app.db import Base, UtcDateTime
from smart_app.organizations.held import held


class Rollout(Base):
    """A plan to bring AI features to units, wave by wave."""

    __tablename__ = "rollouts"
    __table_args__ = (ForeignKeyConstraint(["organization"], ["organizations.organization"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    features: Mapped[list[str]] = mapped_column(JSON)
    """Slugs of AI features."""
    target: Mapped[int | None] = mapped_column(Integer)
    """The share of people, in percent, that leadership wants to have used a feature."""
    target_by: Mapped[date | None] = mapped_column(Date)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RolloutWave(Base):
    """A wave of a rollout: from one day to another."""

    __tablename__ = "rollout_waves"
    __table_args__ = (ForeignKeyConstraint(["organization", "rollout"], ["rollouts.organization", "rollouts.id"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    rollout: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    starts: Mapped[date] = mapped_column(Date)
    ends: Mapped[date] = mapped_column(Date)
    """The day by which its people have finished what is assigned to them."""


class RolloutUnit(Base):
    """A unit in a wave of a rollout; one wave each."""

    __tablename__ = "rollout_units"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization", "rollout", "wave"],
            ["rollout_waves.organization", "rollout_waves.rollout", "rollout_waves.number"],
        ),
        ForeignKeyConstraint(["organization", "unit"], ["units.organization", "units.id"]),
    )

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    rollout: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    unit: Mapped[str] = mapped_column(String(60), primary_key=True)
    wave: Mapped[int] = mapped_column(Integer)
    reach: Mapped[str | None] = mapped_column(String(160))
    """How its super-users are reached, for the huddle sheet: "teal badge, extension 4411"."""


class SuperUser(Base):
    """Somebody on the roster who helps colleagues in a rollout."""

    __tablename__ = "rollout_super_users"
    __table_args__ = (
        ForeignKeyConstraint(["organization", "rollout"], ["rollouts.organization", "rollouts.id"]),
        ForeignKeyConstraint(["organization", "person"], ["roster_people.organization", "roster_people.id"]),
    )

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    rollout: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    person: Mapped[UUID] = mapped_column(Uuid, primary_key=True)


class Assignment(Base):
    """A tutorial that roles, units or people are to finish by a day."""

    __tablename__ = "assignments"
    __table_args__ = (ForeignKeyConstraint(["organization"], ["organizations.organization"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    tutorial: Mapped[str] = mapped_column(String(60))
    roles: Mapped[list[str]] = mapped_column(JSON)
    """Job roles; with units given too, only these roles there. Empty: any."""
    units: Mapped[list[str]] = mapped_column(JSON)
    due: Mapped[date] = mapped_column(Date)
    rollout: Mapped[UUID | None] = mapped_column(Uuid)
    wave: Mapped[int | None] = mapped_column(Integer)
    made_by: Mapped[str] = mapped_column(String(120), info=held("Assignments that you made: {}."))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was withdrawn; None: it holds."""


class AssignedPerson(Base):
    """One person of an assignment, and whether it is finished: neither when it was opened nor for how long."""

    __tablename__ = "assigned_people"
    __table_args__ = (
        ForeignKeyConstraint(["organization", "assignment"], ["assignments.organization", "assignments.id"]),
        ForeignKeyConstraint(["organization", "person"], ["roster_people.organization", "roster_people.id"]),
        Index("ix_assigned_people_person", "organization", "person"),
    )

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    assignment: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    person: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    """open; finished; ended (the EHR's Task was cancelled or rejected)."""
    finished_on: Mapped[date | None] = mapped_column(Date)
    finished_in: Mapped[str | None] = mapped_column(String(10))
    """Preceptor, or EHR (its Task was ticked off there)."""
    version: Mapped[int | None] = mapped_column(Integer)
    """Of the tutorial, where it was finished in Preceptor."""


class AssignmentTask(Base):
    """The FHIR Task that tells one person's EHR of an assignment, and what is still to be written there."""

    __tablename__ = "assignment_tasks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization", "assignment", "person"],
            ["assigned_people.organization", "assigned_people.assignment", "assigned_people.person"],
        ),
        Index("ix_assignment_tasks_next_at", "organization", "registration", "next_at"),
    )

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    assignment: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    person: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    registration: Mapped[UUID] = mapped_column(Uuid)
    task: Mapped[str | None] = mapped_column(String(64))
    """Its logical id there; None: not written yet."""
    version: Mapped[str | None] = mapped_column(String(64))
    """The version that was seen last."""
    status: Mapped[str] = mapped_column(String(12))
    """What it should say there: requested, completed or cancelled."""
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it is to be written; None: it says there what it should."""
    tries: Mapped[int] = mapped_column(Integer)
    problem: Mapped[str | None] = mapped_column(String(60))
    """Why the last try failed: a word, never what the EHR said."""
    lease: Mapped[str | None] = mapped_column(String(32))
    """Who is writing it just now."""
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ListOpening(Base):
    """Somebody opened a list of names, and why. Everybody on it sees this in My record."""

    __tablename__ = "list_openings"
    __table_args__ = (
        ForeignKeyConstraint(["organization", "assignment"], ["assignments.organization", "assignments.id"]),
    )

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    assignment: Mapped[UUID] = mapped_column(Uuid)
    learner: Mapped[UUID] = mapped_column(Uuid, info=held("Lists of names that you opened, with your reason: {}."))
    """Who opened it."""
    kind: Mapped[str] = mapped_column(String(10))
    """page, or file (the transcript for a learning management system)."""
    reason: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ListedPerson(Base):
    """Somebody who was on an opened list."""

    __tablename__ = "listed_people"
    __table_args__ = (
        ForeignKeyConstraint(["organization", "opening"], ["list_openings.organization", "list_openings.id"]),
        Index("ix_listed_people_person", "organization", "person"),
    )

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    opening: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    person: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
