"""Write an organization's library as files: byte for byte what was taken in."""

from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.models import LibraryFileRow, TutorialVersionRow


def export_library(session: Session, *, organization: UUID, folder: Path) -> list[str]:
    """Write the newest version of each tutorial and the files beside them; returns the names written."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = _texts(session, organization)
    for name, text in sorted(texts.items()):
        (folder / name).write_bytes(text.encode())
    return sorted(texts)


def _texts(session: Session, organization: UUID) -> dict[str, str]:
    files = session.scalars(select(LibraryFileRow).where(LibraryFileRow.organization == organization))
    texts = {row.name: row.source for row in files}
    versions = session.scalars(
        select(TutorialVersionRow)
        .where(TutorialVersionRow.organization == organization)
        .order_by(TutorialVersionRow.tutorial, TutorialVersionRow.version)
    )
    return texts | {f"{row.tutorial}.md": row.source for row in versions}
