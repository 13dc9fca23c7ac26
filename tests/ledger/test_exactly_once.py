"""Whatever a sender does, an event is there once and every delivery has the same answer."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import func, select

from smart_app.db import Database
from smart_app.keys import KeyRing, rotate
from smart_app.ledger import KeyReused, Recorded, UsageEvent, record
from smart_app.ledger.models import UsageEventRow, UsageKeyRow
from tests.ledger.conftest import LEARNER, present, used

EVENTS, SENDERS = 200, 8


def send(database: Database, keys: KeyRing, key: str, event: UsageEvent, *, first_wins: bool = False) -> Recorded:
    with database.writing() as session:
        answer = record(session, keys=keys, key=key, event=event, first_wins=first_wins)
        session.commit()
    return answer


def count(database: Database, table: type = UsageEventRow) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_double_click_is_one_row_and_the_same_answer(database: Database, keys: KeyRing) -> None:
    first, second = (send(database, keys, "visit/1/a", used()) for _ in range(2))

    assert (first.event_id, first.recorded_at) == (second.event_id, second.recorded_at)
    assert (first.replayed, second.replayed) == (False, True)
    assert count(database) == 1


def test_a_retry_on_the_next_day_gets_the_first_answer(database: Database, keys: KeyRing) -> None:
    first = send(database, keys, "visit/1/a", used())
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1)):
        assert send(database, keys, "visit/1/a", used()).recorded_at == first.recorded_at


def test_other_content_under_the_same_key_is_refused(database: Database, keys: KeyRing) -> None:
    send(database, keys, "visit/1/a", used())
    with pytest.raises(KeyReused):
        send(database, keys, "visit/1/a", used(quantity=2))
    with pytest.raises(KeyReused):
        send(database, keys, "visit/1/a", used(learner=UUID(int=7)))
    assert count(database) == 1


def test_the_same_key_of_two_organizations_is_two_events(database: Database, keys: KeyRing) -> None:
    send(database, keys, "visit/1/a", used())
    send(database, keys, "visit/1/a", used(organization=UUID(int=2)))
    assert count(database) == 2


def test_a_fact_of_the_day_keeps_its_first_content(database: Database, keys: KeyRing) -> None:
    key = f"present/{LEARNER}/2026-03-31"
    first = send(database, keys, key, present(), first_wins=True)
    again = send(database, keys, key, present(job_role="nurse"), first_wins=True)

    assert again.event_id == first.event_id
    with database.reading() as session:
        assert session.scalars(select(UsageEventRow.job_role)).all() == ["physician"]


def test_after_a_rotation_of_keys_a_retry_is_still_known(database: Database, key_file: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(key_file, tmp_path / "keys.json"))
    first = send(database, KeyRing.load(path), "vendor/1", used(source_reference="Provenance/1"))
    rotate(path)
    rotated = KeyRing.load(path)

    assert send(database, rotated, "vendor/1", used(source_reference="Provenance/1")).event_id == first.event_id
    with pytest.raises(KeyReused):
        send(database, rotated, "vendor/1", used(source_reference="Provenance/2"))


def test_the_same_key_across_a_months_end_stays_once(database: Database, keys: KeyRing) -> None:
    with time_machine.travel(datetime(2026, 1, 31, 23, 59, 59, 900_000, tzinfo=UTC)):
        first = send(database, keys, "visit/1/a", used())
    with time_machine.travel(datetime(2026, 2, 1, 0, 0, 0, 100_000, tzinfo=UTC)):
        again = send(database, keys, "visit/1/a", used())
    assert again.event_id == first.event_id
    assert count(database) == 1


def test_what_is_rolled_back_was_never_there_and_can_be_sent_again(database: Database, keys: KeyRing) -> None:
    with database.writing() as session:
        record(session, keys=keys, key="visit/1/a", event=used())
    assert count(database) == count(database, UsageKeyRow) == 0

    assert not send(database, keys, "visit/1/a", used()).replayed


def test_two_hundred_events_by_eight_senders_at_once_are_two_hundred_rows(database: Database, keys: KeyRing) -> None:
    together = Barrier(SENDERS)

    def sender(_number: int) -> list[Recorded]:
        answers = []
        for event in range(EVENTS):
            together.wait(60)  # all eight send this event now
            answers.append(send(database, keys, f"vendor/{event}", used(quantity=event + 1)))
        return answers

    with ThreadPoolExecutor(SENDERS) as pool:
        by_sender = list(pool.map(sender, range(SENDERS)))

    assert count(database) == count(database, UsageKeyRow) == EVENTS
    for answers in zip(*by_sender, strict=True):
        assert len({(answer.event_id, answer.recorded_at) for answer in answers}) == 1
        assert sum(not answer.replayed for answer in answers) == 1


def test_senders_in_processes_of_their_own_agree(database: Database, database_url: str, key_file: Path) -> None:
    command = [sys.executable, "-m", "tests.ledger.sender", database_url, str(key_file), "30"]
    senders = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    answers = [json.loads(sender.communicate(timeout=120)[0]) for sender in senders]

    assert count(database) == count(database, UsageKeyRow) == 30
    assert answers[0] == answers[1] == answers[2] == answers[3]
