"""kill -9 of the server under load: nothing that it acknowledged is lost, nothing is there twice."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from smart_app.db import Database
from smart_app.keys import KeyRing
from tests.faults.checking import check
from tests.faults.ingest_app import Ingest
from tests.faults.load import Load, Told
from tests.faults.player_target import Player
from tests.faults.server import running
from tests.faults.target import Target
from tests.plugins.postgres import Cluster, binaries_or_skip, migrate, running_cluster
from tests.plugins.servers import App, free_port

KILLS = 20
KILLS_IN_TORTURE = 200


def kill_under_load(target: Target, *, kills: int, seed: int, port: int, log: Path) -> Told:
    """Start the server, load it, kill it, `kills` times; then start it once more and deliver what waits."""
    chance = random.Random(seed)
    load = Load(target, port, seed=seed)
    pool = load.start()
    try:
        for _ in range(kills):
            with running(target, port, log) as server:
                load.wait_for(chance.randint(5, 25))  # acknowledged by this server, however slow the machine is
                time.sleep(chance.uniform(0, 0.05))
                server.kill()
    finally:
        load.stop(pool)
    with running(target, port, log):
        load.finish()
    return load.told


def assert_under_real_load(told: Told, kills: int) -> None:
    assert len(told.acknowledged) >= 5 * kills, "too little load to show anything"
    assert set(told.acknowledged) != told.sent, "no kill met a request in flight"


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """One that waits for the disk."""
    with running_cluster(binaries_or_skip(), fsync=True) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: Cluster) -> str:
    """Its own migrated, empty database."""
    postgres_cluster.execute("CREATE DATABASE migrated")
    migrate(postgres_cluster.url("migrated"))
    return "migrated"


@pytest.fixture
def player(database_url: str, tmp_path: Path) -> Player:
    """The real server with a published tutorial and an open visit."""
    return Player(App(folder=tmp_path, database_url=database_url))


@pytest.fixture
def database(database_url: str, player: Player) -> Iterator[Database]:
    """The server's database."""
    database = Database(database_url)
    yield database
    database.dispose()


def test_twenty_kills_lose_and_double_nothing(player: Player, database: Database, tmp_path: Path) -> None:
    told = kill_under_load(player, kills=KILLS, seed=1, port=player.port, log=tmp_path / "server.log")
    assert_under_real_load(told, KILLS)
    check(database, player.keys, player, told)


def test_postgresql_waits_for_the_disk_where_servers_are_killed(postgres_database: Database) -> None:
    with postgres_database.reading() as session:
        assert session.scalar(text("SHOW fsync")) == "on"


@pytest.mark.torture
def test_two_hundred_kills_lose_and_double_nothing(player: Player, database: Database, tmp_path: Path) -> None:
    told = kill_under_load(player, kills=KILLS_IN_TORTURE, seed=2, port=player.port, log=tmp_path / "server.log")
    assert_under_real_load(told, KILLS_IN_TORTURE)
    check(database, player.keys, player, told)


def test_the_check_sees_what_a_server_loses_that_answers_before_it_commits(
    sqlite_url: str, key_file: Path, keys: KeyRing, tmp_path: Path
) -> None:
    hasty = Ingest(sqlite_url, key_file, answers_before_commit=True)
    told = kill_under_load(hasty, kills=3, seed=3, port=free_port(), log=tmp_path / "server.log")
    database = Database(sqlite_url)
    with pytest.raises(AssertionError, match="acknowledged and lost"):
        check(database, keys, hasty, told)
    database.dispose()
