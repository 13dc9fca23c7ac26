"""A learner's own entries as a file: the columns of the organization's export, the learner's rows alone."""

import io
import json
from collections.abc import Iterator
from typing import Any, Literal
from uuid import UUID

from defusedcsv import csv
from sqlalchemy import RowMapping, select
from sqlalchemy.orm import Session

from smart_app.ledger.export import COLUMNS, CSV_COLUMNS
from smart_app.ledger.leaf import plain
from smart_app.ledger.models import UsageEventRow

Format = Literal["csv", "ndjson"]


def own_entries(session: Session, *, organization: UUID, learner: UUID, format: Format) -> str:
    """All usage events of the learner, oldest first, as CSV (RFC 4180, formula-safe) or NDJSON."""
    rows = map(plain, _rows(session, organization, learner))
    return _as_csv(rows) if format == "csv" else "".join(_as_line(row) for row in rows)


def _rows(session: Session, organization: UUID, learner: UUID) -> Iterator[RowMapping]:
    table = UsageEventRow.__table__
    mine = (
        select(*(table.c[name] for name in COLUMNS))
        .where(table.c.organization == organization, table.c.learner == learner)
        .order_by(table.c.recorded_at, table.c.event_id)
    )
    yield from session.execute(mine).mappings()


def _as_line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def _as_csv(rows: Iterator[dict[str, Any]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, CSV_COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        context = row.pop("context")
        codes, reasons = " ".join(context.get("task_codes") or ()), " ".join(row.pop("reasons"))
        writer.writerow({**row, **context, "task_codes": codes, "reasons": reasons})
    return out.getvalue()
