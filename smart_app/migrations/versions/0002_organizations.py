"""Tenants: organizations, their EHRs, launches under way and their reports, learners, job roles, permissions, audit."""

import sqlalchemy as sa
from alembic import op

from smart_app.db import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = (
    "audit",
    "permissions",
    "role_codes",
    "job_roles",
    "learner_matches",
    "learner_identities",
    "learners",
    "metadata_cache",
    "launch_reports",
    "launch_transactions",
    "ehr_registrations",
    "organizations",
)


def _table(name: str, key: tuple[str, ...], *columns: sa.schema.SchemaItem) -> None:
    tenant = sa.Column("organization", sa.Uuid, nullable=False)
    op.create_table(name, tenant, *columns, sa.PrimaryKeyConstraint("organization", *key, name=op.f(f"pk_{name}")))


def _refers(table: str, columns: list[str], other: str, theirs: list[str]) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{'_'.join(columns)}_{other}")
    return sa.ForeignKeyConstraint(columns, [f"{other}.{column}" for column in theirs], name=name)


def _of_organization(table: str) -> sa.ForeignKeyConstraint:
    return _refers(table, ["organization"], "organizations", ["organization"])


def _of_learner(table: str) -> sa.ForeignKeyConstraint:
    return _refers(table, ["organization", "learner"], "learners", ["organization", "id"])


def upgrade() -> None:
    """Add the tables."""
    _tenants()
    _launches()
    _learners()
    _roles()
    _administration()


def _tenants() -> None:
    _table(
        "organizations",
        (),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("name", name=op.f("uq_organizations_name")),
    )
    _table(
        "ehr_registrations",
        ("id",),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("iss", sa.String(500), nullable=False),
        sa.Column("iss_key", sa.String(500), nullable=False),
        sa.Column("client_id", sa.String(250), nullable=False),
        sa.Column("auth", sa.String(30), nullable=False),
        sa.Column("signing_algorithm", sa.String(10), nullable=False),
        sa.Column("client_secret", sa.LargeBinary),
        sa.Column("callback", sa.String(60), nullable=False),
        sa.Column("token_issuer", sa.String(500)),
        sa.Column("jwks_uri", sa.String(500)),
        sa.Column("scopes", sa.String(5), nullable=False),
        sa.Column("legacy_metadata", sa.Boolean, nullable=False),
        sa.Column("frame_ancestors", sa.JSON, nullable=False),
        sa.Column("extra_scopes", sa.JSON, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("id", name=op.f("uq_ehr_registrations_id")),
        sa.UniqueConstraint("iss_key", name=op.f("uq_ehr_registrations_iss_key")),
        _of_organization("ehr_registrations"),
    )


def _launches() -> None:
    _table(
        "launch_transactions",
        ("state_hash",),
        sa.Column("state_hash", sa.String(64), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("registration", sa.Uuid, nullable=False),
        sa.Column("placement", sa.String(60)),
        sa.Column("standalone", sa.Boolean, nullable=False),
        sa.Column("way_out", sa.Boolean, nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("steps", sa.JSON, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("state_hash", name=op.f("uq_launch_transactions_state_hash")),
    )
    op.create_index(op.f("ix_launch_transactions_expires_at"), "launch_transactions", ["expires_at"])
    _table(
        "launch_reports",
        ("reference",),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("registration", sa.Uuid),
        sa.Column("ehr_name", sa.String(120)),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("error", sa.String(80)),
        sa.Column("reason", sa.String(500)),
        sa.Column("steps", sa.JSON, nullable=False),
        sa.Column("missing", sa.JSON, nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("milliseconds", sa.Integer, nullable=False),
    )
    op.create_index(op.f("ix_launch_reports_reference"), "launch_reports", ["reference"])
    op.create_index(op.f("ix_launch_reports_started_at"), "launch_reports", ["started_at"])
    _table(
        "metadata_cache",
        ("registration", "url"),
        sa.Column("registration", sa.Uuid, nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("fetched_at", UtcDateTime, nullable=False),
    )


def _learners() -> None:
    _table(
        "learners",
        ("id",),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("declared_job_role", sa.String(60)),
        _of_organization("learners"),
    )
    _table(
        "learner_identities",
        ("kind", "hash"),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("learner", sa.Uuid, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        _of_learner("learner_identities"),
    )
    op.create_index("ix_learner_identities_learner", "learner_identities", ["organization", "learner"])
    _table(
        "learner_matches",
        ("learner", "other"),
        sa.Column("learner", sa.Uuid, nullable=False),
        sa.Column("other", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("found_at", UtcDateTime, nullable=False),
        sa.Column("decided_at", UtcDateTime),
    )


def _roles() -> None:
    _table(
        "job_roles",
        ("id",),
        sa.Column("id", sa.String(60), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        _of_organization("job_roles"),
    )
    _table(
        "role_codes",
        ("system", "code"),
        sa.Column("system", sa.String(250), nullable=False),
        sa.Column("code", sa.String(100), nullable=False),
        sa.Column("job_role", sa.String(60), nullable=False),
        sa.Column("display", sa.String(200), nullable=False),
        _refers("role_codes", ["organization", "job_role"], "job_roles", ["organization", "id"]),
    )


def _administration() -> None:
    _table(
        "permissions",
        ("learner", "permission"),
        sa.Column("learner", sa.Uuid, nullable=False),
        sa.Column("permission", sa.String(40), nullable=False),
        sa.Column("granted_by", sa.String(120), nullable=False),
        sa.Column("granted_at", UtcDateTime, nullable=False),
        _of_learner("permissions"),
    )
    _table(
        "audit",
        ("id",),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("action", sa.String(80), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Remove the tables."""
    for table in _TABLES:
        op.drop_table(table)
