"""kill -9 of the server under load: nothing that it acknowledged is lost, nothing is there twice."""

import random
import time
from pathlib import Path

import pytest

from smart_app.db import Database
from smart_app.keys import KeyRing
from tests.faults.checking import check
from tests.faults.ingest_app import Ingest
from tests.faults.load import Load, Told
from tests.faults.server import running
from tests.faults.target import Target
from tests.plugins.servers import free_port

KILLS = 20
KILLS_IN_TORTURE = 200


def kill_under_load(target: Target, *, kills: int, seed: int, log: Path) -> Told:
    """Start the server, load it, kill it, `kills` times; then start it once more and deliver what waits."""
    port, chance = free_port(), random.Random(seed)
    load = Load(target, port, seed=seed)
    pool = load.start()
    try:
        for _ in range(kills):
            with running(target, port, log) as server:
                time.sleep(chance.uniform(0.05, 0.6))
                server.kill()
    finally:
        load.stop(pool)
    with running(target, port, log):
        load.finish()
    return load.told


def assert_under_real_load(told: Told, kills: int) -> None:
    assert len(told.acknowledged) > 5 * kills, "too little load to show anything"
    assert set(told.acknowledged) != told.sent, "no kill met a request in flight"


@pytest.fixture
def ingest(database_url: str, key_file: Path) -> Ingest:
    """The smallest server over record()."""
    return Ingest(database_url, key_file)


def test_twenty_kills_lose_and_double_nothing(
    ingest: Ingest, database: Database, keys: KeyRing, tmp_path: Path
) -> None:
    told = kill_under_load(ingest, kills=KILLS, seed=1, log=tmp_path / "server.log")
    assert_under_real_load(told, KILLS)
    check(database, keys, ingest, told)


@pytest.mark.torture
def test_two_hundred_kills_lose_and_double_nothing(
    ingest: Ingest, database: Database, keys: KeyRing, tmp_path: Path
) -> None:
    told = kill_under_load(ingest, kills=KILLS_IN_TORTURE, seed=2, log=tmp_path / "server.log")
    assert_under_real_load(told, KILLS_IN_TORTURE)
    check(database, keys, ingest, told)
