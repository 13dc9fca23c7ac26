"""An organization's own targets: who sees a tutorial here, instead of what its file says.

They go through the very rules of :mod:`smart_app.library.targeting`: choosing reads them in place of the front
matter, and every version of the tutorial keeps to them until they are taken back. Verbs flush, callers commit.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.findings import Findings
from smart_app.library.front_matter import MATCHING, NARROWING, check_targeting
from smart_app.library.models import LibraryRow, TargetOverrideRow
from smart_app.organizations.verbs import write_audit

MOST_CODES = 60
"""Entries of one list."""


class TargetsRefused(ValueError):
    """The targets cannot be; each fault with how to mend it."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Targets:
    """Roles and targets, as a file's front matter has them, with dates as text."""

    roles: tuple[str, ...]
    targets: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """As the audit and the undo keep it."""
        return {"roles": list(self.roles), "targets": dict(self.targets)}


def own_targets(session: Session, *, organization: UUID) -> dict[str, Targets]:
    """Tutorial to the targets that the organization set for it."""
    rows = session.scalars(select(TargetOverrideRow).where(TargetOverrideRow.organization == organization))
    return {row.tutorial: Targets(tuple(row.roles), row.targets) for row in rows}


def find_own_targets(session: Session, *, organization: UUID, tutorial: str) -> tuple[Targets, datetime] | None:
    """What the organization set for this tutorial, and when; None: what its file says holds."""
    row = session.get(TargetOverrideRow, (organization, tutorial))
    return (Targets(tuple(row.roles), row.targets), row.changed_at) if row is not None else None


def set_targets(
    session: Session, *, organization: UUID, tutorial: str, wanted: Targets, known_roles: Collection[str], actor: str
) -> Targets | None:
    """Set them; gives what the organization had set before, None: nothing. Raises TargetsRefused."""
    wanted = checked(wanted, known_roles)
    row = session.get(TargetOverrideRow, (organization, tutorial))
    before = Targets(tuple(row.roles), row.targets) if row is not None else None
    if before == wanted:
        return before
    if row is None:
        row = TargetOverrideRow(organization=organization, tutorial=tutorial)
        session.add(row)
    row.roles, row.targets = list(wanted.roles), dict(wanted.targets)
    row.changed_at, row.changed_by = datetime.now(UTC), actor
    _changed(session, organization, tutorial, actor, before, wanted)
    return before


def clear_targets(session: Session, *, organization: UUID, tutorial: str, actor: str) -> Targets | None:
    """Back to what the file says; gives what the organization had set, None: nothing."""
    row = session.get(TargetOverrideRow, (organization, tutorial))
    if row is None:
        return None
    before = Targets(tuple(row.roles), row.targets)
    session.delete(row)
    _changed(session, organization, tutorial, actor, before, None)
    return before


def checked(wanted: Targets, known_roles: Collection[str]) -> Targets:
    """The same without empty fields, each list in order; raises TargetsRefused. The rules are those of a file."""
    targets = {name: value for name, value in wanted.targets.items() if value not in (None, [], "", False)}
    found = Findings("targets")
    days: dict[str, Any] = {name: _day(targets[name]) for name in ("from", "until") if name in targets}
    given: dict[str, Any] = {"roles": sorted(set(wanted.roles)), "targets": {**targets, **days}}
    check_targeting(given, found, known_roles)
    for name in (*MATCHING, *NARROWING):
        if len(targets.get(name) or ()) > MOST_CODES:
            found.add(1, f"{name} has more than {MOST_CODES} entries.", "Take some out.")
    if found.found:
        raise TargetsRefused([f"{each.wrong} {each.mend}".strip() for each in found.found])
    lists: dict[str, Any] = {name: sorted(set(targets[name])) for name in (*MATCHING, *NARROWING) if name in targets}
    others: dict[str, Any] = {str(name): targets[name] for name in ("any", "from", "until") if name in targets}
    return Targets(tuple(given["roles"]), {**lists, **others})


def _day(text: Any) -> Any:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return text  # the rule of the file says what is wrong with it


def _changed(
    session: Session, organization: UUID, tutorial: str, actor: str, before: Targets | None, after: Targets | None
) -> None:
    raise_revision(session, organization=organization)
    details = {
        "tutorial": tutorial,
        "before": before.as_json() if before else None,
        "after": after.as_json() if after else None,
    }
    write_audit(session, organization=organization, actor=actor, action="targets changed", details=details)
    session.flush()


def raise_revision(session: Session, *, organization: UUID) -> int:
    """Tell every process that what it remembers of the library is old. Flushes."""
    library = session.get(LibraryRow, organization, with_for_update=True)
    if library is None:
        library = LibraryRow(organization=organization, revision=0, sensitive={})
        session.add(library)
    library.revision += 1
    session.flush()
    return library.revision
