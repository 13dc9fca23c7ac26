"""Bring a database to this version, from the installed package: no alembic.ini."""

from datetime import UTC, datetime

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from smart_app.db import Database
from smart_app.ledger.partitions import ensure_partitions

_LOCK = 0x50524543
"""Number of the PostgreSQL advisory lock: two machines that migrate at once take turns."""


def migrate_database(database: Database, *, revision: str = "head") -> None:
    """All missing steps and the ledger's partitions, in one transaction: all or none.

    Processes take turns; within a process one thread at a time may call it (alembic's `op` is global).
    """
    with database.writing_connection() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config = Config()
        config.set_main_option("script_location", "smart_app:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        ensure_partitions(connection, today=datetime.now(UTC).date())
