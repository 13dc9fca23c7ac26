"""Attack 23: archives that lead out of their folder, are links, grow without end, or hold ten thousand files."""

import io
import random
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from werkzeug.datastructures import FileStorage

from smart_app.cli import main
from smart_app.library.archive import MOST_ARCHIVE, MOST_ENTRIES, ArchiveRefused, as_zip, files_of, read_zip
from smart_app.organizations.permissions import Permission
from tests.library.sample import LOCAL, write_folder
from tests.plugins.app import RealApp
from tests.plugins.studio import Studio, upload

Make = Callable[[], bytes]


def archive(**files: bytes) -> bytes:
    return named({name.replace("_", "."): content for name, content in files.items()})


def named(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip with these very names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content in files.items():
            made.writestr(zipfile.ZipInfo(name) if method == zipfile.ZIP_STORED else name, content)
    return out.getvalue()


def kind(mode: int, name: str = "a.md", content: bytes = b"/etc/passwd") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        entry = zipfile.ZipInfo(name)
        entry.create_system, entry.external_attr = 3, (mode | 0o777) << 16
        made.writestr(entry, content)
    return out.getvalue()


def bomb() -> bytes:
    """200 MB of zeros in some 200 kB."""
    return named({f"{number}.md": bytes(900_000) for number in range(222)})


def one_large() -> bytes:
    return named({"a.md": bytes(60_000_000)})


def liar() -> bytes:
    """Says that its 60 MB are ten bytes."""
    content = bytearray(one_large())
    for header, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = content.index(header) + at
        content[start : start + 4] = struct.pack("<I", 10)
    return bytes(content)


def many() -> bytes:
    return named({f"{number}.md": b"" for number in range(10_000)})


def encrypted() -> bytes:
    content = bytearray(named({"a.md": b"text"}))
    for header, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.index(header) + at
        content[start] |= 1
    return bytes(content)


def overlapping() -> bytes:
    """Entries of the directory that all point at the same large one (a bomb without recursion)."""
    whole = named({"a.md": bytes(999_000)})
    start, end = whole.index(b"PK\x01\x02"), whole.index(b"PK\x05\x06")
    entry = whole[start:end]
    entries = b"".join(entry.replace(b"a.md", f"{number:04}"[:4].encode()) for number in range(1_500))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1_500, 1_500, len(entries), start, 0)
    return whole[:start] + entries + tail


BAD: dict[str, Make] = {
    "parent": lambda: named({"../evil.md": b"x"}),
    "parent within": lambda: named({"library/../../evil.md": b"x"}),
    "parent at the end": lambda: named({"library/..": b"x"}),
    "absolute": lambda: named({"/etc/cron.d/evil.md": b"x"}),
    "drive": lambda: named({"C:/evil.md": b"x"}),
    "backslash": lambda: named({"..\\evil.md": b"x"}, zipfile.ZIP_STORED),
    "newline": lambda: named({"a\nb.md": b"x"}),
    "folder of its own": lambda: named({"a.md": b"x", "sub/b.md": b"x"}),
    "twice": lambda: named({"a.md": b"x", "A.md": b"y"}),
    "long name": lambda: named({"a" * 400 + ".md": b"x"}),
    "symlink": lambda: kind(stat.S_IFLNK),
    "device": lambda: kind(stat.S_IFCHR),
    "pipe": lambda: kind(stat.S_IFIFO),
    "symlink to a folder": lambda: kind(stat.S_IFLNK, "pictures", b"/etc"),
    "bomb": bomb,
    "one large file": one_large,
    "a size that is a lie": liar,
    "overlapping entries": overlapping,
    "10,000 files": many,
    "encrypted": encrypted,
    "packed another way": lambda: named({"a.md": b"x" * 100}, zipfile.ZIP_BZIP2),
    "no archive": lambda: b"PK\x03\x04" + b"\x00" * 100,
    "damaged bytes": lambda: (whole := archive(**{"a.md": b"hello world " * 200}))[:34] + b"\xff" * 6 + whole[40:],
    "cut off": lambda: as_zip({"a.md": b"text " * 1000})[:-40],
    "nothing": lambda: b"",
    "damaged": lambda: as_zip({"a.md": b"text " * 1000}).replace(b"PK\x01\x02", b"PK\x09\x02"),
    "too large": lambda: b"PK" + bytes(MOST_ARCHIVE),
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
def test_it_is_refused_and_takes_little_memory(make: Make) -> None:
    content = make()
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveRefused):
            read_zip(content)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 60_000_000


