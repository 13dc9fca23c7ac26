"""The migrations make the schema that the models describe, from wherever they are run."""

import os
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from click.testing import CliRunner
from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError

import smart_app
from smart_app.cli import main
from smart_app.db import Base, Database
from smart_app.migrations.running import migrate_database
from smart_app.migrations.schema import current, head
from tests.plugins.postgres import Cluster


def test_an_empty_database_has_no_step_and_a_migrated_one_the_newest(database: Database) -> None:
    with database.reading() as session:
        assert current(session) == head()
    empty = Database("sqlite://")
    with empty.reading() as session:
        assert current(session) is None
    empty.dispose()


def test_migrating_twice_changes_nothing(database: Database) -> None:
    migrate_database(database)
    with database.reading() as session:
        assert current(session) == head()


def test_two_machines_may_migrate_at_once(postgres_cluster: Cluster) -> None:
    postgres_cluster.execute("CREATE DATABASE migrated_by_two")
    url = postgres_cluster.url("migrated_by_two")
    environment = os.environ | {"PRECEPTOR_DATABASE_URL": url}
    command = [sys.executable, "-c", "from smart_app.cli import main; main(['migrate'])"]
    both = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]

    database = Database(url)
    with database.reading() as session:
        assert current(session) == head()
    database.dispose()
    postgres_cluster.execute("DROP DATABASE migrated_by_two")


def test_the_tables_are_those_of_the_models(database: Database) -> None:
    for module in pkgutil.walk_packages(smart_app.__path__, "smart_app."):
        if module.name.endswith(".models"):
            import_module(module.name)

    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _not_a_partition})
        differences = compare_metadata(context, Base.metadata)
    assert differences == []


def test_every_table_of_a_tenant_leads_its_key_with_the_organization(sqlite_database: Database) -> None:
    inspector = inspect(sqlite_database.engine)
    leads = {table: inspector.get_pk_constraint(table)["constrained_columns"] for table in inspector.get_table_names()}
    for table in ("usage_events", "usage_keys", "learner_keys"):
        assert leads[table][0] == "organization"


def test_a_failed_step_leaves_nothing_behind(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'preceptor.sqlite3'}")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE learner_keys (unexpected INTEGER)")
    with pytest.raises(OperationalError, match="already exists"):
        migrate_database(database)
    assert inspect(database.engine).get_table_names() == ["learner_keys"]
    database.dispose()


def test_the_command_migrates_from_any_folder(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'preceptor.sqlite3'}"
    result = CliRunner().invoke(main, ["migrate"], env={"PRECEPTOR_DATABASE_URL": url})
    assert result.exit_code == 0, result.output
    assert f"step {head()}" in result.output


def test_asking_for_the_schema_loads_no_alembic() -> None:
    code = "import sys, smart_app.migrations.schema as s; s.head(); sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _not_a_partition(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind in ("table", "index") and name is not None and name.startswith(_WITHOUT_A_MODEL))


_WITHOUT_A_MODEL = ("usage_events_", "library_search", "ix_tutorial_drafts_open")
"""Partitions; the full-text index, which is another table on each database; an index with a condition."""
