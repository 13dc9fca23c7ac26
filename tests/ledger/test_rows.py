"""What a row holds, and that it stays as it is."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.ledger import EventType, UsageEvent
from smart_app.ledger.leaf import leaf_hash
from smart_app.ledger.learner_keys import learner_key
from smart_app.ledger.models import LearnerKeyRow, UsageEventRow, UsageKeyRow
from smart_app.ledger.reading import events_of_learner
from tests.ledger.conftest import LEARNER, ORGANIZATION, present, used
from tests.ledger.test_exactly_once import count, send

_TABLE = UsageEventRow.__table__


def full() -> UsageEvent:
    """An event that uses every column."""
    return used(
        occurred_at=datetime(2026, 1, 2, 3, 4, 5, 6789, tzinfo=UTC),
        step="verify",
        seconds=12,
        reasons=("job-role", "task"),
        grade="chart",
        strength="verified",
        source_reference="Provenance/secret-17",
        points_at=UUID(int=9),
    )


def the_row(database: Database) -> dict[str, Any]:
    with database.reading() as session:
        return dict(session.execute(select(_TABLE)).mappings().one())


def the_learners_key(database: Database, keys: KeyRing) -> bytes:
    with database.writing() as session:
        return learner_key(session, keys=keys, organization=ORGANIZATION, learner=LEARNER)


def test_a_row_says_what_the_event_said(database: Database, keys: KeyRing) -> None:
    answer = send(database, keys, "chart/1", full())
    row = the_row(database)

    assert (row["event_id"], row["recorded_at"]) == (answer.event_id, answer.recorded_at)
    assert row["event_id"].version == 7
    assert row["occurred_at"] == datetime(2026, 1, 2, 3, 4, 5, 6789, tzinfo=UTC)
    assert row["type"] == "AI feature used"
    assert row["context"] == {"task_codes": ["urn:preceptor:task|reply-to-message"], "intent": "reply-to-message"}
    assert row["reasons"] == ["job-role", "task"]
    assert row["sequence"] is None
    assert not [name for name, value in row.items() if value is None and name not in {"sequence"}]


def test_nothing_is_said_to_occur_after_it_was_recorded(database: Database, keys: KeyRing) -> None:
    send(database, keys, "vendor/1", used(occurred_at=datetime.now(UTC) + timedelta(days=400)))
    row = the_row(database)
    assert row["occurred_at"] == row["recorded_at"]


def test_a_source_reference_is_kept_as_a_keyed_hash_alone(database: Database, keys: KeyRing) -> None:
    send(database, keys, "chart/1", full())
    row = the_row(database)
    assert row["source_reference"] == keys.hash("usage source reference", "Provenance/secret-17")
    assert "secret-17" not in repr(row)


def test_a_day_only_row_carries_no_clock_time(database: Database, keys: KeyRing) -> None:
    afternoon = datetime(2026, 3, 31, 16, 20, 30, tzinfo=UTC)
    with time_machine.travel(afternoon):
        answer = send(database, keys, f"present/{LEARNER}/2026-03-31", present(), first_wins=True)
    row = the_row(database)
    midnight = datetime.combine(afternoon.date(), time(), UTC)

    assert answer.recorded_at == row["occurred_at"] == row["recorded_at"] == midnight
    assert row["event_id"].version == 4  # a version 7 would hold the clock
    assert row["context"] == {}
    with database.reading() as session:
        (key,) = session.scalars(select(UsageKeyRow)).all()
    assert key.recorded_at == midnight
    assert str(LEARNER).encode() not in key.key


@pytest.mark.parametrize("wanted", ["usage_events", "usage_keys", "learner_keys"])
def test_sqlite_keeps_no_order_of_arrival(sqlite_database: Database, wanted: str) -> None:
    with sqlite_database.reading() as session, pytest.raises(Exception, match="no such column: rowid"):
        session.execute(text(f"SELECT rowid FROM {wanted}"))


def test_the_leaf_hash_recomputes_from_the_stored_row(database: Database, keys: KeyRing) -> None:
    send(database, keys, "chart/1", full())
    row = the_row(database)
    assert leaf_hash(the_learners_key(database, keys), row) == row["leaf_hash"]


@pytest.mark.parametrize("name", sorted(set(_TABLE.columns.keys()) - {"leaf_hash", "sequence"}))
def test_the_leaf_hash_changes_with_every_column(name: str, sqlite_database: Database, keys: KeyRing) -> None:
    send(sqlite_database, keys, "chart/1", full())
    row = the_row(sqlite_database)
    value = row[name]
    change: dict[type, Callable[[], object]] = {
        str: lambda: value + "x",
        int: lambda: value + 1,
        bytes: lambda: value + b"x",
        UUID: lambda: UUID(int=value.int ^ 1),
        datetime: lambda: value + timedelta(microseconds=1),
        list: lambda: value[::-1],
        dict: lambda: {},
    }
    changed = change[type(value)]()
    assert leaf_hash(the_learners_key(sqlite_database, keys), row | {name: changed}) != row["leaf_hash"]
    assert leaf_hash(the_learners_key(sqlite_database, keys), row | {name: None}) != row["leaf_hash"]


def test_each_learner_has_a_key_of_their_own_kept_encrypted(database: Database, keys: KeyRing) -> None:
    send(database, keys, "visit/1/a", used())
    send(database, keys, "visit/1/b", used(learner=UUID(int=7)))
    mine = the_learners_key(database, keys)
    with database.reading() as session:
        rows = session.scalars(select(LearnerKeyRow)).all()
    assert len(rows) == 2
    assert not [row for row in rows if mine in row.encrypted_key]


@pytest.mark.parametrize(
    "attempt",
    [
        update(UsageEventRow).values(quantity=99),
        update(UsageEventRow).values(sequence=1, type="tutorial finished"),
        delete(UsageEventRow),
        update(UsageKeyRow).values(key=b"another"),
        delete(UsageKeyRow),
    ],
    ids=["event altered", "event altered while sealing", "event removed", "key altered", "key removed"],
)
def test_rows_are_neither_altered_nor_removed(database: Database, keys: KeyRing, attempt: Any) -> None:
    send(database, keys, "visit/1/a", used())
    with database.writing() as session, pytest.raises(IntegrityError, match="append-only"):
        session.execute(attempt)
    assert count(database) == 1


def test_the_sealer_may_fill_the_sequence_once(database: Database, keys: KeyRing) -> None:
    send(database, keys, "visit/1/a", used())
    with database.writing() as session:
        session.execute(update(UsageEventRow).values(sequence=1))
        session.commit()
    with database.writing() as session, pytest.raises(IntegrityError, match="append-only"):
        session.execute(update(UsageEventRow).values(sequence=2))


def test_postgresql_cannot_be_emptied_by_truncate(postgres_database: Database, keys: KeyRing) -> None:
    send(postgres_database, keys, "visit/1/a", used())
    for table in ("usage_events", "usage_keys"):
        with postgres_database.writing() as session, pytest.raises(IntegrityError, match="append-only"):
            session.execute(text(f"TRUNCATE {table}"))


def test_an_event_cannot_be_inserted_twice_past_record(database: Database, keys: KeyRing) -> None:
    send(database, keys, "visit/1/a", used())
    with database.writing() as session, pytest.raises(IntegrityError):
        session.execute(insert(_TABLE).values(the_row(database)))  # type: ignore[arg-type]


def test_a_learner_reads_their_own_events_newest_first(database: Database, keys: KeyRing) -> None:
    for day in (1, 2, 3):
        with time_machine.travel(datetime(2026, 1, day, tzinfo=UTC), tick=False):
            send(database, keys, f"visit/1/{day}", used(type=EventType.STEP_COMPLETED, step=f"step-{day}", grade=None))
    send(database, keys, "visit/2/a", used(learner=UUID(int=7)))
    send(database, keys, "visit/2/a", used(organization=UUID(int=7)))

    with database.reading() as session:
        mine = events_of_learner(session, organization=ORGANIZATION, learner=LEARNER)
        earlier = events_of_learner(
            session, organization=ORGANIZATION, learner=LEARNER, before=mine[1].recorded_at, limit=5
        )
    assert [row.step for row in mine] == ["step-3", "step-2", "step-1"]
    assert [row.step for row in earlier] == ["step-1"]
