"""Pictures that parts may show: PNG, JPEG or WebP, made anew from their dots, so that nothing else comes along.

1. What a file is, its content says, never its name: only the three formats are opened (SVG is not among them).
2. Its size in dots is read before the dots are: a bomb is refused unopened.
3. It is drawn anew without metadata (places, names, thumbnails), at most 1,200 dots wide.
"""

import io
import re
import warnings
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.models import PictureRow

MOST_BYTES = 3_000_000
MOST_DOTS = 16_000_000
MOST_WIDTH = 1200
MOST_KEPT = 600_000
MOST_ALT = 200
_WRITTEN_AS: dict[str, dict[str, Any]] = {
    "PNG": {"optimize": True},
    "JPEG": {"quality": 85},
    "WEBP": {"quality": 85, "method": 4},
}
KINDS = {"PNG": ("image/png", "png"), "JPEG": ("image/jpeg", "jpg"), "WEBP": ("image/webp", "webp")}
"""Pillow's name -> media type, ending."""


class PictureRefused(ValueError):
    """The file is no picture that we keep; the text says why, in words for the page."""


@dataclass(frozen=True)
class Remade:
    """A picture made anew."""

    kind: str
    ending: str
    width: int
    height: int
    content: bytes


@dataclass(frozen=True)
class Picture:
    """A picture as it is served."""

    name: str
    kind: str
    content: bytes


def find_picture(session: Session, *, organization: UUID, name: str) -> Picture | None:
    """A picture of the organization's library, also one that is no longer offered."""
    row = session.get(PictureRow, (organization, name))
    return Picture(row.name, row.kind, row.content) if row else None


def picture_names(session: Session, *, organization: UUID) -> frozenset[str]:
    """What parts may name."""
    return frozenset(session.scalars(select(PictureRow.name).where(PictureRow.organization == organization)))


def name_of(title: str, ending: str) -> str:
    """ "Handoff tab" -> "handoff-tab.png"."""
    stem = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:50].strip("-")
    return f"{stem or 'picture'}.{ending}"


def remake(content: bytes) -> Remade:
    """The picture made anew; raises :class:`PictureRefused`."""
    if len(content) > MOST_BYTES:
        raise PictureRefused("The file is larger than 3 MB.")
    # Slow to import, and only trainers need it.
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=tuple(KINDS)) as opened:
                return _remade(opened, ImageOps)
    except UnidentifiedImageError as error:
        raise PictureRefused("This is no PNG, JPEG or WebP picture.") from error
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, Warning) as error:
        if isinstance(error, PictureRefused):
            raise
        raise PictureRefused("The picture is damaged or far too large.") from error


def _remade(opened: Any, operations: Any) -> Remade:
    width, height = opened.size
    if width * height > MOST_DOTS:
        raise PictureRefused("The picture has more than 16 million dots.")
    if min(width, height) < 16:
        raise PictureRefused("The picture is smaller than 16 by 16 dots.")
    kind, ending = KINDS[opened.format]
    upright = operations.exif_transpose(opened)
    clear = ending != "jpg" and ("A" in upright.getbands() or "transparency" in upright.info)
    plain = upright.convert("RGBA" if clear else "RGB")
    if plain.width > MOST_WIDTH:
        plain = plain.resize((MOST_WIDTH, max(1, round(plain.height * MOST_WIDTH / plain.width))))
    content = _written(plain, opened.format)
    if len(content) > MOST_KEPT:
        raise PictureRefused("Even made smaller, the picture takes more than 600 kB. Cut out what matters.")
    return Remade(kind, ending, plain.width, plain.height, content)


def _written(picture: Any, format_name: str) -> bytes:
    out = io.BytesIO()
    picture.info = {}
    picture.save(out, format_name, **_WRITTEN_AS[format_name])
    return out.getvalue()
