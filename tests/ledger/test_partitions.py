"""On PostgreSQL the ledger's months are tables of their own, made ahead of time."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.ledger.partitions import ensure_partitions
from tests.ledger.conftest import used
from tests.ledger.test_exactly_once import count, send


def partitions_with_rows(database: Database) -> dict[str, int]:
    with database.reading() as session:
        rows = session.execute(
            text("SELECT tableoid::regclass::text AS name, count(*) AS number FROM usage_events GROUP BY 1")
        )
        return {row.name: row.number for row in rows}


def ensure(database: Database, today: date) -> list[str]:
    with database.writing_connection() as connection:
        return ensure_partitions(connection, today=today)


def test_this_month_and_three_ahead_are_made_once(postgres_database: Database) -> None:
    made = ["usage_events_2030_11", "usage_events_2030_12", "usage_events_2031_01", "usage_events_2031_02"]
    assert ensure(postgres_database, date(2030, 11, 30)) == made
    assert ensure(postgres_database, date(2030, 11, 30)) == []
    assert ensure(postgres_database, date(2030, 12, 1)) == ["usage_events_2031_03"]


def test_events_go_to_their_month_by_utc(postgres_database: Database, keys: KeyRing) -> None:
    ensure(postgres_database, date(2030, 11, 1))
    for number, moment in enumerate([(2030, 11, 30, 23, 59), (2030, 12, 1, 0, 0)]):
        with time_machine.travel(datetime(*moment, tzinfo=UTC)):
            send(postgres_database, keys, f"visit/1/{number}", used())
    assert partitions_with_rows(postgres_database) == {"usage_events_2030_11": 1, "usage_events_2030_12": 1}


def test_an_event_of_a_month_without_a_partition_is_kept_and_moved_later(
    postgres_database: Database, keys: KeyRing
) -> None:
    for month in (6, 7):
        with time_machine.travel(datetime(2035, month, 15, tzinfo=UTC)):
            send(postgres_database, keys, f"visit/1/{month}", used())
    assert partitions_with_rows(postgres_database) == {"usage_events_default": 2}

    ensure(postgres_database, date(2035, 7, 1))
    assert partitions_with_rows(postgres_database) == {"usage_events_default": 1, "usage_events_2035_07": 1}
    ensure(postgres_database, date(2035, 6, 1))
    assert partitions_with_rows(postgres_database) == {"usage_events_2035_06": 1, "usage_events_2035_07": 1}


@pytest.mark.parametrize("partition", ["usage_events", "usage_events_default", "usage_events_2035_07"])
def test_what_was_moved_can_still_not_be_removed(postgres_database: Database, keys: KeyRing, partition: str) -> None:
    for month in (6, 7):
        with time_machine.travel(datetime(2035, month, 15, tzinfo=UTC)):
            send(postgres_database, keys, f"visit/1/{month}", used())
    ensure(postgres_database, date(2035, 7, 1))

    with postgres_database.writing() as session, pytest.raises(IntegrityError, match="append-only"):
        session.execute(text(f"DELETE FROM {partition}"))
    assert count(postgres_database) == 2


def test_sqlite_has_no_partitions(sqlite_database: Database) -> None:
    assert ensure(sqlite_database, date(2030, 11, 30)) == []
