"""What an import would change: file by file, with the lines that go and come. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import Literal

from smart_app.library.archive import PICTURES

MOST_LINES = 300
"""Lines of one file's difference that are shown."""
_MOST_COMPARED = 3_000
"""Lines of a file beyond which nothing is compared: it takes the square of them."""

What = Literal["new", "changed", "same", "only here"]


@dataclass(frozen=True)
class FileDifference:
    """One file."""

    name: str
    what: What
    """"only here": the archive does not have it, and it stays."""
    lines: tuple[str, ...] = ()
    """Each begins with "+" (comes), "-" (goes), "@" (where) or " " (stays)."""
    added: int = 0
    gone: int = 0
    cut: bool = False
    """There are more lines than these."""


def differences(here: Mapping[str, bytes], given: Mapping[str, bytes]) -> list[FileDifference]:
    """The files of both, by name; the given ones that change something first."""
    found = [_one(name, here.get(name), given.get(name)) for name in sorted({*here, *given})]
    order: dict[What, int] = {"changed": 0, "new": 1, "only here": 2, "same": 3}
    return sorted(found, key=lambda each: order[each.what])


def _one(name: str, here: bytes | None, given: bytes | None) -> FileDifference:
    if given is None:
        return FileDifference(name, "only here")
    if here == given:
        return FileDifference(name, "same")
    what: What = "new" if here is None else "changed"
    if name.startswith(PICTURES):
        return FileDifference(name, what)
    old, new = _lines(here or b""), _lines(given)
    if max(len(old), len(new)) > _MOST_COMPARED:
        return FileDifference(name, what, added=len(new), gone=len(old), cut=True)
    lines = list(unified_diff(old, new, n=2, lineterm=""))[2:]  # without the names
    return FileDifference(
        name,
        what,
        tuple(line[:400] for line in lines[:MOST_LINES]) if what == "changed" else (),
        added=sum(line.startswith("+") for line in lines),
        gone=sum(line.startswith("-") for line in lines),
        cut=len(lines) > MOST_LINES,
    )


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8", "replace").splitlines()
