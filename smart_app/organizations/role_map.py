"""What codes of EHRs mean here: map a code to a job role, take it out again, add a role. Verbs flush, callers commit.

A job role is for teaching. No entry of this map gives a permission.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smart_app.organizations.job_roles import Code
from smart_app.organizations.models import JobRole, RoleCode
from smart_app.organizations.titles import JobRoleTitle
from smart_app.organizations.verbs import NameTaken, NoSuchJobRole, write_audit

MOST_TITLE = 120
_SLUG = re.compile(r"[a-z0-9-]{3,60}")
_LONGEST_SYSTEM, _LONGEST_CODE, _LONGEST_DISPLAY = 250, 100, 200


class BadCode(ValueError):
    """Not a system and a code as an EHR writes them."""


class BadTitle(ValueError):
    """Not a title that a job role may have."""


@dataclass(frozen=True)
class MappedCode:
    """A code with what it means here."""

    system: str
    code: str
    job_role: str
    display: str


def mapped_codes(session: Session, *, organization: UUID) -> tuple[MappedCode, ...]:
    """The whole map, by role, then by system and code."""
    rows = session.execute(
        select(RoleCode.system, RoleCode.code, RoleCode.job_role, RoleCode.display)
        .where(RoleCode.organization == organization)
        .order_by(RoleCode.job_role, RoleCode.system, RoleCode.code)
    )
    return tuple(MappedCode(*row) for row in rows)


def checked_code(system: str, code: str) -> Code:
    """The two as they are kept; raises BadCode. A code is a word: text with blanks is none."""
    system, code = system.strip(), code.strip()
    lengths = 0 < len(system) <= _LONGEST_SYSTEM and 0 < len(code) <= _LONGEST_CODE
    if not lengths or not (system + code).isprintable() or any(c.isspace() or c == "|" for c in system + code):
        raise BadCode("A code has a system and a code, both without blanks.")
    return system, code


def map_code(
    session: Session, *, organization: UUID, code: Code, job_role: str, display: str, actor: str
) -> MappedCode | None:
    """Say what a code means here; gives what it meant before. Raises BadCode, NoSuchJobRole."""
    system, word = checked_code(*code)
    get_job_role(session, organization=organization, job_role=job_role)
    row = session.get(RoleCode, (organization, system, word))
    before = MappedCode(row.system, row.code, row.job_role, row.display) if row is not None else None
    if row is None:
        row = RoleCode(organization=organization, system=system, code=word)
        session.add(row)
    row.job_role = job_role
    row.display = _one_line(display)[:_LONGEST_DISPLAY] or word
    _tell(session, organization, actor, "code mapped", (system, word), before, job_role)
    session.flush()
    return before


def unmap_code(session: Session, *, organization: UUID, code: Code, actor: str) -> MappedCode | None:
    """Take a code's meaning away; gives what it was, None where it had none."""
    row = session.get(RoleCode, (organization, *code))
    if row is None:
        return None
    before = MappedCode(row.system, row.code, row.job_role, row.display)
    session.delete(row)
    _tell(session, organization, actor, "code unmapped", code, before, None)
    session.flush()
    return before


def get_job_role(session: Session, *, organization: UUID, job_role: str) -> JobRoleTitle:
    """The role here; raises NoSuchJobRole."""
    row = session.get(JobRole, (organization, job_role))
    if row is None:
        raise NoSuchJobRole(job_role)
    return JobRoleTitle(row.id, row.title)


def add_job_role(session: Session, *, organization: UUID, title: str, actor: str) -> JobRoleTitle:
    """A role of the organization's own, last in the order. Raises BadTitle, NameTaken."""
    title = _one_line(title)
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].strip("-")
    if len(title) > MOST_TITLE or not _SLUG.fullmatch(slug) or slug == "everyone":
        raise BadTitle(f"A job role's title has 3 to {MOST_TITLE} letters.")
    if session.get(JobRole, (organization, slug)) is not None:
        raise NameTaken(f'There is a job role "{title}" already.')
    last = session.scalar(select(func.max(JobRole.position)).where(JobRole.organization == organization))
    session.add(JobRole(organization=organization, id=slug, title=title, position=(last or 0) + 1))
    details = {"before": None, "after": {"id": slug, "title": title}}
    write_audit(session, organization=organization, actor=actor, action="job role added", details=details)
    session.flush()
    return JobRoleTitle(slug, title)


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _tell(
    session: Session,
    organization: UUID,
    actor: str,
    action: str,
    code: Code,
    before: MappedCode | None,
    after: str | None,
) -> None:
    details = {
        "system": code[0],
        "code": code[1],
        "before": before.job_role if before is not None else None,
        "after": after,
    }
    write_audit(session, organization=organization, actor=actor, action=action, details=details)
