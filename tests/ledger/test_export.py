"""The export holds exactly one organization's rows, in a form that a spreadsheet does not run."""

import csv
import io
import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner
from sqlalchemy import column as sql_column
from sqlalchemy import insert, table
from sqlalchemy.types import DateTime, Uuid

from smart_app.cli import main
from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.ledger import export as export_module
from smart_app.ledger.export import COLUMNS, CSV_COLUMNS, Format, export
from smart_app.ledger.leaf import leaf_hash
from smart_app.ledger.models import UsageEventRow
from tests.ledger.conftest import ORGANIZATION, present, used
from tests.ledger.test_exactly_once import send
from tests.ledger.test_rows import full, the_learners_key, the_row


def exported(database: Database, form: Format, organization: UUID = ORGANIZATION) -> str:
    out = io.StringIO(newline="")
    with database.reading() as session:
        export(session, organization=organization, format=form, out=out)
    return out.getvalue()


def test_ndjson_holds_every_column_and_proves_itself(database: Database, keys: KeyRing) -> None:
    send(database, keys, "chart/1", full())
    (line,) = map(json.loads, exported(database, "ndjson").splitlines())

    assert tuple(line) == COLUMNS
    assert set(COLUMNS) == set(UsageEventRow.__table__.columns.keys())
    assert line["recorded_at"] == the_row(database)["recorded_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    # Whoever holds the learner's key can recompute the leaf from the export alone.
    assert leaf_hash(the_learners_key(database, keys), line).hex() == line["leaf_hash"]


def test_csv_holds_the_same_in_cells(database: Database, keys: KeyRing) -> None:
    send(database, keys, "chart/1", full())
    (row,) = csv.DictReader(io.StringIO(exported(database, "csv"), newline=""))

    assert tuple(row) == CSV_COLUMNS
    assert row["task_codes"] == "urn:preceptor:task|reply-to-message"
    assert row["intent"] == "reply-to-message"
    assert row["reasons"] == "job-role task"
    assert row["seconds"] == "12"
    assert row["sequence"] == ""


def test_rows_come_oldest_first_and_none_is_lost_between_pages(
    database: Database, keys: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_module, "_PAGE", 3)
    for number in range(6):
        send(database, keys, f"visit/1/{number}", used(quantity=number + 1))
    for number in range(5):  # all at the same midnight
        send(database, keys, f"present/{number}", present(learner=UUID(int=number)))

    lines = [json.loads(line) for line in exported(database, "ndjson").splitlines()]
    assert len({line["event_id"] for line in lines}) == 11
    assert [line["quantity"] for line in lines if line["quantity"]] == [1, 2, 3, 4, 5, 6]
    assert [line["recorded_at"] for line in lines] == sorted(line["recorded_at"] for line in lines)


def test_another_organization_is_not_in_it(database: Database, keys: KeyRing) -> None:
    send(database, keys, "visit/1/a", used(organization=UUID(int=2)))
    assert exported(database, "ndjson") == ""
    assert exported(database, "csv").splitlines() == [",".join(CSV_COLUMNS)]


@pytest.mark.parametrize("lead", ["=", "+", "-", "@", "\t=", "\r=", "\n="])
def test_no_cell_runs_as_a_formula(lead: str, sqlite_database: Database, keys: KeyRing) -> None:
    send(sqlite_database, keys, "visit/1/a", used())
    # record() refuses such a word; a row from elsewhere (an import, a restored backup) may have one.
    hostile = the_row(sqlite_database) | {"event_id": uuid4(), "object_id": f"{lead}HYPERLINK(1)"}
    with sqlite_database.writing() as session:
        session.execute(insert(UsageEventRow.__table__).values(hostile))  # type: ignore[arg-type]
        session.commit()

    cells = [row["object_id"] for row in csv.DictReader(io.StringIO(exported(sqlite_database, "csv"), newline=""))]
    assert sorted(cells) == sorted(["inbox-draft-reply", f"'{lead}HYPERLINK(1)"])


@pytest.fixture
def lakeside(database: Database) -> None:
    organizations = table(
        "organizations",
        sql_column("organization", Uuid),
        sql_column("name"),
        sql_column("created_at", DateTime(timezone=True)),
    )
    row = {"organization": ORGANIZATION, "name": "Lakeside", "created_at": datetime(2026, 1, 1, tzinfo=UTC)}
    with database.writing() as session:
        session.execute(insert(organizations).values(row))
        session.commit()


@pytest.mark.usefixtures("lakeside")
def test_the_command_writes_a_file_for_its_owner_alone(
    database: Database, database_url: str, keys: KeyRing, tmp_path: Path
) -> None:
    send(database, keys, "visit/1/a", used())
    target = tmp_path / "usage.ndjson"
    arguments = ["usage", "export", "--organization", "Lakeside", "--format", "ndjson", "--out", str(target)]
    result = CliRunner().invoke(main, arguments, env={"PRECEPTOR_DATABASE_URL": database_url})

    assert result.exit_code == 0, result.output
    assert "1 events exported" in result.stderr
    assert target.read_text() == exported(database, "ndjson")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.usefixtures("lakeside")
def test_the_command_names_an_organization_it_does_not_know(database_url: str) -> None:
    arguments = ["usage", "export", "--organization", "Elsewhere"]
    result = CliRunner().invoke(main, arguments, env={"PRECEPTOR_DATABASE_URL": database_url})
    assert result.exit_code == 1
    assert "no organization named 'Elsewhere'" in result.stderr
    assert result.stdout == ""
