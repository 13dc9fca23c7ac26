"""The studio's ground: permissions before the first launch and by the EHR's codes, settings, undo."""

import sqlalchemy as sa
from alembic import op

from smart_app.db import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and the columns."""
    op.add_column("permissions", sa.Column("named_as", sa.LargeBinary))
    op.add_column("visits", sa.Column("asserted", sa.JSON))
    op.create_table(
        "awaited_permissions",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("permission", sa.String(40), nullable=False),
        sa.Column("named_as", sa.LargeBinary, nullable=False),
        sa.Column("granted_by", sa.String(120), nullable=False),
        sa.Column("granted_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("organization", "kind", "hash", "permission", name=op.f("pk_awaited_permissions")),
        _of_organization("awaited_permissions"),
    )
    op.create_table(
        "permission_codes",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("system", sa.String(250), nullable=False),
        sa.Column("code", sa.String(100), nullable=False),
        sa.Column("permission", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("organization", "system", "code", "permission", name=op.f("pk_permission_codes")),
        _of_organization("permission_codes"),
    )
    op.create_table(
        "organization_settings",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("value", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("organization", "name", name=op.f("pk_organization_settings")),
        _of_organization("organization_settings"),
    )
    op.create_table(
        "undo_steps",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("learner", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("words", sa.String(300), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.Column("undone_at", UtcDateTime),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_undo_steps")),
        _of_organization("undo_steps"),
    )


def downgrade() -> None:
    """Remove them."""
    for table in ("undo_steps", "organization_settings", "permission_codes", "awaited_permissions"):
        op.drop_table(table)
    op.drop_column("visits", "asserted")
    op.drop_column("permissions", "named_as")


def _of_organization(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization"], ["organizations.organization"], name=op.f(f"fk_{table}_organization_organizations")
    )
