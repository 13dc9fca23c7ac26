"""The player in full: nudges, tasks named by the learner, tutorials put off for a shift, how pages look."""

import sqlalchemy as sa
from alembic import op

from smart_app.db import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the columns."""
    op.create_table(
        "pauses",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("learner", sa.Uuid, nullable=False),
        sa.Column("tutorial", sa.String(60), nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("organization", "learner", "tutorial", name=op.f("pk_pauses")),
        sa.ForeignKeyConstraint(
            ["organization", "learner"],
            ["learners.organization", "learners.id"],
            name=op.f("fk_pauses_organization_learners"),
        ),
    )
    # The defaults are for the rows that are there; new ones always say what they are.
    op.add_column("preferences", sa.Column("colours", sa.String(6), nullable=False, server_default="system"))
    op.add_column("preferences", sa.Column("welcomed", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("progress", sa.Column("feature_version", sa.String(40)))
    op.add_column("visits", sa.Column("nudged_at", UtcDateTime))
    op.add_column("visits", sa.Column("asked", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("visits", sa.Column("task_said", sa.String(300)))
    op.create_index("ix_visits_learner", "visits", ["organization", "learner"])


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_visits_learner", "visits")
    op.drop_column("visits", "task_said")
    op.drop_column("visits", "asked")
    op.drop_column("visits", "nudged_at")
    op.drop_column("progress", "feature_version")
    op.drop_column("preferences", "welcomed")
    op.drop_column("preferences", "colours")
    op.drop_table("pauses")
