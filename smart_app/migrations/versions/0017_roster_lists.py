"""Which list of which EHR somebody on the roster stands on: one that is read whole takes out its own people alone."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("roster_people", sa.Column("listed", sa.String(120)))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("roster_people", "listed")
