"""Rows of a tenant. Learners are random ids: no name, no identifier in the clear."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, ForeignKeyConstraint, Index, LargeBinary, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from smart_app.db import Base, UtcDateTime
from smart_app.organizations.held import held


class Organization(Base):
    """A tenant."""

    __tablename__ = "organizations"

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EhrRegistration(Base):
    """One EHR as this app is registered there."""

    __tablename__ = "ehr_registrations"
    __table_args__ = (ForeignKeyConstraint(["organization"], ["organizations.organization"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, unique=True)
    name: Mapped[str] = mapped_column(String(120))
    iss: Mapped[str] = mapped_column(String(500))
    """Exactly as the EHR writes it."""
    iss_key: Mapped[str] = mapped_column(String(500), unique=True)
    """`iss` after :func:`launch.discovery.normalise_iss`: what a launch is looked up by."""
    client_id: Mapped[str] = mapped_column(String(250))
    auth: Mapped[str] = mapped_column(String(30))
    signing_algorithm: Mapped[str] = mapped_column(String(10))
    client_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Encrypted by the key ring."""
    earlier_client_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The one before, encrypted too: tried where the EHR refuses the new one, until an analyst drops it."""
    callback: Mapped[str] = mapped_column(String(60))
    token_issuer: Mapped[str | None] = mapped_column(String(500))
    jwks_uri: Mapped[str | None] = mapped_column(String(500))
    scopes: Mapped[str] = mapped_column(String(5))
    legacy_metadata: Mapped[bool] = mapped_column(Boolean)
    frame_ancestors: Mapped[list[str]] = mapped_column(JSON)
    extra_scopes: Mapped[list[str]] = mapped_column(JSON)
    without_scopes: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    """Resource types whose scopes are not asked for."""
    style_origins: Mapped[list[str]] = mapped_column(JSON, default=list)
    stage: Mapped[str] = mapped_column(String(12), default="production")
    """test or production: whether real people are behind this EHR."""
    backend_client_id: Mapped[str | None] = mapped_column(String(250))
    """Client id of Backend Services; None: nothing is asked for there where nobody launched."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LaunchTransactionRow(Base):
    """A launch under way, until its callback takes it out. Holds hashes only."""

    __tablename__ = "launch_transactions"

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True, unique=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    registration: Mapped[UUID] = mapped_column(Uuid)
    placement: Mapped[str | None] = mapped_column(String(60))
    standalone: Mapped[bool] = mapped_column(Boolean)
    way_out: Mapped[bool] = mapped_column(Boolean)
    reference: Mapped[str] = mapped_column(String(20))
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class LaunchReportRow(Base):
    """What happened in a launch. Launches from unknown issuers are kept together, under the nil organization."""

    __tablename__ = "launch_reports"

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), primary_key=True, index=True)
    registration: Mapped[UUID | None] = mapped_column(Uuid)
    ehr_name: Mapped[str | None] = mapped_column(String(120))
    outcome: Mapped[str] = mapped_column(String(20))
    error: Mapped[str | None] = mapped_column(String(80))
    reason: Mapped[str | None] = mapped_column(String(500))
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    missing: Mapped[list[str]] = mapped_column(JSON)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    milliseconds: Mapped[int]


