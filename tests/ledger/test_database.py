"""The database's door: what is acknowledged is on disk, no update is lost, no writer is turned away."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import literal, select, text
from sqlalchemy.exc import StatementError

from smart_app.db import Database, UtcDateTime, sqlite_journal_mode
from smart_app.keys import KeyRing
from tests.ledger.conftest import used
from tests.ledger.test_exactly_once import count, send

WRITERS, EVENTS_EACH = 16, 15


def test_sixteen_paced_writers_on_sqlite_are_never_told_locked(sqlite_database: Database, keys: KeyRing) -> None:
    def writer(number: int) -> None:
        pace = random.Random(number)
        for event in range(EVENTS_EACH):
            time.sleep(pace.uniform(0, 0.1))
            send(sqlite_database, keys, f"visit/{number}/{event}", used())
            if event % 5 == 0:
                count(sqlite_database)  # readers among them

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(writer, range(WRITERS)))
    assert count(sqlite_database) == WRITERS * EVENTS_EACH


def test_a_read_modify_write_loses_no_update_on_sqlite(sqlite_database: Database) -> None:
    with sqlite_database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE tally (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO tally VALUES (0)")

    def add_one(_number: int) -> None:
        with sqlite_database.writing() as session:
            n = session.scalar(text("SELECT n FROM tally"))
            session.execute(text("UPDATE tally SET n = :n"), {"n": (n or 0) + 1})
            session.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(80)))
    with sqlite_database.reading() as session:
        assert session.scalar(text("SELECT n FROM tally")) == 80


def test_reading_leaves_nothing_behind(database: Database) -> None:
    with database.reading() as session:
        session.execute(text("CREATE TABLE left_behind (n INTEGER)"))
    with database.reading() as session, pytest.raises(Exception, match="left_behind"):
        session.execute(text("SELECT * FROM left_behind"))


@pytest.mark.parametrize(
    ("version", "mode"),
    [((3, 40, 1), "TRUNCATE"), ((3, 51, 2), "TRUNCATE"), ((3, 51, 3), "WAL"), ((4, 0, 0), "WAL")],
)
def test_wal_is_used_only_where_it_is_sound(version: tuple[int, ...], mode: str) -> None:
    assert sqlite_journal_mode(version) == mode


def test_sqlite_writes_through_to_the_disk(sqlite_database: Database) -> None:
    for durable, synchronous in [(True, 2), (False, 1), (True, 2)]:  # FULL, NORMAL; one connection serves all three
        with sqlite_database.writing(durable=durable) as session:
            assert session.scalar(text("PRAGMA synchronous")) == synchronous
            assert session.scalar(text("PRAGMA journal_mode")) == sqlite_journal_mode().lower() == "wal"
            assert session.scalar(text("PRAGMA foreign_keys")) == 1


def test_without_wal_nothing_is_written_less_than_through(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smart_app.db.sqlite_journal_mode", lambda: "TRUNCATE")
    with sqlite_database.writing(durable=False) as session:
        assert session.scalar(text("PRAGMA synchronous")) == 2


def test_postgresql_waits_for_the_disk_unless_told_otherwise(postgres_database: Database) -> None:
    for durable, waits in [(True, "on"), (False, "off"), (True, "on")]:
        with postgres_database.writing(durable=durable) as session:
            assert session.scalar(text("SHOW synchronous_commit")) == waits


def test_postgresql_reads_what_others_committed(postgres_database: Database) -> None:
    with postgres_database.writing() as session:
        assert session.scalar(text("SHOW transaction_isolation")) == "read committed"


def test_moments_come_back_in_utc_whatever_zone_they_were_given_in(database: Database) -> None:
    given = datetime(2026, 7, 1, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with database.reading() as session:
        back = session.scalar(select(literal(given, UtcDateTime)))
    assert back == given
    assert back is not None
    assert back.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    with database.reading() as session, pytest.raises(StatementError, match="says no moment"):
        session.scalar(select(literal(datetime(2026, 7, 1), UtcDateTime)))  # noqa: DTZ001 (that is the point)
