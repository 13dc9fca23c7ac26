"""Each launch asks with whom a match was proposed, from either side of the pair."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_learner_matches_other", "learner_matches", ["organization", "other", "learner"])


def downgrade() -> None:
    """Remove it."""
    op.drop_index("ix_learner_matches_other", "learner_matches")
