"""Monthly partitions of usage_events on PostgreSQL: this month and three ahead, with a DEFAULT below them all."""

from datetime import date
from itertools import pairwise

from sqlalchemy import Connection, text

MONTHS_AHEAD = 3


def ensure_partitions(connection: Connection, *, today: date) -> list[str]:
    """Make the partitions of this month and the three after it that are missing; their names. Nothing on SQLite.

    Events that a late run finds in the DEFAULT partition are moved to their month. Run it in a
    transaction of its own; it holds the table's lock for as long as the move takes.
    """
    if connection.dialect.name != "postgresql":
        return []
    months = [_month(today, ahead) for ahead in range(MONTHS_AHEAD + 2)]
    return [name for start, end in pairwise(months) if (name := _make(connection, start, end)) is not None]


def _month(today: date, ahead: int) -> date:
    years, month = divmod(today.month - 1 + ahead, 12)
    return date(today.year + years, month + 1, 1)


def _make(connection: Connection, start: date, end: date) -> str | None:
    name = f"usage_events_{start:%Y_%m}"
    if connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is not None:
        return None
    # Names and dates are made here, from a date; the DDL takes no parameters.
    within = f"recorded_at >= '{start}T00:00Z' AND recorded_at < '{end}T00:00Z'"
    create = f"CREATE TABLE {name} PARTITION OF usage_events FOR VALUES FROM ('{start}T00:00Z') TO ('{end}T00:00Z')"
    if connection.scalar(text(f"SELECT EXISTS (SELECT FROM usage_events_default WHERE {within})")):  # noqa: S608 -- the dates are ours
        _make_and_move(connection, create, within)
    else:
        connection.execute(text(create))
    return name


def _make_and_move(connection: Connection, create: str, within: str) -> None:
    """PostgreSQL makes no partition for rows that the DEFAULT one holds: detach it, move them, attach it again.

    While detached it has not the triggers that refuse DELETE; attaching brings them back.
    """
    for statement in (
        "ALTER TABLE usage_events DETACH PARTITION usage_events_default",
        create,
        f"INSERT INTO usage_events SELECT * FROM usage_events_default WHERE {within}",  # noqa: S608 -- the dates are ours
        f"DELETE FROM usage_events_default WHERE {within}",  # noqa: S608 -- the dates are ours
        "ALTER TABLE usage_events ATTACH PARTITION usage_events_default DEFAULT",
    ):
        connection.execute(text(statement))
