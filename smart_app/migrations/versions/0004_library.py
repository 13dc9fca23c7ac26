"""The library: tutorial versions, AI features, local slots, files kept for export."""

import sqlalchemy as sa
from alembic import op

from smart_app.db import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "libraries",
        sa.Column("organization", sa.Uuid, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "tutorial_versions",
        sa.Column("organization", sa.Uuid, primary_key=True),
        sa.Column("tutorial", sa.String(60), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("front_matter", sa.JSON, nullable=False),
        sa.Column("rendered", sa.JSON, nullable=False),
        sa.Column("author", sa.String(120), nullable=False),
        sa.Column("reviewer", sa.String(120)),
        sa.Column("saved_at", UtcDateTime, nullable=False),
        sa.Column("published_at", UtcDateTime),
    )
    op.create_table(
        "library_files",
        sa.Column("organization", sa.Uuid, primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
    )
    op.create_table(
        "ai_features",
        sa.Column("organization", sa.Uuid, primary_key=True),
        sa.Column("id", sa.String(60), primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("launch_link", sa.String(500)),
        sa.Column("sensitive", sa.Boolean, nullable=False),
    )
    op.create_table(
        "local_slots",
        sa.Column("organization", sa.Uuid, primary_key=True),
        sa.Column("tutorial", sa.String(60), primary_key=True),
        sa.Column("slot", sa.String(200), primary_key=True),
        sa.Column("value", sa.String(300), nullable=False),
    )


def downgrade() -> None:
    for table in ("local_slots", "ai_features", "library_files", "tutorial_versions", "libraries"):
        op.drop_table(table)
