"""Libraries in files that wait for a second person."""

import sqlalchemy as sa
from alembic import op

from smart_app.db import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "library_uploads",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("learner", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("author", sa.String(120), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("told", sa.JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("sent_at", UtcDateTime, nullable=False),
        sa.Column("decided_by", sa.String(120)),
        sa.Column("decided_at", UtcDateTime),
        sa.Column("before", sa.LargeBinary),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_library_uploads")),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organizations.organization"],
            name=op.f("fk_library_uploads_organization_organizations"),
        ),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("library_uploads")
