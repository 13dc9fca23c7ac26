"""INSERT ... ON CONFLICT DO NOTHING, which both databases know."""

from typing import Any

from sqlalchemy import CursorResult, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from smart_app.db import Base


def insert_new(session: Session, model: type[Base], **values: Any) -> bool:
    """Insert a row unless its primary key is there; True where this call inserted it.

    PostgreSQL waits here for another transaction that is inserting the same key, and inserts
    if that one rolls back. SQLite has one writer at a time.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(model).values(**values).on_conflict_do_nothing(index_elements=inspect(model).primary_key)
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount == 1
