"""Rows of the library. Every key leads with the organization."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from smart_app.db import Base, UtcDateTime
from smart_app.organizations.held import held


class LibraryRow(Base):
    """One a organization: `revision` rises with every change, and names what a process has cached."""

    __tablename__ = "libraries"

    organization: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    revision: Mapped[int]
    sensitive: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    """{"organization": bool, "job_roles": [...]}: whose work leaves the day alone."""


class TutorialVersionRow(Base):
    """A version of a tutorial. Once published its source never changes."""

    __tablename__ = "tutorial_versions"

    organization: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    tutorial: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(sa.String(12))
    """draft, published or retired."""
    source: Mapped[str] = mapped_column(sa.Text)
    """The file, character for character."""
    front_matter: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    rendered: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    """Parts as sanitized HTML and checks as text, with the local slots filled."""
    author: Mapped[str] = mapped_column(sa.String(120))
    reviewer: Mapped[str | None] = mapped_column(sa.String(120))
    """Who published it; never the author."""
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    feature_version: Mapped[str | None] = mapped_column(sa.String(40))
    """Version of the AI feature that it was published for, or found right for since; None: not known."""
    in_progress: Mapped[str | None] = mapped_column(sa.String(8))
    """What it does with people in the middle of an earlier one: finish, keep or restart; None: restart."""


class LibraryFileRow(Base):
    """A file of the library that is no tutorial (drill, sources, AI features), kept for export."""

    __tablename__ = "library_files"

    organization: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    source: Mapped[str] = mapped_column(sa.Text)


class AiFeatureRow(Base):
    """A feature of the EHR or a vendor that staff may use here."""

    __tablename__ = "ai_features"

    organization: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    id: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[str] = mapped_column(sa.String(40))
    status: Mapped[str] = mapped_column(sa.String(8))
    """pilot, live or paused."""
    launch_link: Mapped[str | None] = mapped_column(sa.String(500))
    sensitive: Mapped[bool]
    model_card: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    """What the organization and the vendor state of it; null where nobody has yet."""
    what_changed: Mapped[str | None] = mapped_column(sa.String(300))
    """In its present version, for those who learned it on an earlier one."""
    vendor: Mapped[str | None] = mapped_column(sa.String(120))
    available_roles: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    """Job roles that have it; empty: nobody has said."""
    available_units: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    available_since: Mapped[date | None] = mapped_column(sa.Date)
    states: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    """Where it is used, for the site rules: "IL"."""
    policy_link: Mapped[str | None] = mapped_column(sa.String(500))
    verify_card: Mapped[list[dict[str, str]]] = mapped_column(sa.JSON, default=list)
    """At most three {"action": ..., "text": ...}; empty: that of its tutorials."""
    evidence_rule: Mapped[dict[str, str] | None] = mapped_column(sa.JSON(none_as_null=True))
    """{"search": ..., "condition": ...} (:mod:`smart_app.library.evidence_rule`)."""


class LocalSlotRow(Base):
    """What this organization put into a `{local: ...}` slot."""

    __tablename__ = "local_slots"

    organization: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    tutorial: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    slot: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(300))


class TargetOverrideRow(Base):
    """Who sees a tutorial at this organization, instead of what its file says."""

    __tablename__ = "target_overrides"

    organization: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    tutorial: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    roles: Mapped[list[str]] = mapped_column(sa.JSON)
    targets: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    """As the front matter's `targets`, with dates as text."""
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(sa.String(120), info=held("Tutorials whose audience you set: {}."))


class LaunchHostRow(Base):
    """A host on which the organization opens AI features."""

    __tablename__ = "launch_hosts"

    organization: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    host: Mapped[str] = mapped_column(sa.String(253), primary_key=True)
    added_by: Mapped[str] = mapped_column(sa.String(120), info=held("Hosts of AI features that you added: {}."))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PictureRow(Base):
    """A picture that parts may show, by its name. Made anew from what was given; it never changes."""

    __tablename__ = "pictures"

    organization: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    """As the Markdown names it: "handoff-tab.png"."""
    kind: Mapped[str] = mapped_column(sa.String(12))
    """image/png, image/jpeg or image/webp."""
    alt: Mapped[str] = mapped_column(sa.String(200))
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
    added_by: Mapped[str] = mapped_column(sa.String(120), info=held("Pictures that you added: {}."))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """No longer offered for new text; versions that show it still do."""
