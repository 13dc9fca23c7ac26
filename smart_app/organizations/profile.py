"""What a launch needs to know of an organization, remembered by the process for ten seconds.

A change (a code mapped, a role renamed) shows in every worker by then.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.organizations.asserting import permissions_by_code
from smart_app.organizations.job_roles import Code, job_roles
from smart_app.organizations.models import Organization, RoleCode
from smart_app.organizations.titles import JobRoleTitle

REMEMBERED_SECONDS = 10.0
_MOST = 2000
"""Organizations remembered by one process; beyond it the memory starts anew."""


@dataclass(frozen=True)
class Profile:
    """An organization's name, its job roles and what its codes mean."""

    name: str
    roles: Mapping[str, JobRoleTitle]
    meaning: Mapping[Code, JobRoleTitle]
    permissions: Mapping[Code, tuple[str, ...]]
    """What a code of an active PractitionerRole gives, beside any job role."""


class Profiles:
    """Profiles read by one app."""

    def __init__(self) -> None:
        self._known: dict[UUID, tuple[float, Profile]] = {}
        self._lock = threading.Lock()

    def get(self, session: Session, organization: UUID) -> Profile:
        """The organization's profile, at most ten seconds old; NoResultFound if there is no such organization."""
        until, profile = self._known.get(organization, (0.0, None))
        if profile is None or time.monotonic() >= until:
            profile = _read(session, organization)
            with self._lock:
                if len(self._known) >= _MOST:
                    self._known.clear()
                self._known[organization] = (time.monotonic() + REMEMBERED_SECONDS, profile)
        return profile


def _read(session: Session, organization: UUID) -> Profile:
    name = session.execute(select(Organization.name).where(Organization.organization == organization)).scalar_one()
    roles = {role.id: role for role in job_roles(session, organization=organization)}
    codes = session.execute(
        select(RoleCode.system, RoleCode.code, RoleCode.job_role).where(RoleCode.organization == organization)
    )
    meaning = {(system, code): roles[role] for system, code, role in codes}
    return Profile(name, roles, meaning, permissions_by_code(session, organization=organization))
