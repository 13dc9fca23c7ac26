"""The player's tables: progress, dismissals, preferences."""

import sqlalchemy as sa
from alembic import op

from smart_app.db import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _owner() -> tuple[sa.Column[object], sa.Column[object]]:
    return (sa.Column("organization", sa.Uuid, nullable=False), sa.Column("learner", sa.Uuid, nullable=False))


def _of_learner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization", "learner"],
        ["learners.organization", "learners.id"],
        name=op.f(f"fk_{table}_organization_learners"),
    )


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "progress",
        *_owner(),
        sa.Column("tutorial", sa.String(60), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("step", sa.String(20)),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("finished_at", UtcDateTime),
        sa.PrimaryKeyConstraint("organization", "learner", "tutorial", "version", name=op.f("pk_progress")),
        _of_learner("progress"),
    )
    op.create_table(
        "dismissals",
        *_owner(),
        sa.Column("tutorial", sa.String(60), nullable=False),
        sa.Column("dismissed_at", UtcDateTime, nullable=False),
        sa.Column("event", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("organization", "learner", "tutorial", name=op.f("pk_dismissals")),
        _of_learner("dismissals"),
    )
    op.create_table(
        "preferences",
        *_owner(),
        sa.Column("single_keys", sa.Boolean, nullable=False),
        sa.Column("role_question_put_off", sa.Uuid),
        sa.Column("no_role_fits", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("organization", "learner", name=op.f("pk_preferences")),
        _of_learner("preferences"),
    )


def downgrade() -> None:
    """Remove the tables."""
    for table in ("preferences", "dismissals", "progress"):
        op.drop_table(table)
