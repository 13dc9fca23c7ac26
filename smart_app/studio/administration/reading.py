"""What Administration shows: reports, the audit, when somebody was here last."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smart_app.organizations.launch_reports import UNKNOWN_ISSUERS
from smart_app.organizations.models import AuditEntry, LaunchReportRow
from smart_app.organizations.naming import code_of
from smart_app.player.dates import day_words
from smart_app.visits.models import Visit

PAGE = 100
"""Entries of the audit on one page."""
_LEARNER = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class AuditLine:
    """An act."""

    at: datetime
    who: str
    what: str
    details: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class AuditPage:
    """Acts, the newest first."""

    lines: tuple[AuditLine, ...]
    older_than: str | None
    """Where the next page begins."""


def audit_page(session: Session, *, organization: UUID, before: datetime | None) -> AuditPage:
    """The organization's own audit."""
    query = select(AuditEntry).where(AuditEntry.organization == organization).order_by(AuditEntry.at.desc())
    if before is not None:
        query = query.where(AuditEntry.at < before)
    rows = session.scalars(query.limit(PAGE + 1)).all()
    older = rows[PAGE - 1].at.isoformat() if len(rows) > PAGE else None
    return AuditPage(tuple(_line(row) for row in rows[:PAGE]), older)


def find_report(session: Session, *, organization: UUID, reference: str) -> LaunchReportRow | None:
    """The report with this reference: of this organization, or of an issuer that nobody registered."""
    ours = LaunchReportRow.organization.in_((organization, UNKNOWN_ISSUERS))
    return session.scalar(select(LaunchReportRow).where(ours, LaunchReportRow.reference == reference))


def failed_launches(session: Session, *, organization: UUID) -> list[LaunchReportRow]:
    """The last twenty that failed."""
    query = select(LaunchReportRow).where(
        LaunchReportRow.organization == organization, LaunchReportRow.outcome == "failed"
    )
    return list(session.scalars(query.order_by(LaunchReportRow.started_at.desc()).limit(20)))


def last_here(session: Session, *, organization: UUID, learners: Iterable[UUID]) -> dict[UUID, str]:
    """ "5 December, as Registered nurse" of each learner who was here in the last 30 days."""
    last = (
        select(Visit.learner, func.max(Visit.started_at).label("at"))
        .where(Visit.organization == organization, Visit.learner.in_(list(learners)))
        .group_by(Visit.learner)
        .subquery()
    )
    rows = session.execute(
        select(Visit.learner, Visit.started_at, Visit.role_titles)
        .join(last, (Visit.learner == last.c.learner) & (Visit.started_at == last.c.at))
        .where(Visit.organization == organization)
    )
    return {row.learner: _here(row.started_at, row.role_titles) for row in rows}


def who_words(actor: str) -> str:
    """An actor of the audit as people read it."""
    if _LEARNER.fullmatch(actor):
        return f"code {code_of(UUID(actor))}"
    return actor


def _here(at: datetime, titles: list[str]) -> str:
    return f"{day_words(at.date())}{', as ' + ', '.join(titles) if titles else ''}"


def _line(row: AuditEntry) -> AuditLine:
    details = tuple((name, _value(value)) for name, value in row.details.items())
    return AuditLine(row.at, who_words(row.actor), row.action, details)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return who_words(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value) or "nothing"
    return json.dumps(value, ensure_ascii=False, default=str)
