"""Tutorials written in the studio: drafts, conflicts, invited reviewers, pictures; published versions cannot change."""

import sqlalchemy as sa
from alembic import op

from smart_app.db import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_OPEN = "state IN ('draft', 'in review')"
_FIXED = ("source", "author", "published_at")
"""What a version that was published keeps for good."""
_VERSIONS = sa.table(
    "tutorial_versions",
    sa.column("organization", sa.Uuid()),
    sa.column("tutorial", sa.String()),
    sa.column("version", sa.Integer()),
    sa.column("front_matter", sa.JSON()),
    sa.column("feature_version", sa.String()),
)
_FEATURES = sa.table(
    "ai_features", sa.column("organization", sa.Uuid()), sa.column("id", sa.String()), sa.column("version", sa.String())
)


def upgrade() -> None:
    """Add the tables, the columns and the guard."""
    op.add_column("tutorial_versions", sa.Column("feature_version", sa.String(40)))
    op.add_column("tutorial_versions", sa.Column("in_progress", sa.String(8)))
    _note_feature_versions()
    op.create_table(
        "pictures",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("alt", sa.String(200), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("added_by", sa.String(120), nullable=False),
        sa.Column("added_at", UtcDateTime, nullable=False),
        sa.Column("removed_at", UtcDateTime),
        sa.PrimaryKeyConstraint("organization", "name", name=op.f("pk_pictures")),
    )
    _create_drafts()
    _create_beside_drafts()
    _guard_what_is_published()


def downgrade() -> None:
    """Remove them."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER tutorial_versions_are_fixed")
    else:
        op.execute("DROP TRIGGER tutorial_versions_are_fixed ON tutorial_versions")
        op.execute("DROP FUNCTION refuse_change_of_published()")
    for table in ("review_invitations", "draft_conflicts", "tutorial_drafts", "pictures"):
        op.drop_table(table)
    op.drop_column("tutorial_versions", "in_progress")
    op.drop_column("tutorial_versions", "feature_version")


def _create_drafts() -> None:
    op.create_table(
        "tutorial_drafts",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("tutorial", sa.String(60), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("authors", sa.JSON, nullable=False),
        sa.Column("signed", sa.String(120)),
        sa.Column("editor", sa.String(32), nullable=False),
        sa.Column("note", sa.String(1000)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("saved_at", UtcDateTime, nullable=False),
        sa.Column("saved_by", sa.Uuid, nullable=False),
        sa.Column("sent_at", UtcDateTime),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_tutorial_drafts")),
        sa.UniqueConstraint("id", name=op.f("uq_tutorial_drafts_id")),
        sa.ForeignKeyConstraint(
            ["organization"],
            ["organizations.organization"],
            name=op.f("fk_tutorial_drafts_organization_organizations"),
        ),
    )
    op.create_index(
        "ix_tutorial_drafts_open",
        "tutorial_drafts",
        ["organization", "tutorial"],
        unique=True,
        sqlite_where=sa.text(_OPEN),
        postgresql_where=sa.text(_OPEN),
    )


def _create_beside_drafts() -> None:
    op.create_table(
        "draft_conflicts",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("draft", sa.Uuid, nullable=False),
        sa.Column("learner", sa.Uuid, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("kept_at", UtcDateTime, nullable=False),
        sa.Column("settled_at", UtcDateTime),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_draft_conflicts")),
        _of_draft("draft_conflicts"),
    )
    op.create_table(
        "review_invitations",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("draft", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("invited_by", sa.Uuid, nullable=False),
        sa.Column("invited_at", UtcDateTime, nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.Column("reviewer_organization", sa.Uuid),
        sa.Column("reviewer", sa.Uuid),
        sa.Column("accepted_at", UtcDateTime),
        sa.Column("ended_at", UtcDateTime),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_review_invitations")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_review_invitations_code_hash")),
        _of_draft("review_invitations"),
    )
    op.create_index("ix_review_invitations_reviewer_organization", "review_invitations", ["reviewer_organization"])


def _of_draft(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization", "draft"],
        ["tutorial_drafts.organization", "tutorial_drafts.id"],
        name=op.f(f"fk_{table}_organization_tutorial_drafts"),
    )


def _note_feature_versions() -> None:
    """What is published today was published for the AI feature as it is today: nobody wrote down anything else."""
    connection = op.get_bind()
    versions = {(row.organization, row.id): row.version for row in connection.execute(sa.select(_FEATURES))}
    for row in connection.execute(sa.select(_VERSIONS)).all():
        found = versions.get((row.organization, row.front_matter.get("ai_feature")))
        if found is not None:
            here = (_VERSIONS.c[name] == getattr(row, name) for name in ("organization", "tutorial", "version"))
            connection.execute(_VERSIONS.update().where(*here).values(feature_version=found))


def _guard_what_is_published() -> None:
    """Whatever the program does, the database keeps a published text as it is."""
    if op.get_bind().dialect.name == "sqlite":
        changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _FIXED)
        op.execute(
            "CREATE TRIGGER tutorial_versions_are_fixed BEFORE UPDATE ON tutorial_versions "
            f"WHEN OLD.status <> 'draft' AND ({changed} OR NEW.status = 'draft') "
            "BEGIN SELECT RAISE(ABORT, 'a published version never changes'); END"
        )
        return
    changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in _FIXED)
    op.execute(
        "CREATE FUNCTION refuse_change_of_published() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a published version never changes'; END $$"
    )
    op.execute(
        "CREATE TRIGGER tutorial_versions_are_fixed BEFORE UPDATE ON tutorial_versions FOR EACH ROW "
        f"WHEN (OLD.status <> 'draft' AND ({changed} OR NEW.status = 'draft')) "
        "EXECUTE FUNCTION refuse_change_of_published()"
    )
