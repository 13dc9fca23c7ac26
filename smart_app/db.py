"""The database: SQLite or PostgreSQL behind one door.

Two kinds of session, since a request either reads or writes:

- ``reading()``: a deferred transaction that is rolled back at the end;
- ``writing()``: on SQLite ``BEGIN IMMEDIATE``, so that a read-modify-write never
  loses an update. Views commit; verbs flush; what is not committed is rolled back.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, TypeVarTuple, cast

from pysqlite3 import dbapi2 as sqlite3
from sqlalchemy import (
    DateTime,
    Dialect,
    Engine,
    Executable,
    MetaData,
    Table,
    TypeDecorator,
    create_engine,
    event,
    literal,
)
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.orm import DeclarativeBase, Session

Keys = TypeVarTuple("Keys")
Found = TypeVar("Found")
_READ = "preceptor_read"
_SEEN = "preceptor_seen"
_WRITE = "preceptor_write"
_SOON = "preceptor_soon"
Seen = dict[tuple[Any, ...], Any]
"""What :func:`once` has read: (how, of what) -> what it found."""
LAST_USED_FIRST = {"pool_use_lifo": True}
"""Which connection is taken: the pages and statements of the one used last are still in memory."""
_WAL_IS_SOUND_FROM = (3, 51, 3)
"""SQLite before 3.51.3 can corrupt a WAL database when two connections checkpoint at once."""


class Base(DeclarativeBase):
    """All tables. Every primary key leads with the organization."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: takes aware datetimes only, gives aware UTC ones on both databases.

    SQLite keeps no time zone, so it stores naive UTC. Raises ValueError for a naive datetime.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone says no moment")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def sqlite_journal_mode(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """WAL where this SQLite's WAL is sound, else TRUNCATE (sqlite.org/wal.html, "WAL-reset bug")."""
    return "WAL" if version >= _WAL_IS_SOUND_FROM else "TRUNCATE"


class Database:
    """An engine and its two kinds of session."""

    def __init__(self, url: str, *, echo: bool = False) -> None:
        """`url`: a SQLAlchemy URL, ``sqlite:///...`` or ``postgresql+psycopg://...``."""
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.engine: Engine = create_engine(
            parsed,
            echo=echo,
            pool_size=16,
            # An error's text goes to the log: it names the statement, never the values.
            hide_parameters=True,
            **_options(parsed),
        )
        self._of_thread = threading.local()
        self._writing_engine = self.engine.execution_options(**{_WRITE: True})
        self._soon_engine = self.engine.execution_options(**{_WRITE: True, _SOON: True})
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            event.listen(self._soon_engine, "begin", _begin_soon)

    @contextmanager
    def reading(self, seen: Seen | None = None) -> Iterator[Session]:
        """A session for reading; rolled back at the end.

        `seen`: what an earlier session of this request has read, by :func:`once`; it is not read again, and what
        is read here is added. None: nothing yet.

        Within another one of this thread it is the same session. With two, SQLite's rollback journal would let
        both this thread and a writer wait: the writer for our first read to end, our second read for the writer.
        """
        outer: Session | None = getattr(self._of_thread, "reading", None)
        if outer is not None:
            yield outer
            return
        with Session(self.engine, expire_on_commit=False, info={_READ: {} if seen is None else seen}) as session:
            self._of_thread.reading = session
            try:
                yield session
            finally:
                self._of_thread.reading = None

    @contextmanager
    def writing(self, *, durable: bool = True, seen: Seen | None = None) -> Iterator[Session]:
        """A session for writing; the caller commits, else it is rolled back.

        `durable` false: what is committed is there for everybody at once and outlives a killed process, but may
        be lost with the machine's power. For what its owner simply does again, such as a launch under way.
        `seen`: what :func:`once` takes from a session before this one. Only for what this one does not change.
        """
        engine = self._writing_engine if durable else self._soon_engine
        with Session(engine, expire_on_commit=False, info={_SEEN: seen or {}}) as session:
            yield session

    @contextmanager
    def writing_connection(self, *, durable: bool = True) -> Iterator[Connection]:
        """One connection in one writing transaction, committed at the end: for what needs no objects."""
        with (self._writing_engine if durable else self._soon_engine).begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Close pooled connections (before a fork, at the end of a test)."""
        self.engine.dispose()


@contextmanager
def closing_database(url: str) -> Iterator[Database]:
    """A database for one command: its connections are closed at the end."""
    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()


def once(session: Session, read: Callable[[Session, *Keys], Found], *keys: *Keys) -> Found:
    """What `read(session, *keys)` gives; in a session for reading it is read once, since it cannot change there.

    A session for writing reads anew, but for what it was told that was seen.
    """
    held = session.info.get(_READ)
    if held is None:
        seen: Seen = session.info.get(_SEEN, {})
        return seen[read, keys] if (read, keys) in seen else read(session, *keys)
    if (read, keys) not in held:
        held[read, keys] = read(session, *keys)
    found: Found = held[read, keys]
    return found


def insert_new(session: Session, model: type[Base], **values: Any) -> bool:
    """Insert a row unless its primary key is there; True where this call inserted it.

    PostgreSQL waits here for another transaction that is inserting the same key, and inserts
    if that one rolls back. SQLite has one writer at a time.
    """
    statement = _insert_unless_there(cast(Table, model.__table__), session.get_bind().dialect.name)
    return session.execute(statement, values).first() is not None


@cache
def _insert_unless_there(table: Table, dialect: str) -> Executable:
    # Each dialect is imported where it is spoken: a server loads one of them.
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    # RETURNING says for certain whether a row went in; drivers and ORM differ in their row counts.
    return insert(table).on_conflict_do_nothing().returning(literal(True))


def _options(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        # 30 s for SQLite's lock: a writer that waits is better than one that fails.
        last_used_first = {} if url.database in (None, "", ":memory:") else LAST_USED_FIRST
        return {"module": sqlite3, "connect_args": {"timeout": 30.0}, **last_used_first}
    # ledger.record() reads the row that another sender committed a moment ago, which a server
    # whose default is REPEATABLE READ would hide.
    isolation = {"isolation_level": "READ COMMITTED"}
    return {"connect_args": {"connect_timeout": 5}, "pool_pre_ping": True, **isolation, **LAST_USED_FIRST}


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA journal_mode = {sqlite_journal_mode()}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITE, False)
    # On the driver's own connection: through SQLAlchemy this one word costs as much as a query.
    raw = cast(sqlite3.Connection, connection.connection.driver_connection)
    if writes:
        _set_synchronous(connection, raw)
    raw.execute("BEGIN IMMEDIATE" if writes else "BEGIN")


def _set_synchronous(connection: Connection, raw: sqlite3.Connection) -> None:
    """Acknowledged means on disk: FULL is durable in both journal modes. Without WAL, less could cost the file."""
    soon = connection.get_execution_options().get(_SOON, False) and sqlite_journal_mode() == "WAL"
    wanted = "NORMAL" if soon else "FULL"
    if connection.info.get(_SOON) != wanted:
        raw.execute(f"PRAGMA synchronous = {wanted}")
        connection.info[_SOON] = wanted


def _begin_soon(connection: Connection) -> None:
    connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
