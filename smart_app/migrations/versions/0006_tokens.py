"""Tokens that outlive their launch; an EHR's style; whether a registration is for test or for production."""

import sqlalchemy as sa
from alembic import op

from smart_app.db import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the columns."""
    op.create_table(
        "kept_tokens",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("registration", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("cipher", sa.LargeBinary, nullable=False),
        sa.Column("obtained_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.Column("lease_owner", sa.String(64)),
        sa.Column("lease_until", UtcDateTime),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_kept_tokens")),
        sa.UniqueConstraint("id", name=op.f("uq_kept_tokens_id")),
    )
    op.create_index(op.f("ix_kept_tokens_ends_at"), "kept_tokens", ["ends_at"])
    # The defaults are for the rows that are there; new ones always say what they are.
    op.add_column("ehr_registrations", sa.Column("style_origins", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("ehr_registrations", sa.Column("stage", sa.String(12), nullable=False, server_default="production"))
    op.add_column("visits", sa.Column("style", sa.JSON))


def downgrade() -> None:
    """Remove them."""
    op.drop_column("visits", "style")
    op.drop_column("ehr_registrations", "stage")
    op.drop_column("ehr_registrations", "style_origins")
    op.drop_table("kept_tokens")
