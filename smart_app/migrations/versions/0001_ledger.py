"""The usage ledger: events, keys, learners' keys; append-only.

On PostgreSQL usage_events is partitioned by month of recorded_at from the start (a table cannot
be made a partitioned one later without copying it). usage_keys is not: a unique key on a
partitioned table must hold the date, and then the same key goes in twice across a month's end.
"""

import sqlalchemy as sa
from alembic import op

from smart_app.db import UtcDateTime

revision = "0001"
down_revision = None

_FIXED = (
    "organization, recorded_at, event_id, learner, type, occurred_at, mode, ehr, job_role, context, object_type,"
    " object_id, object_version, step, seconds, quantity, reasons, grade, strength, source_reference, points_at,"
    " schema_version, leaf_hash"
)


def upgrade() -> None:
    _create_usage_events()
    _create_usage_keys()
    _create_learner_keys()
    if op.get_bind().dialect.name == "postgresql":
        _refuse_changes_postgresql()
    else:
        _refuse_changes_sqlite()


def downgrade() -> None:
    for table in ("learner_keys", "usage_keys", "usage_events"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION usage_ledger_is_append_only()")


def _create_usage_events() -> None:
    op.create_table(
        "usage_events",
        sa.Column("organization", sa.Uuid, primary_key=True),
        sa.Column("recorded_at", UtcDateTime, primary_key=True),
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("learner", sa.Uuid, nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("occurred_at", UtcDateTime, nullable=False),
        sa.Column("mode", sa.String(10), nullable=False),
        sa.Column("ehr", sa.String(200)),
        sa.Column("job_role", sa.String(200)),
        sa.Column("context", sa.JSON, nullable=False),
        sa.Column("object_type", sa.String(200)),
        sa.Column("object_id", sa.String(200)),
        sa.Column("object_version", sa.String(200)),
        sa.Column("step", sa.String(200)),
        sa.Column("seconds", sa.Integer),
        sa.Column("quantity", sa.Integer),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("grade", sa.String(10)),
        sa.Column("strength", sa.String(10)),
        sa.Column("source_reference", sa.LargeBinary),
        sa.Column("points_at", sa.Uuid),
        sa.Column("schema_version", sa.SmallInteger, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
        sa.Column("sequence", sa.BigInteger),
        postgresql_partition_by="RANGE (recorded_at)",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_usage_events_learner", "usage_events", ["organization", "learner", "recorded_at"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TABLE usage_events_default PARTITION OF usage_events DEFAULT")


def _create_usage_keys() -> None:
    op.create_table(
        "usage_keys",
        sa.Column("organization", sa.Uuid, primary_key=True),
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("recorded_at", UtcDateTime, nullable=False),
        sqlite_with_rowid=False,
    )


def _create_learner_keys() -> None:
    op.create_table(
        "learner_keys",
        sa.Column("organization", sa.Uuid, primary_key=True),
        sa.Column("learner", sa.Uuid, primary_key=True),
        sa.Column("encrypted_key", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )


def _refuse_changes_postgresql() -> None:
    """Only an empty `sequence` may be filled, by the sealer. Whole months may be dropped, as partitions."""
    op.execute(
        """
        CREATE FUNCTION usage_ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND TG_ARGV[0] = 'sealed later' THEN
                IF OLD.sequence IS NULL AND to_jsonb(NEW) - 'sequence' = to_jsonb(OLD) - 'sequence' THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE EXCEPTION 'the usage ledger is append-only' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    for table, sealed in (("usage_events", "sealed later"), ("usage_keys", "fixed")):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION usage_ledger_is_append_only('{sealed}')"
        )
        op.execute(
            f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION usage_ledger_is_append_only('fixed')"
        )


def _refuse_changes_sqlite() -> None:
    refusal = "BEGIN SELECT RAISE(ABORT, 'the usage ledger is append-only'); END"
    for name, when in (
        ("usage_events_no_update", f"UPDATE OF {_FIXED} ON usage_events"),
        ("usage_events_sealed_once", "UPDATE OF sequence ON usage_events WHEN OLD.sequence IS NOT NULL"),
        ("usage_events_no_delete", "DELETE ON usage_events"),
        ("usage_keys_no_update", "UPDATE ON usage_keys"),
        ("usage_keys_no_delete", "DELETE ON usage_keys"),
    ):
        op.execute(f"CREATE TRIGGER {name} BEFORE {when} {refusal}")
