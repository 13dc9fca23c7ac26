"""From lines to the roster: first a plan that says what would change, then the change, whole or not at all.

Who a line means is found by its staff identifier, under its keyed hash; a second identifier that belongs to
somebody else refuses the line. Verbs flush, callers commit.
"""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from launch.discovery import normalise_iss
from smart_app.keys import KeyRing
from smart_app.organizations.roster.models import RosterIdentity, RosterPerson, Unit
from smart_app.organizations.roster.people import count_people
from smart_app.organizations.roster.reading import NOT_SAID, Fault, StaffLine
from smart_app.organizations.roster.sealing import Sealed, seal, unseal
from smart_app.organizations.roster.taking_back import kept_of
from smart_app.organizations.verbs import write_audit

STAFF_PURPOSE = "roster staff identifier"
Hashed = tuple[str, bytes]
"""(kind, keyed hash)."""


@dataclass(frozen=True, kw_only=True)
class From:
    """Where lines come from, and what may be kept of them."""

    organization: UUID
    keys: KeyRing
    staff_is: Literal["staff", "npi", "ehr_user", "practitioner"] = "staff"
    ehr: UUID | None = None
    """Registration whose user ids and Practitioner ids these are."""
    iss: str | None = None
    """Its FHIR base."""
    keep_names: bool = False
    """The organization allows lists of names."""
    keep_practitioners: bool = False
    """Assignments are written into that EHR."""
    whole: bool = False
    """Whoever is not among the lines leaves the roster, where the same list had named them last."""
    source: Literal["file", "EHR"] = "file"
    below: str = ""
    """Of an EHR's list: the Organization below which it was read."""

    @property
    def listed(self) -> str | None:
        """Which of the EHR's lists it is; None for a file."""
        if self.source == "file" or self.ehr is None:
            return None
        return f"{self.ehr.hex}/{self.below}" if self.below else self.ehr.hex


@dataclass(frozen=True, kw_only=True)
class RosterPlan:
    """What an import would do. Nothing is done where there is a fault."""

    faults: tuple[Fault, ...]
    added: tuple[StaffLine, ...]
    changed: tuple[tuple[UUID, StaffLine], ...]
    same: int
    leaving: tuple[UUID, ...]
    units: tuple[str, ...]
    """Names of the units that are new."""
    _hashes: Mapping[int, tuple[Hashed, ...]] = field(repr=False, default_factory=dict)


class RosterRefused(ValueError):
    """The plan has faults."""


def plan_import(session: Session, *, lines: Sequence[StaffLine], source: From) -> RosterPlan:
    """What importing `lines` would do; reads only."""
    owners = _owners(session, source.organization)
    people = {row.id: row for row in _people(session, source.organization)}
    hashes = {line.line: _hashes(line, source) for line in lines}
    faults, matched = _match(lines, hashes, owners)
    known = [(matched[line.line], line) for line in lines if line.line in matched]
    changed = tuple((person, line) for person, line in known if _differs(people[person], line, source, hashes, owners))
    staying = set(matched.values())
    leaving = [row.id for row in people.values() if source.whole and row.id not in staying and _is_of(row, source)]
    names = _units(session, source.organization)
    return RosterPlan(
        faults=tuple(faults),
        added=tuple(line for line in lines if line.line not in matched),
        changed=changed,
        same=len(known) - len(changed),
        leaving=tuple(leaving),
        units=tuple(sorted({line.unit for line in lines if unit_id(line.unit) not in names})),
        _hashes=hashes,
    )


