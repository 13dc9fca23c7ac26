"""Launch reports in SQL, at most so many a minute.

The report of a failed launch is there when the page that names it is. Those of launches that went well are
written a moment later, together: nobody waits for them, and at a shift change one commit holds many.
"""

import atexit
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.exc import SQLAlchemyError

from launch.stores import ReportRecord
from smart_app.db import Database
from smart_app.logs import get_logger
from smart_app.organizations.models import LaunchReportRow

log = get_logger(__name__)

UNKNOWN_ISSUERS = UUID(int=0)
"""Reports of launches from issuers that are not registered, all together."""
REPORTS_A_MINUTE = 600
"""Most reports kept a minute by one worker, for each organization; more are logged and dropped."""
REPORTS_OF_UNKNOWN_A_MINUTE = 30
GATHERED_SECONDS = 1.0
_REPORTS = cast(Table, LaunchReportRow.__table__)
_INSERT = _REPORTS.insert()
_KEPT = timedelta(days=30)
_PURGE_SECONDS = 600.0


class Purge:
    """Says every ten minutes that it is time to remove old rows."""

    def __init__(self) -> None:
        self._due = time.monotonic() + _PURGE_SECONDS

    def is_due(self) -> bool:
        """Whether it is time; then not again for ten minutes."""
        if time.monotonic() < self._due:
            return False
        self._due = time.monotonic() + _PURGE_SECONDS
        return True


class SqlReports:
    """A :class:`launch.stores.ReportSink`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._purge = Purge()
        self._lock = threading.Lock()
        self._minute = 0
        self._written: dict[UUID, int] = {}
        self._waiting: list[dict[str, Any]] = []
        self._is_gathering = False
        self._flushing = threading.Lock()
        atexit.register(self.flush)

    def write(self, report: ReportRecord) -> None:
        """Keep it in a transaction of its own; above the cap, or with the database away, it is only logged."""
        organization = UUID(report.organization) if report.organization else UNKNOWN_ISSUERS
        if not self._may_write(organization):
            log.warning("launch report dropped", reference=report.reference, error=report.error)
            return
        row = _row(organization, report)
        if report.outcome == "launched":
            self._keep_later(row)
        else:
            self._keep([row])

    def flush(self) -> None:
        """Write what waits; returns when it is written. At the end of the process, and for tests."""
        with self._flushing:
            with self._lock:
                rows, self._waiting = self._waiting, []
            if rows:
                self._keep(rows)

    def close(self) -> None:
        """Write what waits, and let go of the end of the process: this app is not used again."""
        self.flush()
        atexit.unregister(self.flush)

    def _keep_later(self, row: dict[str, Any]) -> None:
        with self._lock:
            self._waiting.append(row)
            first, self._is_gathering = not self._is_gathering, True
        if first:
            threading.Thread(target=self._gather, name="launch reports", daemon=True).start()

    def _gather(self) -> None:
        time.sleep(GATHERED_SECONDS)
        with self._lock:
            self._is_gathering = False  # before the rows are taken: one that comes after that is gathered anew
        self.flush()

    def _keep(self, rows: list[dict[str, Any]]) -> None:
        try:
            with self._database.writing_connection() as connection:
                connection.execute(_INSERT, rows)
                if self._purge.is_due():
                    old = _REPORTS.c.started_at < datetime.now(UTC) - _KEPT
                    connection.execute(_REPORTS.delete().where(old))
        except SQLAlchemyError as error:
            references = [row["reference"] for row in rows]
            log.error("launch reports not kept", references=references, fault=type(error).__name__)

    def _may_write(self, organization: UUID) -> bool:
        minute = int(time.time() // 60)
        with self._lock:
            if minute != self._minute:
                self._minute, self._written = minute, {}
            written = self._written.get(organization, 0)
            self._written[organization] = written + 1
        return written < (REPORTS_OF_UNKNOWN_A_MINUTE if organization == UNKNOWN_ISSUERS else REPORTS_A_MINUTE)


def _row(organization: UUID, report: ReportRecord) -> dict[str, Any]:
    return {
        "organization": organization,
        "reference": report.reference,
        "registration": UUID(report.registration_id) if report.registration_id else None,
        "ehr_name": report.ehr_name,
        "outcome": report.outcome,
        "error": report.error,
        "reason": report.reason[:500] if report.reason else None,
        "steps": [dict(step) for step in report.steps],
        "missing": list(report.missing),
        "started_at": report.started_at,
        "milliseconds": report.milliseconds,
    }
