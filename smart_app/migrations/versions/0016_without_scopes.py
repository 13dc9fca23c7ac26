"""Some EHRs refuse a launch that asks for a scope they do not know: what is not asked for stands with the EHR."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nothing is left out so far."""
    op.add_column("ehr_registrations", sa.Column("without_scopes", sa.JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("ehr_registrations", "without_scopes")