def import_roster(session: Session, *, plan: RosterPlan, source: From, actor: str) -> dict[str, Any]:
    """Do what `plan` says; returns what :func:`undo_import` needs. Raises :class:`RosterRefused`."""
    if plan.faults:
        raise RosterRefused(f"{len(plan.faults)} lines are refused: nothing was imported")
    here = count_people(session, organization=source.organization)
    _add_units(session, source.organization, (*plan.added, *(line for _, line in plan.changed)))
    before = [kept_of(session.get_one(RosterPerson, (source.organization, person))) for person, _ in plan.changed]
    added = [_add(session, line, source, plan) for line in plan.added]
    session.flush()
    new_hashes = _add_identities(session, source, plan, dict(zip((li.line for li in plan.added), added, strict=True)))
    for person, line in plan.changed:
        _change(session.get_one(RosterPerson, (source.organization, person)), line, source)
    left = _leave(session, source.organization, plan.leaving)
    session.flush()
    after = count_people(session, organization=source.organization)
    details = {
        "source": source.source, "list": source.listed, "added": len(added), "changed": len(plan.changed),
        "left": len(left), "unchanged": plan.same, "before": {"people": here}, "after": {"people": after},
    }  # fmt: skip
    write_audit(session, organization=source.organization, actor=actor, action="roster imported", details=details)
    session.flush()
    return {"added": [person.hex for person in added], "changed": before, "left": left, "identities": new_hashes}


def unit_id(name: str) -> str:
    """The slug of a unit's name; two names that differ in case or signs alone are one unit."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "unit"


def _owners(session: Session, organization: UUID) -> dict[Hashed, UUID]:
    rows = session.execute(
        select(RosterIdentity.kind, RosterIdentity.hash, RosterIdentity.person).where(
            RosterIdentity.organization == organization
        )
    )
    return {(kind, digest): person for kind, digest, person in rows}


def _people(session: Session, organization: UUID) -> Iterable[RosterPerson]:
    return session.scalars(select(RosterPerson).where(RosterPerson.organization == organization))


def _units(session: Session, organization: UUID) -> set[str]:
    return set(session.scalars(select(Unit.id).where(Unit.organization == organization)))


def _hashes(line: StaffLine, source: From) -> tuple[Hashed, ...]:
    """Every identity under every hashing key: the staff identifier's own ones first."""
    known = dict.fromkeys([(source.staff_is, line.staff), *line.known_as])
    return tuple(
        (kind, digest) for kind, value in known for digest in source.keys.hashes(*_hashed(kind, value, source.iss))
    )


def _hashed(kind: str, value: str, iss: str | None) -> tuple[str, str]:
    """(purpose, value), the same as a launch makes for a learner's identity."""
    if kind == "staff":
        return STAFF_PURPOSE, value
    base = normalise_iss(iss) if iss else ""
    values = {"npi": value, "ehr_user": f"{base}|{value}", "practitioner": f"{base}|Practitioner/{value}"}
    return f"learner identity {kind}", values[kind]


def _match(
    lines: Sequence[StaffLine], hashes: Mapping[int, tuple[Hashed, ...]], owners: Mapping[Hashed, UUID]
) -> tuple[list[Fault], dict[int, UUID]]:
    """Faults, and whose line each known one is."""
    faults, matched, taken = [], dict[int, UUID](), dict[UUID, int]()
    for line in lines:
        found = dict.fromkeys(owners[one] for one in hashes[line.line] if one in owners)
        if len(found) > 1:
            faults.append(Fault(line.line, "Its identifiers belong to two people on the roster.", "Correct one."))
        elif found:
            person = matched[line.line] = next(iter(found))
            first = taken.setdefault(person, line.line)
            if first != line.line:
                wrong = f"It is the same person as line {first}, by another identifier."
                faults.append(Fault(line.line, wrong, "Take one of the two lines out."))
    return faults, matched


def _is_of(row: RosterPerson, source: From) -> bool:
    """Here, and named last by the list that the lines are: an EHR's whole list is its parts too."""
    if row.active_to is not None and row.active_to < datetime.now(UTC).date():
        return False
    if source.listed is None or row.listed is None:
        return row.listed == source.listed
    return row.listed == source.listed or row.listed.startswith(f"{source.listed}/")


