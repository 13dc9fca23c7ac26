"""Which schema this version needs and which one a database has, without alembic."""

from functools import cache
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

_VERSIONS = Path(__file__).parent / "versions"


@cache
def head() -> str:
    """The newest step of this version: the number that leads the last file's name, say "0005"."""
    return max(path.name[:4] for path in _VERSIONS.glob("[0-9][0-9][0-9][0-9]_*.py"))


def current(session: Session) -> str | None:
    """The step the database is at; None where it was never migrated."""
    if not inspect(session.connection()).has_table("alembic_version"):
        return None
    step: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
    return step
