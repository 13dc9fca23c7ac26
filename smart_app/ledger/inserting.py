"""INSERT ... ON CONFLICT DO NOTHING, which both databases know."""

from typing import Any, cast

from sqlalchemy import Table, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from smart_app.db import Base


def insert_new(session: Session, model: type[Base], **values: Any) -> bool:
    """Insert a row unless its primary key is there; True where this call inserted it.

    PostgreSQL waits here for another transaction that is inserting the same key, and inserts
    if that one rolls back. SQLite has one writer at a time.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    table = cast(Table, model.__table__)
    # RETURNING says for certain whether a row went in; drivers and ORM differ in their row counts.
    statement = insert(table).values(**values).on_conflict_do_nothing().returning(literal(True))
    return session.execute(statement).first() is not None