def _differs(
    row: RosterPerson,
    line: StaffLine,
    source: From,
    hashes: Mapping[int, tuple[Hashed, ...]],
    owners: Mapping[Hashed, UUID],
) -> bool:
    if any(one not in owners for one in hashes[line.line]) or row.listed != source.listed:
        return True
    plain = (row.job_role, row.unit, row.is_leader, row.access, row.active_from, row.active_to)
    leads = _leads(line, source, row)
    said = (line.job_role, unit_id(line.unit), leads, _access(line, row), line.active_from, line.active_to)
    return plain != said or _sealed(line, source, row) != _unsealed(row, source)


def _access(line: StaffLine, row: RosterPerson | None) -> str:
    """A file that does not speak of access leaves what another one said."""
    return row.access if row is not None and line.access == NOT_SAID else line.access


def _leads(line: StaffLine, source: From, row: RosterPerson | None) -> bool:
    """An EHR's list does not speak of it, and leaves what a file said."""
    return row.is_leader if row is not None and source.source == "EHR" else line.is_leader


def _unsealed(row: RosterPerson, source: From) -> Sealed:
    return unseal(row.sealed, keys=source.keys, organization=source.organization, person=row.id)


def _sealed(line: StaffLine, source: From, row: RosterPerson | None) -> Sealed:
    before = _unsealed(row, source) if row is not None else Sealed()
    ids = dict(before.practitioner)
    practitioner = dict([(source.staff_is, line.staff), *line.known_as]).get("practitioner")
    if source.keep_practitioners and source.ehr and practitioner:
        ids[source.ehr.hex] = practitioner
    if not source.keep_names:
        return Sealed(practitioner=ids)
    # An EHR's list knows nobody's own number: the one that a file said stays.
    staff = before.staff or line.staff if source.source == "EHR" else line.staff
    return Sealed(staff=staff, name=line.name or before.name, practitioner=ids)


def _add_units(session: Session, organization: UUID, lines: Iterable[StaffLine]) -> None:
    known = _units(session, organization)
    for line in lines:
        slug = unit_id(line.unit)
        if slug not in known:
            known.add(slug)
            session.add(Unit(organization=organization, id=slug, name=line.unit))
    session.flush()


def _add(session: Session, line: StaffLine, source: From, plan: RosterPlan) -> UUID:
    row = RosterPerson(organization=source.organization, id=uuid.uuid4(), access=line.access, source=source.source)
    _change(row, line, source, is_new=True)
    session.add(row)
    return row.id


def _change(row: RosterPerson, line: StaffLine, source: From, *, is_new: bool = False) -> None:
    row.job_role, row.unit = line.job_role, unit_id(line.unit)
    row.is_leader = _leads(line, source, None if is_new else row)
    row.active_from, row.active_to = line.active_from, line.active_to
    kept = _sealed(line, source, None if is_new else row)
    row.access = _access(line, None if is_new else row)
    row.sealed = seal(kept, keys=source.keys, organization=source.organization, person=row.id)
    row.source, row.listed, row.changed_at = source.source, source.listed, datetime.now(UTC)


def _add_identities(
    session: Session, source: From, plan: RosterPlan, added: Mapping[int, UUID]
) -> list[tuple[str, str]]:
    known = _owners(session, source.organization)
    whose = {**added, **{line.line: person for person, line in plan.changed}}
    new: dict[Hashed, UUID] = {}
    for number, person in whose.items():
        new |= {one: person for one in plan._hashes[number] if one not in known}
    for (kind, digest), person in new.items():
        session.add(RosterIdentity(organization=source.organization, kind=kind, hash=digest, person=person))
    session.flush()
    return [(kind, digest.hex()) for kind, digest in new]


def _leave(session: Session, organization: UUID, leaving: Sequence[UUID]) -> list[dict[str, Any]]:
    yesterday, left = datetime.now(UTC).date() - timedelta(days=1), []
    for person in leaving:
        row = session.get_one(RosterPerson, (organization, person))
        left.append(kept_of(row))
        row.active_to = yesterday
    return left
