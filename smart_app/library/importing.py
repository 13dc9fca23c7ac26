"""Take a folder or an archive of tutorials into an organization's library, and publish them.

All or nothing: what is wrong is told, file by file, and nothing is written. Doing it again changes nothing.
"""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.library.bundle import Bundle, read_bundle
from smart_app.library.bundle_parts import check_targets_of, known_roles, save_pictures, save_targets
from smart_app.library.checking import check_bundle
from smart_app.library.findings import Finding, Findings
from smart_app.library.import_order import STARTER_AUTHOR, ImportReport, Order
from smart_app.library.models import LibraryRow, LocalSlotRow, TutorialVersionRow
from smart_app.library.pictures import picture_names
from smart_app.library.publishing_rules import check_people, check_publishing, check_version, unused_values
from smart_app.library.registries import ALL_TUTORIALS, LOCAL, LocalFile, read_local
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


def import_library(session: Session, *, organization: UUID, folder: Path, **asked: Any) -> ImportReport:
    """Take in a folder or a zip; `asked` as in :func:`import_bundle`. Raises ImportRefused, ArchiveRefused, OSError."""
    return import_bundle(session, organization=organization, bundle=read_bundle(folder), **asked)


def import_bundle(
    session: Session,
    *,
    organization: UUID,
    bundle: Bundle,
    local: LocalFile | None = None,
    author: str = STARTER_AUTHOR,
    reviewer: str | None = None,
    publish: bool = False,
    grade: bool = True,
    allows_hosts: bool = True,
    keys: KeyRing | None = None,
) -> ImportReport:
    """Check and take in all files; `publish` needs a `reviewer` who is not the author.

    `local`: instead of the bundle's own local.yaml. `keys`: to know pictures that were made here before.
    `allows_hosts`: launch links may lie on new hosts, which are allowed from then on: for the command line alone.
    Flushes; the caller commits. Raises :class:`ImportRefused`: then the caller must not commit.
    """
    findings, notes = _judge(session, organization, bundle, grade=grade)
    findings += check_people(bundle.name, author, reviewer, publish=publish)
    order = Order(
        organization=organization,
        author=author,
        reviewer=reviewer if publish else None,
        local=_local(session, organization, bundle, local, findings),
        now=datetime.now(UTC),
    )
    texts = bundle.texts
    tutorials = [found for name in texts if isinstance(found := _parsed(name, texts[name]), ParsedTutorial)]
    library = _lock(session, organization)
    newest = _newest(session, organization)
    for tutorial in tutorials:
        findings += check_version(session, tutorial, order, newest)
        findings += check_publishing(tutorial, order)
    findings += check_targets_of(session, order, {*newest, *(tutorial.id for tutorial in tutorials)})
    findings += [] if allows_hosts else foreign_links(session, texts, order)
    if findings:
        raise ImportRefused(findings)
    report = ImportReport(notes=notes + unused_values(order.local, tutorials))
    _save(session, bundle, tutorials, library, order, report, keys)
    return report


def _save(
    session: Session,
    bundle: Bundle,
    tutorials: list[ParsedTutorial],
    library: LibraryRow,
    order: Order,
    report: ImportReport,
    keys: KeyRing | None,
) -> None:
    allow_links(session, bundle.texts, order, actor=order.reviewer or order.author)
    wrong = save_pictures(session, bundle, order, report, keys)
    if wrong:
        raise ImportRefused(wrong)
    for tutorial in tutorials:
        save_tutorial(session, tutorial, order, report)
    save_files(session, bundle.texts, order, report)
    save_features(session, bundle.texts, order, report)
    note_feature_versions(session, order.organization)
    save_sensitive(library, order, report)
    save_targets(session, order)
    index_library(session, organization=order.organization)
    if report.changed:
        _raise_revision(session, library, order, report)
    session.flush()


def _local(
    session: Session, organization: UUID, bundle: Bundle, given: LocalFile | None, findings: list[Finding]
) -> LocalFile:
    """What was given, else the bundle's own; a slot that neither fills keeps what this organization put there."""
    if given is None:
        found = Findings(LOCAL)
        given = read_local(bundle.local, found) if bundle.local is not None else LocalFile()
        findings += found.in_order()
    rows = select(LocalSlotRow).where(LocalSlotRow.organization == organization)
    slots: dict[str, dict[str, str]] = {place: dict(values) for place, values in given.slots.items()}
    everywhere = slots.get(ALL_TUTORIALS, {})
    for row in session.scalars(rows):
        if row.slot not in everywhere:
            slots.setdefault(row.tutorial, {}).setdefault(row.slot, row.value)
    return replace(given, slots=slots)


def _judge(session: Session, organization: UUID, bundle: Bundle, *, grade: bool) -> tuple[list[Finding], list[str]]:
    """Findings that refuse, and notes: a review date that has passed must not take a library away."""
    here = picture_names(session, organization=organization)
    roles = known_roles(session, organization=organization)
    found = check_bundle(bundle, grade=grade, pictures=here, roles=roles)
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
    before = library.revision
    library.revision += 1
    told = {
        name: names for name, names in asdict(report).items() if name in ("published", "saved", "retired") and names
    }
    write_audit(
        session,
        organization=order.organization,
        actor=order.reviewer or order.author,
        action="library imported",
        details={
            **told,
            "author": order.author,
            "before": {"revision": before},
            "after": {"revision": library.revision},
        },
    )