class MetadataRow(Base):
    """A document fetched from an EHR (discovery, JWKS), shared by the workers."""

    __tablename__ = "metadata_cache"

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    registration: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    url: Mapped[str] = mapped_column(String(500), primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    fetched_at: Mapped[datetime] = mapped_column(UtcDateTime)


class KeptTokenRow(Base):
    """An access token that an enabled feature needs after the launch. Gone with its visit."""

    __tablename__ = "kept_tokens"

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True, unique=True)
    """The handle: the key of the visit, hex."""
    registration: Mapped[UUID] = mapped_column(Uuid)
    version: Mapped[int]
    cipher: Mapped[bytes] = mapped_column(LargeBinary)
    """Access token, refresh token and scopes as JSON, encrypted by the key ring."""
    obtained_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Learner(Base):
    """A person at an organization."""

    __tablename__ = "learners"
    __table_args__ = (ForeignKeyConstraint(["organization"], ["organizations.organization"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    declared_job_role: Mapped[str | None] = mapped_column(String(60))
    """What the learner said where the EHR is silent: for teaching only, never a permission."""


class LearnerIdentity(Base):
    """What a learner is known by, as keyed hashes."""

    __tablename__ = "learner_identities"
    __table_args__ = (
        ForeignKeyConstraint(["organization", "learner"], ["learners.organization", "learners.id"]),
        Index("ix_learner_identities_learner", "organization", "learner"),
    )

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    learner: Mapped[UUID] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LearnerMatch(Base):
    """Two learners who may be one person (say, in two EHRs): joined only when a trainer confirms it."""

    __tablename__ = "learner_matches"
    __table_args__ = (Index("ix_learner_matches_other", "organization", "other", "learner"),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    other: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision: Mapped[str | None] = mapped_column(String(10))
    """confirmed or refused."""
    decided_by: Mapped[str | None] = mapped_column(String(120), info=held("Pairs of sign-ins that you decided on: {}."))
    moved: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What a confirmation gave to the one who stays, so that it can go back."""


class JobRole(Base):
    """A job role of the organization."""

    __tablename__ = "job_roles"
    __table_args__ = (ForeignKeyConstraint(["organization"], ["organizations.organization"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    position: Mapped[int]


class RoleCode(Base):
    """A code of an EHR that means a job role here."""

    __tablename__ = "role_codes"
    __table_args__ = (ForeignKeyConstraint(["organization", "job_role"], ["job_roles.organization", "job_roles.id"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    system: Mapped[str] = mapped_column(String(250), primary_key=True)
    code: Mapped[str] = mapped_column(String(100), primary_key=True)
    job_role: Mapped[str] = mapped_column(String(60))
    display: Mapped[str] = mapped_column(String(200))


class Permission(Base):
    """What a learner may do here. Granted, never declared and never derived from a job role."""

    __tablename__ = "permissions"
    __table_args__ = (ForeignKeyConstraint(["organization", "learner"], ["learners.organization", "learners.id"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    permission: Mapped[str] = mapped_column(String(40), primary_key=True)
    granted_by: Mapped[str] = mapped_column(String(120), info=held("Permissions that you gave: {}."))
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    named_as: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The identity that the person was named by, say "npi 1234567893"; encrypted by the key ring."""


class AwaitedPermission(Base):
    """Granted to somebody who was never here: theirs when this identity is first seen."""

    __tablename__ = "awaited_permissions"
    __table_args__ = (ForeignKeyConstraint(["organization"], ["organizations.organization"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """As in :class:`LearnerIdentity`."""
    permission: Mapped[str] = mapped_column(String(40), primary_key=True)
    named_as: Mapped[bytes] = mapped_column(LargeBinary)
    granted_by: Mapped[str] = mapped_column(
        String(120), info=held("Permissions that you gave to people who have not come yet: {}.")
    )
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PermissionCode(Base):
    """A code of an EHR that gives a permission here, for as long as a visit lasts that came with it."""

    __tablename__ = "permission_codes"
    __table_args__ = (ForeignKeyConstraint(["organization"], ["organizations.organization"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    system: Mapped[str] = mapped_column(String(250), primary_key=True)
    code: Mapped[str] = mapped_column(String(100), primary_key=True)
    permission: Mapped[str] = mapped_column(String(40), primary_key=True)


class OrganizationSetting(Base):
    """What an organization decided; what it did not decide stands in :mod:`smart_app.organizations.settings`."""

    __tablename__ = "organization_settings"
    __table_args__ = (ForeignKeyConstraint(["organization"], ["organizations.organization"]),)

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)


class AuditEntry(Base):
    """An act of administration, written in the same transaction as the change."""

    __tablename__ = "audit"

    organization: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(
        String(120), info=held("Acts of yours in the audit of your organization: {}. They stay.")
    )
    action: Mapped[str] = mapped_column(String(80))
    details: Mapped[dict[str, Any]] = mapped_column(
        JSON, info=held("Acts in that audit that name you, for example a permission given to you: {}. They stay.")
    )
