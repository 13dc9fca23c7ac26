"""Which job roles have a tutorial for which AI feature, and where none is. Pure.

A hole is a feature that is live, that the role has, and that no tutorial for this role teaches. Where nobody has
said which roles have a feature, no hole is claimed: the cell says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from smart_app.library.situation import Target
from smart_app.library.vocabulary import ANY_FEATURE, EVERYONE

State = Literal["covered", "hole", "waiting", "not theirs", "not said"]


@dataclass(frozen=True)
class Feature:
    """An AI feature, as the matrix needs it."""

    id: str
    name: str
    status: str
    roles: frozenset[str]
    """Job roles that have it, by registry or roster; empty: nobody has said."""


@dataclass(frozen=True)
class Cell:
    """One role and one AI feature."""

    state: State
    tutorials: tuple[str, ...] = ()


@dataclass(frozen=True)
class Matrix:
    """Rows are roles, columns are AI features, both in the order in which they were given."""

    features: tuple[Feature, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    """(role, its cells)."""
    general: Mapping[str, tuple[str, ...]]
    """Role -> tutorials that teach no single AI feature."""

    @property
    def holes(self) -> int:
        """How many cells are holes."""
        return sum(cell.state == "hole" for _, cells in self.rows for cell in cells)


def coverage(roles: Iterable[str], features: Iterable[Feature], targets: Iterable[Target]) -> Matrix:
    """The matrix of these roles and features over the published tutorials."""
    columns = tuple(features)
    taught: dict[tuple[str, str], list[str]] = {}
    for target in targets:
        for role in target.roles:
            taught.setdefault((role, target.ai_feature), []).append(target.tutorial)
    rows = tuple((role, tuple(_cell(role, feature, taught) for feature in columns)) for role in roles)
    general = {role: _taught(role, ANY_FEATURE, taught) for role, _ in rows}
    return Matrix(columns, rows, general)


def _taught(role: str, feature: str, taught: Mapping[tuple[str, str], list[str]]) -> tuple[str, ...]:
    found = (*taught.get((role, feature), ()), *taught.get((EVERYONE, feature), ()))
    return tuple(sorted(set(found))) if found else ()


def _cell(role: str, feature: Feature, taught: Mapping[tuple[str, str], list[str]]) -> Cell:
    tutorials = _taught(role, feature.id, taught)
    if feature.roles and role not in feature.roles:
        return Cell("not theirs", tutorials)
    if tutorials:
        return Cell("covered" if feature.status == "live" else "waiting", tutorials)
    if feature.status != "live":
        return Cell("not theirs")
    return Cell("hole" if feature.roles else "not said")
