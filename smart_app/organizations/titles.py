"""A job role as people read it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class JobRoleTitle:
    """The role's slug and its title at the organization."""

    id: str
    title: str
