"""An organization's library as files: byte for byte what was taken in or published, and what it filled in itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.library.archive import PICTURES, as_zip
from smart_app.library.bundle_parts import picture_list
from smart_app.library.models import LibraryFileRow, LibraryRow, LocalSlotRow, PictureRow, TutorialVersionRow
from smart_app.library.own_targets import own_targets
from smart_app.library.registries import AI_FEATURES, LOCAL, PICTURE_LIST
from smart_app.library.registry_file import registry_file, registry_overrides


class NotPlain(ValueError):
    """Something in the way is a link: writing through it could change a file elsewhere."""


def export_library(session: Session, *, organization: UUID, folder: Path, keys: KeyRing | None = None) -> list[str]:
    """Write the files into a folder, or into a zip where the path ends so; returns the names. Raises NotPlain."""
    files = library_files(session, organization=organization, keys=keys)
    if folder.suffix == ".zip":
        _write(folder, as_zip(files))
        return sorted(files)
    folder.mkdir(parents=True, exist_ok=True)
    if any(name.startswith(PICTURES) for name in files):
        (folder / PICTURES).mkdir(exist_ok=True)
    for name, content in sorted(files.items()):
        _write(folder / name, content)
    return sorted(files)


def library_files(session: Session, *, organization: UUID, keys: KeyRing | None = None) -> dict[str, bytes]:
    """All files by name: the newest version of each tutorial, what stands beside them, pictures, local.yaml."""
    texts = _texts(session, organization)
    pictures = _pictures(session, organization, texts)
    local = local_file(session, organization=organization)
    if local:
        texts[LOCAL] = local
    if pictures:
        texts[PICTURE_LIST] = picture_list(pictures, keys)
    files = {name: text.encode() for name, text in texts.items()}
    return files | {f"{PICTURES}{row.name}": row.content for row in pictures}


def local_file(session: Session, *, organization: UUID) -> str | None:
    """Text of local.yaml: filled slots, facts of AI features, marks of sensitive work, own targets; None: nothing."""
    slots: dict[str, dict[str, str]] = {}
    rows = select(LocalSlotRow).where(LocalSlotRow.organization == organization)
    for row in session.scalars(rows.order_by(LocalSlotRow.tutorial, LocalSlotRow.slot)):
        slots.setdefault(row.tutorial, {})[row.slot] = row.value
    library = session.get(LibraryRow, organization)
    own = {name: targets.as_json() for name, targets in own_targets(session, organization=organization).items()}
    more: dict[str, Any] = {
        "ai_features": registry_overrides(session, organization=organization) or {},
        "sensitive": library.sensitive if library else {},
        "targets": own,
    }
    said = {name: value for name, value in more.items() if value}
    if not slots and not said:
        return None
    facts = {"format": "preceptor-local/1", "slots": slots, **said}
    return "# What this organization filled in.\n" + yaml.safe_dump(facts, allow_unicode=True, width=100)


def _texts(session: Session, organization: UUID) -> dict[str, str]:
    files = session.scalars(select(LibraryFileRow).where(LibraryFileRow.organization == organization))
    texts = {row.name: row.source for row in files}
    if texts and registry_overrides(session, organization=organization) is None:
        texts[AI_FEATURES] = registry_file(session, organization=organization)
    versions = session.scalars(
        select(TutorialVersionRow)
        .where(TutorialVersionRow.organization == organization)
        .order_by(TutorialVersionRow.tutorial, TutorialVersionRow.version)
    ).all()
    # What is published goes before a draft of a later number.
    in_order = sorted(versions, key=lambda row: (row.tutorial, row.status != "draft", row.version))
    return texts | {f"{row.tutorial}.md": row.source for row in in_order}


def _pictures(session: Session, organization: UUID, texts: Mapping[str, str]) -> list[PictureRow]:
    """Those that are offered, and those that a text shows still."""
    rows = session.scalars(select(PictureRow).where(PictureRow.organization == organization).order_by(PictureRow.name))
    whole = "\n".join(texts.values())
    return [row for row in rows if row.removed_at is None or row.name in whole]


def _write(path: Path, content: bytes) -> None:
    if path.is_symlink() or path.parent.is_symlink():
        raise NotPlain(f"{path} is a link. Nothing was written through it.")
    path.write_bytes(content)
