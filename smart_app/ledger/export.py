"""Export one organization's ledger: every row, every column, in a stable order, without holding it in memory.

- ``ndjson``: one object a line, exactly the values that the leaf hash is computed over
  (:mod:`smart_app.ledger.leaf`), and the leaf hash and sequence.
- ``csv``: the same columns; `context` and `reasons` are spread into words. No cell runs as a formula
  in a spreadsheet: an apostrophe goes before it.
"""

import json
from collections.abc import Iterator
from typing import Any, Literal, TextIO
from uuid import UUID

from defusedcsv import csv
from sqlalchemy import RowMapping, select, tuple_
from sqlalchemy.orm import Session

from smart_app.ledger.leaf import plain
from smart_app.ledger.models import UsageEventRow

Format = Literal["csv", "ndjson"]

_TABLE = UsageEventRow.__table__
COLUMNS = (
    *("event_id", "organization", "learner", "type", "occurred_at", "recorded_at", "mode", "ehr", "job_role"),
    *("context", "object_type", "object_id", "object_version", "step", "seconds", "quantity", "reasons"),
    *("grade", "strength", "source_reference", "points_at", "schema_version", "leaf_hash", "sequence"),
)
"""Of NDJSON."""
_CONTEXT = ("task_codes", "intent", "encounter_class")
CSV_COLUMNS = tuple(part for name in COLUMNS for part in (_CONTEXT if name == "context" else (name,)))
_PAGE = 1000


def export(session: Session, *, organization: UUID, format: Format, out: TextIO) -> int:
    """Write all rows of the organization that were committed before the call, oldest first; how many.

    `session` is a reading one; its transaction ends after each page, for on SQLite an open
    reader keeps writers waiting. Nothing is lost by that: rows are never changed or removed.
    """
    rows = _rows(session, organization)
    return _write_csv(rows, out) if format == "csv" else _write_ndjson(rows, out)


def _rows(session: Session, organization: UUID) -> Iterator[RowMapping]:
    place = tuple_(_TABLE.c.recorded_at, _TABLE.c.event_id)
    page = (
        select(*(_TABLE.c[name] for name in COLUMNS))
        .where(_TABLE.c.organization == organization)
        .order_by(_TABLE.c.recorded_at, _TABLE.c.event_id)
        .limit(_PAGE)
    )
    rows = session.execute(page).mappings().all()
    while rows:
        session.rollback()
        yield from rows
        last = rows[-1]
        rows = session.execute(page.where(place > (last["recorded_at"], last["event_id"]))).mappings().all()


def _write_ndjson(rows: Iterator[RowMapping], out: TextIO) -> int:
    count = 0
    for row in rows:
        count += 1
        out.write(json.dumps(plain(row), ensure_ascii=False, separators=(",", ":")) + "\n")
    return count


def _write_csv(rows: Iterator[RowMapping], out: TextIO) -> int:
    writer = csv.DictWriter(out, CSV_COLUMNS, lineterminator="\r\n")  # RFC 4180
    writer.writeheader()
    count = 0
    for row in rows:
        count += 1
        writer.writerow(_spread(plain(row)))
    return count


def _spread(row: dict[str, Any]) -> dict[str, Any]:
    context = row.pop("context")
    row |= {name: context.get(name) for name in _CONTEXT}
    row["task_codes"] = " ".join(row["task_codes"] or ())
    row["reasons"] = " ".join(row["reasons"])
    return {name: _without_lead(value) for name, value in row.items()}


def _without_lead(value: Any) -> Any:
    """defusedcsv minds = + - @ | %; some spreadsheets also skip over a tab or line end to what comes after it."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"\t", "\r", "\n"} else value
