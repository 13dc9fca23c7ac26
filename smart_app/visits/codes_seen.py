"""Which codes EHRs here give for staff: noted at each launch, counted by people. Verbs flush, callers commit.

Only what the role map reads is kept: codes of roles, specialties and qualifications, with the day on which a
learner came with them last. Nothing of a patient, no free text: a code is a word of at most 100 characters.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, func, or_, select
from sqlalchemy.orm import Session

from smart_app.db import insert_new
from smart_app.fhir.facts import Code, Findings, PersonFacts, RoleFacts
from smart_app.visits.codes_facts import StaffCodes
from smart_app.visits.models import CodesSeen, LearnerCodes

COUNTED_DAYS = 90
"""People who came within these days are counted; who left drops out."""
_LONGEST_SYSTEM, _LONGEST_CODE = 250, 100
_CAME = cast(Table, LearnerCodes.__table__)
_noted: dict[date, set[tuple[object, ...]]] = {}
_understood: dict[tuple[UUID, str], StaffCodes] = {}
_MOST_UNDERSTOOD = 20_000
"""Sets of codes held by one process, some hundred bytes each."""
_AT_ONCE = 500


def note_codes(
    session: Session, *, organization: UUID, learner: UUID, registration: UUID, findings: Findings, today: date
) -> None:
    """Keep the codes that this learner came with; nothing to do where this process noted the same today."""
    facts = _facts(findings)
    if not any(facts.values()):
        return  # the EHR was silent, or could not be read: what was known before stays
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
    came = {"organization": organization, "learner": learner, "registration": registration}
    if _noted_today(today, (*came.values(), digest)):
        return
    statement = _upsert(session.get_bind().dialect.name)
    if session.execute(statement, {**came, "codes": digest, "seen_on": today}).first() is not None:
        insert_new(session, CodesSeen, organization=organization, id=digest, facts=facts)


def _noted_today(today: date, what: tuple[object, ...]) -> bool:
    """Whether it was noted before; from now on it is. A launch that fails later costs a count until tomorrow."""
    if today not in _noted:
        _noted.clear()
    noted = _noted.setdefault(today, set())
    if what in noted:
        return True
    noted.add(what)
    return False


def staff_codes(session: Session, *, organization: UUID, today: date | None = None) -> tuple[StaffCodes, ...]:
    """All sets of codes seen within COUNTED_DAYS, with how many people came with each."""
    since = (today or datetime.now(UTC).date()) - timedelta(days=COUNTED_DAYS)
    people = func.count().label("people")
    rows = session.execute(
        select(LearnerCodes.codes, people)
        .where(LearnerCodes.organization == organization, LearnerCodes.seen_on >= since)
        .group_by(LearnerCodes.codes)
        .order_by(people.desc(), LearnerCodes.codes)
    ).all()
    sets = _sets(session, organization, [digest for digest, _ in rows])
    known = ((sets[digest], count) for digest, count in rows if digest in sets)
    return tuple(StaffCodes(codes.roles, codes.person, count) for codes, count in known)


def _sets(session: Session, organization: UUID, wanted: Sequence[str]) -> dict[str, StaffCodes]:
    """By digest. A set never changes, so each is read and understood once in a process; beyond some, anew."""
    if len(_understood) > _MOST_UNDERSTOOD:
        _understood.clear()
    absent = [digest for digest in wanted if (organization, digest) not in _understood]
    for first in range(0, len(absent), _AT_ONCE):
        some = CodesSeen.id.in_(absent[first : first + _AT_ONCE])
        found = session.execute(
            select(CodesSeen.id, CodesSeen.facts).where(CodesSeen.organization == organization, some)
        )
        _understood.update({(organization, digest): _staff(facts, 0) for digest, facts in found})
    held = ((digest, _understood.get((organization, digest))) for digest in wanted)
    return {digest: codes for digest, codes in held if codes is not None}


def _facts(findings: Findings) -> dict[str, Any]:
    """As kept: what a role match reads. Those switched off say nothing."""
    person = findings.person
    if person is not None and not person.active:
        return {"roles": [], "qualifications": []}
    roles = [
        {"codes": _kept(role.codes), "specialties": _kept(role.specialties)} for role in findings.roles if role.active
    ]
    return {
        "roles": [role for role in roles if any(role.values())],
        "qualifications": _kept(person.qualifications if person else ()),
    }


def _kept(codes: Sequence[Code]) -> list[list[str]]:
    return [
        [system, code]
        for system, code in codes
        if len(system) <= _LONGEST_SYSTEM and len(code) <= _LONGEST_CODE and not any(c.isspace() for c in code)
    ]


def _staff(facts: dict[str, Any], people: int) -> StaffCodes:
    roles = tuple(
        RoleFacts(id=str(n), active=True, codes=_codes(role["codes"]), specialties=_codes(role["specialties"]))
        for n, role in enumerate(facts["roles"])
    )
    qualified = _codes(facts["qualifications"])
    return StaffCodes(roles, PersonFacts(id="0", active=True, qualifications=qualified) if qualified else None, people)


def _codes(kept: list[list[str]]) -> tuple[Code, ...]:
    return tuple((system, code) for system, code in kept)


@cache
def _upsert(dialect: str) -> Any:
    """Insert, or change where the codes or the day differ; gives a row only then."""
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    new = insert(_CAME)
    differs = or_(_CAME.c.codes != new.excluded.codes, _CAME.c.seen_on != new.excluded.seen_on)
    return new.on_conflict_do_update(
        index_elements=[_CAME.c.organization, _CAME.c.learner, _CAME.c.registration],
        set_={"codes": new.excluded.codes, "seen_on": new.excluded.seen_on},
        where=differs,
    ).returning(_CAME.c.codes)