@pytest.mark.parametrize(
    "name", ["parent", "absolute", "symlink", "bomb", "10,000 files", "no archive", "damaged bytes"]
)
def test_the_page_says_400_and_nothing_is_written_anywhere(app: RealApp, studio: Studio, name: str) -> None:
    trainer = studio(Permission.TRAINER)
    before = sorted(Path(app.services.settings.data_dir).rglob("*"))
    file = FileStorage(io.BytesIO(BAD[name]()), "library.zip")
    answer = upload(trainer, "files", {"author": "Ann Author", "files": file})
    assert answer.status_code == 400
    assert "Nothing was taken in" in answer.text
    assert sorted(Path(app.services.settings.data_dir).rglob("*")) == before


@pytest.mark.parametrize("name", ["../evil.md", "/evil.md", "a/../../evil.md", "..\\evil.md"])
def test_a_name_that_comes_with_an_uploaded_file_leads_nowhere(name: str) -> None:
    with pytest.raises(ArchiveRefused):
        files_of([(name, b"x")])


def test_a_damaged_archive_is_refused_whatever_is_broken_in_it() -> None:
    """Bytes changed at random: read as it is or refused in words, and nothing else comes out of it."""
    whole, chance, refused = archive(**{"a.md": b"hello world " * 200}), random.Random(1), 0
    for _ in range(5_000):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            read_zip(bytes(damaged))
        except ArchiveRefused:
            refused += 1
    assert refused > 2_500


def test_more_files_than_an_archive_may_hold_are_refused_uploaded_one_by_one_too() -> None:
    with pytest.raises(ArchiveRefused):
        files_of((f"{number}.md", b"") for number in range(MOST_ENTRIES + 1))


def test_a_good_archive_is_read_also_with_what_file_managers_add() -> None:
    added = {"__MACOSX/library/._a.md": b"x", "library/.DS_Store": b"x", "library/": b""}
    good = named({"library/a.md": b"one", "library/pictures/b.png": b"two", **added})
    assert read_zip(good) == {"a.md": b"one", "pictures/b.png": b"two"}


# ---- The command line: folders and archives of somebody else ----


def run(app: RealApp, *arguments: object) -> Result:
    settings = app.services.settings
    environment = {"PRECEPTOR_DATABASE_URL": settings.database_url, "PRECEPTOR_KEYS": str(settings.keys)}
    return CliRunner().invoke(main, ["library", *map(str, arguments)], env=environment)


@pytest.mark.parametrize("name", ["parent", "absolute", "symlink", "bomb", "10,000 files"])
def test_the_command_refuses_it_in_words(app: RealApp, tmp_path: Path, name: str) -> None:
    path = tmp_path / "library.zip"
    path.write_bytes(BAD[name]())
    refused = run(app, "import", path, "--organization", "Lakeside")
    assert (refused.exit_code, refused.output.count("Error: ")) == (1, 1)


def test_a_link_in_a_folder_is_not_followed(app: RealApp, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "library")
    (folder / "local.yaml").write_text(LOCAL)
    secret = tmp_path / "secret"
    secret.write_text("format: secret")
    (folder / "stolen.md").symlink_to(secret)
    refused = run(app, "import", folder, "--organization", "Lakeside")
    assert "stolen.md:1: This is a link, not a file." in refused.output
    assert "secret" not in refused.output.replace("stolen.md", "")


@pytest.mark.parametrize(
    ("where", "value", "words"),
    [(4, 99, "zip file version"), (6, 0x20, "compressed patched data"), (6, 0x40, "strong encryption")],
)
def test_what_zipfile_has_not_learned_is_refused_in_words(where: int, value: int, words: str) -> None:
    """A newer format, patched data, strong encryption: each a NotImplementedError of zipfile's."""
    content = bytearray(as_zip({"a.md": b"text"}))
    directory = content.index(b"PK\x01\x02")
    # Version and flags stand in the file's own header, and two bytes further on in the directory.
    content[where], content[directory + where + 2] = value, value
    with pytest.raises(NotImplementedError, match=words), zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        archive.read("a.md")
    with pytest.raises(ArchiveRefused, match="no zip archive that can be read"):
        read_zip(bytes(content))
