"""What *My record* says of rows that name a learner: the words stand at the column, in each room's own models."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, ColumnElement, String, cast, func, select
from sqlalchemy.orm import Session

from smart_app.db import Base

_HELD = "held"


@dataclass(frozen=True)
class Held:
    """Words for the rows in which a column names the learner; `{}` is how many there are."""

    words: str
    organization: str
    """Column of the organization that the learner belongs to."""


def held(words: str, *, organization: str = "organization") -> dict[str, Held]:
    """`info` for a column that names a learner: the id itself, its hex, or a JSON in which the hex stands."""
    return {_HELD: Held(words, organization)}


def held_columns() -> Iterator[tuple[Column[Any], Held]]:
    """Every column of the app's tables that says so, in a fixed order."""
    for table in sorted(Base.metadata.tables.values(), key=lambda each: each.name):
        for column in table.columns:
            if _HELD in column.info:
                yield column, column.info[_HELD]


def held_lines(session: Session, *, organization: UUID, learner: UUID) -> list[str]:
    """A line for each such column under which something is kept."""
    said = []
    for column, of_it in held_columns():
        mine = column.table.c[of_it.organization] == organization
        count = session.scalar(select(func.count()).select_from(column.table).where(mine, _names(column, learner)))
        said += [of_it.words.format(count)] if count else []
    return said


def _names(column: Column[Any], learner: UUID) -> ColumnElement[bool]:
    if isinstance(column.type, JSON):
        return cast(column, String).contains(learner.hex)
    return column == (learner.hex if isinstance(column.type, String) else learner)
