"""Job roles of an organization and the codes that mean them; the set that each new one starts with."""

from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.organizations.models import JobRole, RoleCode
from smart_app.organizations.titles import JobRoleTitle

Code = tuple[str, str]
"""(system, code)."""


def job_roles(session: Session, *, organization: UUID) -> tuple[JobRoleTitle, ...]:
    """The organization's job roles, in the order in which they are offered."""
    rows = session.execute(
        select(JobRole.id, JobRole.title).where(JobRole.organization == organization).order_by(JobRole.position)
    )
    return tuple(JobRoleTitle(*row) for row in rows)


def add_starting_roles(session: Session, *, organization: UUID) -> None:
    """Copy the shipped roles and codes to an organization. Flushes."""
    shipped = _shipped()
    systems = shipped["systems"]
    for position, role in enumerate(shipped["job_roles"]):
        session.add(JobRole(organization=organization, id=role["id"], title=role["title"], position=position))
    session.flush()
    for role in shipped["job_roles"]:
        for system, codes in role["codes"].items():
            for code, display in codes.items():
                session.add(_code(organization, systems[system], code, role["id"], display))
    session.flush()


def shipped_codes() -> tuple[tuple[str, str, str], ...]:
    """(system, code, display) of every code that is shipped, each once."""
    shipped = _shipped()
    listed = (
        (shipped["systems"][system], code, display)
        for role in shipped["job_roles"]
        for system, codes in role["codes"].items()
        for code, display in codes.items()
    )
    return tuple(sorted(set(listed), key=lambda each: (each[2].casefold(), each)))


def _code(organization: UUID, system: str, code: str, role: str, display: str) -> RoleCode:
    return RoleCode(organization=organization, system=system, code=code, job_role=role, display=display)


@cache
def _shipped() -> dict[str, Any]:
    text = (Path(__file__).parent / "role_codes.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
