"""The printed sheet of :mod:`smart_app.organizations.ehr_sheet` as a page lays it out. Pure."""

from collections.abc import Iterable

Line = tuple[str, list[str], list[tuple[str, str]]]
"""Label, what stands beside it, and the scopes below it, each with its reason."""
_INDENT, _WIDTH = 2, 18


def laid_out(lines: Iterable[str]) -> list[Line]:
    """One entry for each label; lines without one belong to the entry before."""
    found: list[Line] = []
    for line in lines:
        label, text = line[_INDENT : _INDENT + _WIDTH].strip(), line[_INDENT + _WIDTH :]
        if line.startswith("    ") and label:
            scope, _, reason = line.strip().partition("  ")
            found[-1][2].append((scope, reason.strip()))
        elif label:
            found.append((label, [text], []))
        elif found:
            found[-1][1].append(text)
    return found
