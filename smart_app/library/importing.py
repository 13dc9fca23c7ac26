"""Take a folder of tutorials into an organization's library, and publish them.

All or nothing: what is wrong is told, file by file, and nothing is written. Doing it again changes nothing.
"""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smart_app.library.checking import check_folder, read_texts
from smart_app.library.findings import Finding
from smart_app.library.import_order import STARTER_AUTHOR, ImportReport, Order
from smart_app.library.models import LibraryRow, TutorialVersionRow
from smart_app.library.publishing_rules import check_people, check_publishing, check_version, unused_values
from smart_app.library.registries import LocalFile
from smart_app.library.saving import (
    allow_links,
    foreign_links,
    note_feature_versions,
    save_features,
    save_files,
    save_sensitive,
    save_tutorial,
)
from smart_app.library.search_index import index_library
from smart_app.library.tutorial_file import ParsedTutorial, parse
from smart_app.organizations.verbs import write_audit

__all__ = ["STARTER_AUTHOR", "ImportRefused", "ImportReport", "import_library"]

_PASSED = "review_by has passed:"


class ImportRefused(ValueError):
    """The folder cannot be taken in; `findings` say why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = findings


def import_library(
    session: Session,
    *,
    organization: UUID,
    folder: Path,
    local: LocalFile | None = None,
    author: str = STARTER_AUTHOR,
    reviewer: str | None = None,
    publish: bool = False,
    grade: bool = True,
    allows_hosts: bool = True,
) -> ImportReport:
    """Check and take in all files of `folder`; `publish` needs a `reviewer` who is not the author.

    `allows_hosts`: launch links may lie on new hosts, which are allowed from then on: for the command line alone.
    Flushes; the caller commits. Raises :class:`ImportRefused`, with nothing written.
    """
    findings, notes = _judge(folder, grade=grade)
    findings += check_people(folder, author, reviewer, publish=publish)
    texts, _ = read_texts(folder)
    named = reviewer if publish else None
    order = Order(
        organization=organization,
        author=author,
        reviewer=named,
        local=local or LocalFile(),
        now=datetime.now(UTC),
    )
    tutorials = [found for name in texts if isinstance(found := _parsed(name, texts[name]), ParsedTutorial)]
    library = _lock(session, organization)
    newest = _newest(session, organization)
    for tutorial in tutorials:
        findings += check_version(session, tutorial, order, newest)
        findings += check_publishing(tutorial, order)
    findings += [] if allows_hosts else foreign_links(session, texts, order)
    if findings:
        raise ImportRefused(findings)
    allow_links(session, texts, order, actor=order.reviewer or order.author)
    report = ImportReport(notes=notes + unused_values(order.local, tutorials))
    for tutorial in tutorials:
        save_tutorial(session, tutorial, order, report)
    save_files(session, texts, order, report)
    save_features(session, texts, order, report)
    note_feature_versions(session, organization)
    save_sensitive(library, order, report)
    index_library(session, organization=organization)
    if report.changed:
        _raise_revision(session, library, order, report)
    session.flush()
    return report


def _judge(folder: Path, *, grade: bool) -> tuple[list[Finding], list[str]]:
    """Findings that refuse, and notes: a review date that has passed must not take a library away."""
    found = check_folder(folder, grade=grade)
    notes = [str(finding) for finding in found if finding.wrong == _PASSED]
    return [finding for finding in found if finding.wrong != _PASSED], notes


def _parsed(name: str, text: str) -> ParsedTutorial | list[Finding] | None:
    return parse(text, name=name) if name.endswith(".md") else None


def _lock(session: Session, organization: UUID) -> LibraryRow:
    """The library's row, held until the end: two imports at once go one after the other."""
    library = session.get(LibraryRow, organization, with_for_update=True)
    if library is None:
        library = LibraryRow(organization=organization, revision=0, sensitive={})
        session.add(library)
        session.flush()
    return library


def _newest(session: Session, organization: UUID) -> dict[str, int]:
    rows = session.execute(
        select(TutorialVersionRow.tutorial, func.max(TutorialVersionRow.version))
        .where(TutorialVersionRow.organization == organization, TutorialVersionRow.status != "draft")
        .group_by(TutorialVersionRow.tutorial)
    )
    return {row[0]: row[1] for row in rows}


def _raise_revision(session: Session, library: LibraryRow, order: Order, report: ImportReport) -> None:
    library.revision += 1
    told = {
        name: names for name, names in asdict(report).items() if name in ("published", "saved", "retired") and names
    }
    write_audit(
        session,
        organization=order.organization,
        actor=order.reviewer or order.author,
        action="library imported",
        details={**told, "author": order.author, "revision": library.revision},
    )
