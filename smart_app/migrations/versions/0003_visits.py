"""Visits: one launch by one person in one context. Operational rows, purged after 30 days."""

import sqlalchemy as sa
from alembic import op

from smart_app.db import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "visits",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("learner", sa.Uuid, nullable=False),
        sa.Column("registration", sa.Uuid, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("job_roles", sa.JSON, nullable=False),
        sa.Column("role_titles", sa.JSON, nullable=False),
        sa.Column("role_declared", sa.Boolean, nullable=False),
        sa.Column("specialties", sa.JSON, nullable=False),
        sa.Column("task_open", sa.Boolean, nullable=False),
        sa.Column("task_codes", sa.JSON, nullable=False),
        sa.Column("frequent_task_codes", sa.JSON, nullable=False),
        sa.Column("intent", sa.String(100)),
        sa.Column("placement", sa.String(60)),
        sa.Column("encounter_class", sa.String(20)),
        sa.Column("standalone", sa.Boolean, nullable=False),
        sa.Column("missing", sa.JSON, nullable=False),
        sa.Column("choices", sa.JSON, nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("ended_by", sa.String(20)),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_visits")),
        sa.UniqueConstraint("id", name=op.f("uq_visits_id")),
        sa.ForeignKeyConstraint(
            ["organization", "learner"],
            ["learners.organization", "learners.id"],
            name=op.f("fk_visits_organization_learners"),
        ),
    )
    op.create_index(op.f("ix_visits_started_at"), "visits", ["started_at"])


def downgrade() -> None:
    """Remove the table."""
    op.drop_table("visits")
