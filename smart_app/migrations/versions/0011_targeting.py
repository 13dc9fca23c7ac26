"""Who sees what: codes seen at launches, an organization's own targets, the AI feature registry in full, matches."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

from smart_app.db import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_LEARNER = (["organization", "learner"], ["learners.organization", "learners.id"])
_EMPTY_LIST = sa.text("'[]'")


def _feature_columns() -> tuple[sa.Column, ...]:
    return (
        sa.Column("vendor", sa.String(120)),
        sa.Column("available_roles", sa.JSON, nullable=False, server_default=_EMPTY_LIST),
        sa.Column("available_units", sa.JSON, nullable=False, server_default=_EMPTY_LIST),
        sa.Column("available_since", sa.Date),
        sa.Column("states", sa.JSON, nullable=False, server_default=_EMPTY_LIST),
        sa.Column("policy_link", sa.String(500)),
        sa.Column("verify_card", sa.JSON, nullable=False, server_default=_EMPTY_LIST),
        sa.Column("evidence_rule", sa.JSON),
    )


def _match_columns() -> tuple[sa.Column, ...]:
    return (
        sa.Column("decision", sa.String(10)),
        sa.Column("decided_by", sa.String(120)),
        sa.Column("moved", sa.JSON, nullable=False, server_default=sa.text("'{}'")),
    )


def upgrade() -> None:
    """Make the tables and add the columns."""
    op.create_table(
        "codes_seen",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("organization", "id", name=op.f("pk_codes_seen")),
    )
    op.create_table(
        "learner_codes",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("learner", sa.Uuid, nullable=False),
        sa.Column("registration", sa.Uuid, nullable=False),
        sa.Column("codes", sa.String(32), nullable=False),
        sa.Column("seen_on", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("organization", "learner", "registration", name=op.f("pk_learner_codes")),
        sa.ForeignKeyConstraint(*_LEARNER, name=op.f("fk_learner_codes_organization_learners")),
    )
    op.create_index("ix_learner_codes_codes", "learner_codes", ["organization", "codes"])
    op.create_table(
        "target_overrides",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("tutorial", sa.String(60), nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("targets", sa.JSON, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("changed_by", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("organization", "tutorial", name=op.f("pk_target_overrides")),
    )
    op.create_table(
        "launch_hosts",
        sa.Column("organization", sa.Uuid, nullable=False),
        sa.Column("host", sa.String(253), nullable=False),
        sa.Column("added_by", sa.String(120), nullable=False),
        sa.Column("added_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("organization", "host", name=op.f("pk_launch_hosts")),
    )
    op.create_index("ix_visits_reference", "visits", ["organization", "reference"])
    for column in _feature_columns():
        op.add_column("ai_features", column)
    for column in _match_columns():
        op.add_column("learner_matches", column)
    _allow_links_that_are_there()


def _allow_links_that_are_there() -> None:
    """Links that somebody has put into the registry before hosts were named go on working."""
    connection = op.get_bind()
    features = sa.table("ai_features", sa.column("organization", sa.Uuid), sa.column("launch_link", sa.String))
    rows = connection.execute(sa.select(features).where(features.c.launch_link.is_not(None)))
    found = {(organization, host) for organization, link in rows if (host := urlsplit(link).hostname)}
    hosts = sa.table(
        "launch_hosts",
        sa.column("organization", sa.Uuid),
        sa.column("host", sa.String),
        sa.column("added_by", sa.String),
        sa.column("added_at", UtcDateTime),
    )
    now = datetime.now(UTC)
    for organization, host in sorted(found, key=str):
        values = {"organization": organization, "host": host, "added_by": "migration", "added_at": now}
        connection.execute(hosts.insert().values(**values))


def downgrade() -> None:
    """Remove them."""
    for column in reversed(_match_columns()):
        op.drop_column("learner_matches", column.name)
    for column in reversed(_feature_columns()):
        op.drop_column("ai_features", column.name)
    op.drop_index("ix_visits_reference", "visits")
    op.drop_table("launch_hosts")
    op.drop_table("target_overrides")
    op.drop_index("ix_learner_codes_codes", "learner_codes")
    op.drop_table("learner_codes")
    op.drop_table("codes_seen")
