"""Whether a learner was nudged lately is answered by the index: some come back to forty charts a shift."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index again, with the moment in it."""
    op.drop_index("ix_visits_learner", "visits")
    op.create_index("ix_visits_learner", "visits", ["organization", "learner", "nudged_at"])


def downgrade() -> None:
    """As it was."""
    op.drop_index("ix_visits_learner", "visits")
    op.create_index("ix_visits_learner", "visits", ["organization", "learner"])
