"""A client secret is rotated: the one before it stays until the EHR has taken the new one."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("ehr_registrations", sa.Column("earlier_client_secret", sa.LargeBinary))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("ehr_registrations", "earlier_client_secret")
