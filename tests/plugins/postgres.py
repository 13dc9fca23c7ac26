"""Databases for tests: a private PostgreSQL for the run, and for each test one migrated, empty database.

`database` runs a test on both, SQLite and PostgreSQL.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from smart_app.db import Database
from smart_app.migrations.running import migrate_database

HOW_TO_GET_IT = "no PostgreSQL here: install it (Debian: apt-get install postgresql; macOS: brew install postgresql)"


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL of our own."""

    binaries: Path
    port: int
    password: str

    def url(self, name: str) -> str:
        """SQLAlchemy's URL of the database `name`."""
        return f"postgresql+psycopg://preceptor:{self.password}@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str) -> None:
        """Run one statement outside any transaction, as superuser."""
        with psycopg.connect(self.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """One cluster for this process, reachable on loopback alone.

    No machine loses its power here, and each test makes and drops a database of its own: with fsync the drops alone
    take minutes. Where servers are killed there is a cluster with fsync (`tests/faults`).
    """
    with running_cluster(binaries_or_skip(), fsync=False) as cluster:
        yield cluster


def binaries_or_skip() -> Path:
    """Where PostgreSQL's programs are; without them the test is skipped, or fails in CI."""
    binaries = _find_binaries()
    if binaries is None:
        if os.environ.get("CI") == "true":
            pytest.fail(HOW_TO_GET_IT)
        pytest.skip(HOW_TO_GET_IT)
    return binaries


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: Cluster) -> str:
    """Name of a migrated, empty database from which the others are copied."""
    postgres_cluster.execute("CREATE DATABASE migrated")
    migrate(postgres_cluster.url("migrated"))
    return "migrated"


@pytest.fixture
def postgres_url(postgres_cluster: Cluster, postgres_template: str) -> Iterator[str]:
    """URL of a migrated, empty PostgreSQL database of this test's own."""
    name = f"test_{secrets.token_hex(6)}"
    postgres_cluster.execute(f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield postgres_cluster.url(name)
    postgres_cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file from which the others are copied."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """URL of a migrated, empty SQLite database of this test's own."""
    path = tmp_path / "preceptor.sqlite3"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """A migrated, empty SQLite database."""
    yield from _opened(sqlite_url)


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[Database]:
    """A migrated, empty PostgreSQL database."""
    yield from _opened(postgres_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of a migrated, empty database: the test runs once on each kind."""
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty database: the test runs once on SQLite, once on PostgreSQL."""
    yield from _opened(database_url)


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest revision."""
    database = Database(url)
    try:
        migrate_database(database)
    finally:
        database.dispose()


def _opened(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.dispose()


@contextmanager
def running_cluster(binaries: Path, *, fsync: bool = True) -> Iterator[Cluster]:
    """Make a cluster in a temporary folder, run it, stop it by its own handle, remove it."""
    # Not below pytest's folder: that one is closed to the user postgres, and a socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="preceptor-pg-"))
    user = _user()
    try:
        cluster = _make_cluster(binaries, folder, user)
        server = _start(cluster, folder, user, fsync=fsync)
        try:
            yield cluster
        finally:
            server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            server.wait(30)
    finally:
        shutil.rmtree(folder)


def _find_binaries() -> Path | None:
    on_path = shutil.which("postgres")
    if on_path is not None:
        return Path(on_path).resolve().parent
    versions = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/opt/homebrew/opt").glob("postgresql@*/bin")]
    found = [path for path in versions if (path / "postgres").exists()]
    return max(found, key=lambda path: int("".join(filter(str.isdigit, str(path)))), default=None)


def _user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: as root, run it as `postgres`."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def _make_cluster(binaries: Path, folder: Path, user: dict[str, Any]) -> Cluster:
    password, password_file = secrets.token_urlsafe(24), folder / "password"
    password_file.write_text(password)
    if user:
        for path in (folder, password_file):
            shutil.chown(path, user["user"], user["group"])
    command = [binaries / "initdb", "-D", folder / "data", "-U", "preceptor", f"--pwfile={password_file}"]
    options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"]
    done = subprocess.run([*map(str, command), *options], cwd=folder, capture_output=True, text=True, **user)
    assert done.returncode == 0, done.stderr
    return Cluster(binaries, _free_port(), password)


def _start(cluster: Cluster, folder: Path, user: dict[str, Any], *, fsync: bool) -> subprocess.Popen[bytes]:
    settings = {"port": cluster.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder}
    settings |= {
        "fsync": "on" if fsync else "off",
        "max_connections": 200,
        "timezone": "Pacific/Auckland",
    }  # not UTC: nothing may rely on it
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        command = [str(cluster.binaries / "postgres"), "-D", str(folder / "data"), *options]
        server: subprocess.Popen[bytes] = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **user)
    deadline = time.monotonic() + 60
    while True:
        try:
            cluster.execute("SELECT 1")
            return server
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "log").read_text()) from None
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
