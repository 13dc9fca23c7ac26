"""What an import is asked to do, and what it did."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from smart_app.library.registries import LocalFile

STARTER_AUTHOR = "Preceptor starter library"


@dataclass
class ImportReport:
    """What an import did."""

    published: list[str] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)
    """Kept as drafts."""
    retired: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    changed: bool = False
    """Whether anything was written."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What an import is asked to do."""

    organization: UUID
    author: str
    reviewer: str | None
    """Who publishes; None keeps drafts."""
    local: LocalFile
    now: datetime
