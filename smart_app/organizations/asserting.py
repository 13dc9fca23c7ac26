"""The organization's map from role codes of its EHR to permissions: what an EHR may assert here, and nothing else.

A code gives a permission for the visit that came with it. It is looked up again at every page, so that a code
taken out of the map gives nothing from then on.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.db import insert_new
from smart_app.organizations.job_roles import Code
from smart_app.organizations.models import PermissionCode
from smart_app.organizations.permissions import Permission
from smart_app.organizations.verbs import write_audit


class UnfitCode(ValueError):
    """No code of a code system is written like this; the text says how."""


def permissions_by_code(session: Session, *, organization: UUID) -> dict[Code, tuple[str, ...]]:
    """The whole map."""
    table = PermissionCode
    rows = session.execute(
        select(table.system, table.code, table.permission)
        .where(table.organization == organization)
        .order_by(table.system, table.code, table.permission)
    )
    found: dict[Code, tuple[str, ...]] = {}
    for system, code, permission in rows:
        found[system, code] = (*found.get((system, code), ()), permission)
    return found


def asserted_by(codes: Iterable[Code], permissions: Mapping[Code, tuple[str, ...]]) -> list[list[str]]:
    """What these codes give: each [permission, system, code], every one once. Pure."""
    given = [[permission, *code] for code in dict.fromkeys(codes) for permission in permissions.get(code, ())]
    return sorted(given)


def map_code(
    session: Session, *, organization: UUID, system: str, code: str, permission: Permission, actor: str
) -> bool:
    """Let the code give the permission; False where it did already. Raises UnfitCode. Flushes."""
    system, code = system.strip(), code.strip()
    if not 0 < len(system) <= 250 or not 0 < len(code) <= 100 or not (system + code).isprintable() or " " in system:
        raise UnfitCode("Write the code's system as an address (http://snomed.info/sct), and the code as the EHR does.")
    key = {"organization": organization, "system": system, "code": code, "permission": permission.value}
    new = insert_new(session, PermissionCode, **key)
    if new:
        _tell(session, organization, system, code, permission, actor, given=True)
    return new


def unmap_code(
    session: Session, *, organization: UUID, system: str, code: str, permission: Permission, actor: str
) -> bool:
    """The code gives it no more, also in visits that are open; False where it did not. Flushes."""
    row = session.get(PermissionCode, (organization, system, code, permission.value))
    if row is None:
        return False
    session.delete(row)
    session.flush()
    _tell(session, organization, system, code, permission, actor, given=False)
    return True


def _tell(
    session: Session, organization: UUID, system: str, code: str, permission: Permission, actor: str, *, given: bool
) -> None:
    details = {"system": system, "code": code, "permission": permission.value, "before": not given, "after": given}
    write_audit(session, organization=organization, actor=actor, action="permission code changed", details=details)
