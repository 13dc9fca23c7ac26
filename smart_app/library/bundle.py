"""A library as files, in memory: what an import takes in, from a folder or an archive."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from smart_app.library.archive import PICTURES, read_zip
from smart_app.library.drill_file import SUFFIX
from smart_app.library.findings import Finding
from smart_app.library.registries import AI_FEATURES, LOCAL, PICTURE_LIST, SOURCES

MOST_BYTES = 400_000
"""Of one text."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """The files that are ours, read; others are left alone."""

    name: str
    """Of the folder or archive, for the findings."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Tutorials, drills and registries."""
    local: str | None = None
    """Text of local.yaml."""
    picture_list: str | None = None
    """Text of pictures.yaml."""
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    """By name, without the folder."""
    findings: tuple[Finding, ...] = ()
    """What is no text that we read."""

    def files(self) -> dict[str, bytes]:
        """All of it, as an export names it."""
        beside = {LOCAL: self.local, PICTURE_LIST: self.picture_list}
        texts = {**self.texts, **{name: text for name, text in beside.items() if text is not None}}
        pictures = {f"{PICTURES}{name}": content for name, content in self.pictures.items()}
        return {name: text.encode() for name, text in texts.items()} | pictures


def read_bundle(path: Path) -> Bundle:
    """A folder, or a zip. Raises NotADirectoryError, ArchiveRefused, OSError."""
    if path.is_file() and path.suffix == ".zip":
        return bundle_of(path.name, read_zip(path.read_bytes()))
    if not path.is_dir():
        raise NotADirectoryError(str(path))
    return bundle_of(path.name, dict(_in_folder(path)), links=_links(path))


def bundle_of(name: str, files: Mapping[str, bytes], *, links: Iterable[str] = ()) -> Bundle:
    """The files that are ours, by their names."""
    found = [Finding(link, 1, "This is a link, not a file.", "Put the file itself there.") for link in links]
    texts: dict[str, str] = {}
    for each in sorted(filter(_is_text, files)):
        try:
            texts[each] = read_text(files[each])
        except ValueError as error:
            found.append(Finding(each, 1, str(error), "Save it again as UTF-8 text with Unix line ends."))
    local, listed = texts.pop(LOCAL, None), texts.pop(PICTURE_LIST, None)
    if not any(each.endswith(".md") for each in (*texts, *(finding.file for finding in found))):
        found.append(Finding(name, 1, "There is no tutorial here.", "Put <id>.md files into this folder."))
    pictures = {each.removeprefix(PICTURES): files[each] for each in sorted(files) if each.startswith(PICTURES)}
    return Bundle(name=name, texts=texts, local=local, picture_list=listed, pictures=pictures, findings=tuple(found))


def read_text(raw: bytes) -> str:
    """UTF-8 without traps; ValueError says what is wrong."""
    if len(raw) > MOST_BYTES:
        raise ValueError(f"The file has {len(raw)} bytes; {MOST_BYTES} at most.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("The file is not UTF-8 text.") from None
    if "\r" in text or text.startswith("\ufeff") or "\x00" in text:
        raise ValueError("The file has a byte order mark, Windows line ends or a zero byte.")
    return text


def _is_text(name: str) -> bool:
    if name.startswith(".") or "/" in name or name == "README.md":
        return False
    return name.endswith((".md", SUFFIX)) or name in (AI_FEATURES, SOURCES, LOCAL, PICTURE_LIST)


def _in_folder(path: Path) -> Iterable[tuple[str, bytes]]:
    for file in sorted(path.iterdir()):
        if _is_text(file.name) and file.is_file() and not file.is_symlink():
            yield file.name, file.read_bytes()
    pictures = path / PICTURES
    for file in sorted(pictures.iterdir()) if pictures.is_dir() and not pictures.is_symlink() else ():
        if file.is_file() and not file.is_symlink() and not file.name.startswith("."):
            yield PICTURES + file.name, file.read_bytes()


def _links(path: Path) -> list[str]:
    """Links among our names: they could lead to any file of whoever runs the import."""
    return sorted(file.name for file in path.iterdir() if file.is_symlink() and _is_text(file.name))
