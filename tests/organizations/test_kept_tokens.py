"""Tokens at rest, on both databases: encrypted, leased, one refresh for eight processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select

from launch.stores import KeptToken, Registration
from launch.tokens import RelaunchNeeded
from smart_app import keys as key_file
from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.organizations import kept_tokens, verbs
from smart_app.organizations.models import KeptTokenRow
from tests.launch.canned_ehr import Answer, CannedEhr, Seen
from tests.organizations.refreshers import tokens_of

ROOT = Path(__file__).resolve().parents[2]


class Kept:
    """A store with one token that has just ended, and the EHR that refreshes it."""

    def __init__(self, database: Database, key_path: Path, ehr: CannedEhr) -> None:
        self.database, self.key_path, self.ehr = database, key_path, ehr
        self.ring = KeyRing.load(key_path)
        self.store = kept_tokens.SqlTokens(database, self.ring)
        with database.writing() as session:
            organization = verbs.add_organization(session, name="Lakeside", actor="test")
            registration = Registration(
                id="", organization=organization.hex, name="EHR", iss=ehr.base, client_id=ehr.client_id
            )
            key = verbs.register_ehr(session, registration=registration, keys=self.ring, actor="test")
            session.commit()
        ehr.refresh_tokens.add("canary-refresh-token")
        now = datetime.now(UTC)
        self.token = KeptToken(
            id="a" * 32,
            organization=organization.hex,
            registration_id=key.hex,
            access_token="canary-access-token",
            refresh_token="canary-refresh-token",
            scopes=("online_access", "user/Task.cu"),
            obtained_at=now - timedelta(minutes=5),
            expires_at=now - timedelta(seconds=1),
            ends_at=now + timedelta(hours=12),
        )
        self.store.keep(self.token)

    def row(self) -> KeptTokenRow:
        with self.database.reading() as session:
            return session.scalars(select(KeptTokenRow)).one()


@pytest.fixture
def kept(database: Database, key_path: Path, ehr: CannedEhr) -> Kept:
    return Kept(database, key_path, ehr)


def test_what_was_kept_is_found_again(kept: Kept) -> None:
    assert kept.store.find(kept.token.id) == kept.token
    assert kept.store.find("b" * 32) is None


def test_at_rest_there_is_no_token(kept: Kept) -> None:
    """Tokens live server-side, encrypted (AES-GCM with key ids)."""
    row = kept.row()
    assert b"canary" not in row.cipher
    assert kept.ring.is_newest(row.cipher)
    with kept.database.reading() as session:
        values = session.execute(select(*KeptTokenRow.__table__.c)).one()
    assert "canary" not in repr(values)


def test_a_token_copied_into_another_row_cannot_be_read(kept: Kept) -> None:
    """Each ciphertext belongs to its row."""
    other = replace(kept.token, id="b" * 32)
    kept.store.keep(other)
    with kept.database.writing() as session:
        rows = {row.id: row for row in session.scalars(select(KeptTokenRow))}
        rows[other.id].cipher = rows[kept.token.id].cipher
        session.commit()
    assert kept.store.find(other.id) is None


def test_after_a_rotation_of_keys_the_token_is_under_the_new_key(kept: Kept) -> None:
    """keys rotate: what is at rest is encrypted anew."""
    before = kept.row().cipher
    key_file.rotate(kept.key_path)
    with kept.database.writing() as session:
        assert kept_tokens.reencrypt(session, keys=kept.ring) == 1
        assert kept_tokens.reencrypt(session, keys=kept.ring) == 0
        session.commit()
    assert kept.row().cipher != before
    assert kept.ring.is_newest(kept.row().cipher)
    assert kept.store.find(kept.token.id) == kept.token


def test_the_lease_goes_to_one(kept: Kept) -> None:
    """Refresh: takes a lease row by compare-and-swap."""
    taken = [kept.store.take_lease(kept.token.id, version=1, owner=f"w{n}", seconds=15) for n in range(3)]
    assert taken == [True, False, False]
    kept.store.give_back(kept.token.id, owner="w1")
    assert not kept.store.take_lease(kept.token.id, version=1, owner="w1", seconds=15)
    kept.store.give_back(kept.token.id, owner="w0")
    assert kept.store.take_lease(kept.token.id, version=1, owner="w1", seconds=15)


def test_a_lease_ends_by_its_time(kept: Kept) -> None:
    assert kept.store.take_lease(kept.token.id, version=1, owner="dead", seconds=0.05)
    time.sleep(0.1)
    assert kept.store.take_lease(kept.token.id, version=1, owner="next", seconds=15)
    newer = replace(kept.token, version=2, access_token="late")
    assert not kept.store.replace(newer, version=1, owner="dead")
    assert kept.store.replace(replace(newer, access_token="in time"), version=1, owner="next")
    found = kept.store.find(kept.token.id)
    assert found is not None
    assert (found.access_token, found.version) == ("in time", 2)


def test_an_old_version_gets_no_lease_and_removes_nothing(kept: Kept) -> None:
    assert not kept.store.take_lease(kept.token.id, version=7, owner="w", seconds=15)
    assert kept.store.remove(kept.token.id, version=7) is None
    assert kept.store.remove(kept.token.id) == kept.token
    assert kept.store.remove(kept.token.id) is None


def test_tokens_of_visits_that_are_over_go(kept: Kept) -> None:
    past = replace(kept.token, id="b" * 32, ends_at=datetime.now(UTC) - timedelta(seconds=1))
    kept.store.keep(past)
    assert kept.store.find(past.id) is None
    kept.store.keep(replace(kept.token, id="c" * 32))
    with kept.database.reading() as session:
        assert set(session.scalars(select(KeptTokenRow.id))) == {kept.token.id, "c" * 32}


@pytest.mark.parametrize("rotates", [True, False])
def test_eight_processes_at_once_make_exactly_one_refresh(kept: Kept, rotates: bool) -> None:
    """Refresh: 8 workers at once, rotating and not: one refresh, and all of them read with what it brought."""
    kept.ehr.rotates_refresh_tokens = rotates
    kept.ehr.refresh_delay = 0.3
    arguments = [kept.database.engine.url.render_as_string(hide_password=False), str(kept.key_path), kept.token.id, "8"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.organizations.refreshers", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["Bearer canned-access-token-1"] * 8
    assert kept.ehr.refreshed == 1
    assert kept.row().version == 2
    assert kept.row().lease_owner is None


def test_no_transaction_is_open_while_the_ehr_is_asked(kept: Kept) -> None:
    """Refresh: no database transaction is open during a network call."""
    open_now, at_the_call = set[int](), list[int]()
    event.listen(kept.database.engine, "begin", lambda connection: open_now.add(id(connection)))
    for ends in ("commit", "rollback"):
        event.listen(kept.database.engine, ends, lambda connection: open_now.discard(id(connection)))
    respond = kept.ehr.respond

    def watched(seen: Seen) -> Answer:
        at_the_call.append(len(open_now))
        return respond(seen)

    kept.ehr.respond = watched  # type: ignore[method-assign]
    tokens_of(kept.database, kept.ring).fhir(kept.token.id)
    assert kept.ehr.refreshed == 1
    assert len(at_the_call) >= 2
    assert set(at_the_call) == {0}


def test_a_worker_killed_after_the_rotation_costs_the_token_and_nothing_else(kept: Kept) -> None:
    """Refresh: a crash after rotation means "relaunch", nothing lost."""
    kept.ehr.refresh_delay = 5.0
    arguments = [kept.database.engine.url.render_as_string(hide_password=False), str(kept.key_path), kept.token.id, "1"]
    with _started([sys.executable, "-m", "tests.organizations.refreshers", *arguments]) as worker:
        until = time.monotonic() + 60
        while kept.ehr.refreshed == 0:
            assert time.monotonic() < until
            time.sleep(0.02)
        os.killpg(worker.pid, signal.SIGKILL)
    kept.ehr.refresh_delay = 0.0
    assert kept.row().lease_owner is not None
    with kept.database.writing() as session:  # fifteen seconds later
        session.scalars(select(KeptTokenRow)).one().lease_until = datetime.now(UTC)
        session.commit()
    with pytest.raises(RelaunchNeeded):
        tokens_of(kept.database, kept.ring).fhir(kept.token.id)
    assert kept.store.find(kept.token.id) is None
    kept.store.keep(replace(kept.token, expires_at=datetime.now(UTC) + timedelta(minutes=5)))
    assert tokens_of(kept.database, kept.ring).fhir(kept.token.id).base == kept.ehr.base


class _started:
    """A process group of its own, ended with the block."""

    def __init__(self, command: list[str]) -> None:
        self._command = command

    def __enter__(self) -> "subprocess.Popen[bytes]":
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        return self._process

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture(autouse=True)
def _disposed(database: Database) -> Iterator[None]:
    yield
    database.dispose()
