"""Read a zip or a set of uploaded files into memory, as one flat folder with at most `pictures/` in it.

Nothing is unpacked to disk, so no name can lead anywhere; names that try are refused all the same.
1. Few and small: the number of entries, each entry's bytes and their sum are limited, counted while reading,
   whatever the archive says of itself.
2. Plain: no links, no encryption, no absolute names, no "..", no name twice.
3. One common folder around everything is taken off, as file managers put it there.
"""

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing

MOST_ARCHIVE = 8_000_000
"""Bytes of an archive, or of all uploaded files together."""
MOST_ENTRIES = 2_000
MOST_FILE = 1_000_000
MOST_UNPACKED = 40_000_000
PICTURES = "pictures/"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,119}")
_LEFT_OUT = re.compile(r"(^|/)(__MACOSX/|\.)|/$|^$")
"""What file managers add: hidden files, folders' own entries."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNREADABLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,  # the packed bytes are damaged
    RuntimeError,  # a password is asked for; and its kinds: a newer format, patched data, strong encryption
    EOFError,
    OSError,
    ValueError,
    IndexError,  # lengths within it that lead past its end, as the next
    struct.error,
)
"""All that zipfile raises for bytes that are no archive."""


class ArchiveRefused(ValueError):
    """The archive is not read; the text says why, in words for the page."""


def read_zip(content: bytes) -> dict[str, bytes]:
    """Files by name. Raises ArchiveRefused."""
    if len(content) > MOST_ARCHIVE:
        raise ArchiveRefused("The archive is larger than 8 MB.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return files_of(_entries(archive))
    except ArchiveRefused:
        raise
    except _UNREADABLE as error:
        raise ArchiveRefused("This is no zip archive that can be read.") from error


def files_of(given: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    """The same rules for names that come with uploaded files. Raises ArchiveRefused."""
    files: dict[str, bytes] = {}
    seen: set[str] = set()
    for number, (name, content) in enumerate(given, 1):
        if number > MOST_ENTRIES:
            raise ArchiveRefused(f"There are more than {MOST_ENTRIES} files in it.")
        _check_path(name)
        if _LEFT_OUT.search(name):
            continue
        if name.casefold() in seen:
            raise ArchiveRefused(f'The file "{_shown(name)}" is in it twice.')
        seen.add(name.casefold())
        files[name] = content
    return _without_common_folder(files)


def as_zip(files: Mapping[str, bytes]) -> bytes:
    """An archive of these files: the same bytes for the same files, whenever and wherever it is made."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    return out.getvalue()


def _entries(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise ArchiveRefused(f"There are more than {MOST_ENTRIES} files in it.")
    left = MOST_UNPACKED
    for entry in entries:
        _check_path(entry.filename)
        _check_kind(entry)
        content = b"" if entry.is_dir() else _read(archive, entry)
        left -= len(content)
        if left < 0:
            raise ArchiveRefused("Unpacked, the archive is larger than 40 MB.")
        yield entry.filename, content


def _check_kind(entry: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveRefused(f'"{_shown(entry.filename)}" is a link or a device, not a file.')
    if entry.flag_bits & 0x1:
        raise ArchiveRefused("The archive is encrypted.")
    if entry.compress_type not in _METHODS:
        raise ArchiveRefused(f'"{_shown(entry.filename)}" is packed in a way that is not read here.')


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """At most so many bytes, whatever the entry says of its size."""
    with closing(archive.open(entry)) as opened:
        content = opened.read(MOST_FILE + 1)
    if len(content) > MOST_FILE:
        raise ArchiveRefused(f'"{_shown(entry.filename)}" is larger than 1 MB.')
    return content


def _check_path(name: str) -> None:
    parts = name.removesuffix("/").split("/")
    outside = name.startswith("/") or "\\" in name or ":" in name or ".." in parts or "." in parts
    if outside or not name.isprintable() or len(name) > 300:
        raise ArchiveRefused(f'The name "{_shown(name)}" leads out of the folder, or is no plain name.')


def _without_common_folder(files: Mapping[str, bytes]) -> dict[str, bytes]:
    tops = {name.partition("/")[0] for name in files if "/" in name}
    around = len(tops) == 1 and all("/" in name for name in files)
    lone = f"{tops.pop()}/" if around else ""
    plain = {name.removeprefix(lone) if lone != PICTURES else name: content for name, content in files.items()}
    for name in plain:
        if not _NAME.fullmatch(name.removeprefix(PICTURES)):
            raise ArchiveRefused(f'"{_shown(name)}" lies in a folder of its own, or is no plain name.')
    return plain


def _shown(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:80]
