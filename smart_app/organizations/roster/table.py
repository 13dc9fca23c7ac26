"""A CSV file as headings and lines. Pure: text in, or a sentence that says why it is no table."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MOST_BYTES: Final = 8 * 1024 * 1024
MOST_LINES: Final = 50_000
_MOST_HEADINGS: Final = 60
_MOST_CELL: Final = 4000


class NoTable(ValueError):
    """The file cannot be read as a table; the message says why, in words for whoever brought it."""


@dataclass(frozen=True)
class Table:
    """A file's headings, and its lines with their numbers as an editor counts them."""

    headings: tuple[str, ...]
    lines: tuple[tuple[int, Mapping[str, str]], ...]


def read_table(content: bytes) -> Table:
    """`content`: UTF-8 or what Excel writes on Windows; cells divided by comma, semicolon or tab. Raises NoTable."""
    if len(content) > MOST_BYTES:
        raise NoTable("The file is larger than 8 MB.")
    rows = csv.reader(io.StringIO(text := _text(content), newline=""), delimiter=_divider(text), strict=True)
    try:
        headings = _headings(next(rows, []))
        lines: list[tuple[int, Mapping[str, str]]] = []
        for cells in rows:
            if any(cell.strip() for cell in cells):
                lines.append((rows.line_num, _cells(headings, cells, rows.line_num)))
            if len(lines) > MOST_LINES:
                raise NoTable(f"The file has more than {MOST_LINES} lines.")
    except csv.Error as error:
        raise NoTable(f"Line {rows.line_num} cannot be read as CSV: a quotation mark may be missing.") from error
    if not lines:
        raise NoTable("The file has headings and no line below them.")
    return Table(headings, tuple(lines))


def _text(content: bytes) -> str:
    if b"\0" in content:
        raise NoTable("This is no CSV file. In a spreadsheet: save as CSV UTF-8.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _divider(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _headings(cells: list[str]) -> tuple[str, ...]:
    headings = tuple(cell.strip() for cell in cells)
    if len(headings) < 3 or len(headings) > _MOST_HEADINGS:
        raise NoTable("The first line must hold the headings of at least three columns.")
    if len(set(headings)) < len(headings):
        raise NoTable("Two columns have the same heading.")
    return headings


def _cells(headings: tuple[str, ...], cells: list[str], number: int) -> Mapping[str, str]:
    if len(cells) > len(headings):
        raise NoTable(f"Line {number} has more cells than there are headings.")
    if any(len(cell) > _MOST_CELL for cell in cells):
        raise NoTable(f"Line {number} holds a cell of more than {_MOST_CELL} letters.")
    return dict(zip(headings, cells, strict=False))
