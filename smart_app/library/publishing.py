"""Put a version before the clinicians, or take one away: one row, the search index, the library's revision.

Who may do so is the studio's concern. Verbs flush; callers hold the library's row (:func:`lock_library`) and commit.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smart_app.library.findings import Findings
from smart_app.library.models import AiFeatureRow, LibraryFileRow, LibraryRow, LocalSlotRow, TutorialVersionRow
from smart_app.library.registries import SOURCES, read_sources
from smart_app.library.rendering import render
from smart_app.library.search_index import index_library
from smart_app.library.tutorial_file import ParsedTutorial

_NO_SOURCES = "format: preceptor-sources/1\nsources:\n"


class VersionTaken(ValueError):
    """There is a version of this number or a later one already."""


def lock_library(session: Session, *, organization: UUID) -> LibraryRow:
    """The library's row, held until the end: two changes at once go one after the other."""
    library = session.get(LibraryRow, organization, with_for_update=True)
    if library is None:
        library = LibraryRow(organization=organization, revision=0, sensitive={})
        session.add(library)
        session.flush()
    return library


def library_changed(session: Session, library: LibraryRow) -> None:
    """Let every process read it anew."""
    session.flush()
    index_library(session, organization=library.organization)
    library.revision += 1
    session.flush()


def newest_version(session: Session, *, organization: UUID, tutorial: str) -> int:
    """The highest number that was ever published; 0 for none."""
    row = TutorialVersionRow
    highest = select(func.max(row.version)).where(
        row.organization == organization, row.tutorial == tutorial, row.status != "draft"
    )
    return session.scalar(highest) or 0


def add_version(
    session: Session,
    *,
    organization: UUID,
    parsed: ParsedTutorial,
    slots: Mapping[str, str],
    people: tuple[str, str],
    in_progress: str | None,
    now: datetime,
) -> None:
    """Publish what was checked. `people`: names of author and reviewer. Raises :class:`VersionTaken`."""
    if parsed.version != newest_version(session, organization=organization, tutorial=parsed.id) + 1:
        raise VersionTaken(f"{parsed.id} version {parsed.version}")
    taught_for = feature_version(session, organization=organization, feature=parsed.front["ai_feature"])
    row = session.get(TutorialVersionRow, (organization, parsed.id, parsed.version))
    if row is None:
        row = TutorialVersionRow(organization=organization, tutorial=parsed.id, version=parsed.version, saved_at=now)
    row.source, row.front_matter, row.rendered = parsed.text, parsed.front, render(parsed, slots.get)
    row.author, row.reviewer = people
    row.published_at, row.in_progress = now, in_progress
    row.feature_version, row.status = taught_for, "published"
    session.add(row)
    _keep_slots(session, organization, parsed.id, slots)


def feature_version(session: Session, *, organization: UUID, feature: str) -> str | None:
    """The AI feature's version here; None for "any" and for what is not in the registry."""
    return session.scalar(
        select(AiFeatureRow.version).where(AiFeatureRow.organization == organization, AiFeatureRow.id == feature)
    )


def sources_of(session: Session, *, organization: UUID) -> dict[str, dict[str, str]]:
    """The library's sources by id: title, url, the sentence relied on, how it was checked."""
    row = session.get(LibraryFileRow, (organization, SOURCES))
    found = read_sources(row.source, Findings(SOURCES)) if row else []
    return {str(entry.get("id")): entry for entry in found}


def add_sources(session: Session, *, organization: UUID, sources: Sequence[Mapping[str, str]]) -> None:
    """Write those that the library does not list yet at the end of its sources.yaml; what stands there stays."""
    listed = sources_of(session, organization=organization)
    new = [source for source in sources if source["id"] not in listed]
    if not new:
        return
    row = session.get(LibraryFileRow, (organization, SOURCES))
    if row is None:
        row = LibraryFileRow(organization=organization, name=SOURCES, source=_NO_SOURCES)
        session.add(row)
    added = row.source.rstrip("\n") + "\n" + "".join(map(_entry, new))
    faults = Findings(SOURCES)
    read_sources(added, faults)
    row.source = added if not faults.found else _NO_SOURCES + "".join(map(_entry, [*listed.values(), *new]))
    session.flush()


def slots_of(session: Session, *, organization: UUID, tutorial: str) -> dict[str, str]:
    """What the organization put into this tutorial's slots."""
    rows = session.scalars(
        select(LocalSlotRow).where(LocalSlotRow.organization == organization, LocalSlotRow.tutorial == tutorial)
    )
    return {row.slot: row.value for row in rows}


def _entry(source: Mapping[str, str]) -> str:
    lines = [f"    {name}: {_quoted(source[name])}\n" for name in ("title", "url", "sentence", "checked")]
    return f"  - id: {source['id']}\n" + "".join(lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _keep_slots(session: Session, organization: UUID, tutorial: str, slots: Mapping[str, str]) -> None:
    for slot, value in slots.items():
        row = session.get(LocalSlotRow, (organization, tutorial, slot))
        if row is None:
            session.add(LocalSlotRow(organization=organization, tutorial=tutorial, slot=slot, value=value))
        else:
            row.value = value
