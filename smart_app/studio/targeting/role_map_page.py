"""The role map in words: codes without a meaning first, then the map by role, and what a change would do."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from smart_app.organizations.job_roles import Code, job_roles
from smart_app.organizations.role_map import MappedCode, get_job_role, mapped_codes
from smart_app.organizations.titles import JobRoleTitle
from smart_app.studio.targeting.surroundings import meaning_of
from smart_app.visits.codes_seen import staff_codes
from smart_app.visits.role_effect import RoleChange, Unmapped, effect, matched, unmapped

SYSTEMS: Mapping[str, str] = {
    "http://snomed.info/sct": "SNOMED CT",
    "http://nucc.org/provider-taxonomy": "NUCC taxonomy",
    "http://terminology.hl7.org/CodeSystem/practitioner-role": "HL7 practitioner role",
}
MOST_UNMAPPED = 40


@dataclass(frozen=True)
class RoleLine:
    """A job role with its codes."""

    role: JobRoleTitle
    people: int
    """Who came with it lately, by the EHR's codes."""
    codes: tuple[MappedCode, ...]


@dataclass(frozen=True)
class RoleMapPage:
    """The page."""

    unmapped: tuple[Unmapped, ...]
    more_unmapped: int
    """How many are left out."""
    lines: tuple[RoleLine, ...]
    roles: tuple[JobRoleTitle, ...]
    people: int
    without: int
    """Of them, those whom the map gives no role."""
    systems: Mapping[str, str]


@dataclass(frozen=True)
class EffectPage:
    """What mapping one code would change."""

    code: Code
    system: str
    now: JobRoleTitle | None
    then: JobRoleTitle | None
    """None: the meaning is taken away."""
    changes: tuple[RoleChange, ...]
    people: int
    """Who changes role, all together."""
    known: int


def role_map_page(session: Session, *, organization: UUID) -> RoleMapPage:
    """Everything of the map."""
    roles = job_roles(session, organization=organization)
    meaning = meaning_of(session, organization, roles)
    groups = matched(staff_codes(session, organization=organization), meaning)
    nothing = unmapped(groups, meaning)
    having = Counter[str]()
    for group, known in groups:
        for role in known:
            having[role.id] += group.people
    codes: dict[str, list[MappedCode]] = {}
    for code in mapped_codes(session, organization=organization):
        codes.setdefault(code.job_role, []).append(code)
    return RoleMapPage(
        unmapped=nothing[:MOST_UNMAPPED],
        more_unmapped=max(0, len(nothing) - MOST_UNMAPPED),
        lines=tuple(RoleLine(role, having.get(role.id, 0), tuple(codes.get(role.id, ()))) for role in roles),
        roles=roles,
        people=sum(group.people for group, _ in groups),
        without=sum(group.people for group, known in groups if not known),
        systems=SYSTEMS,
    )


def effect_page(session: Session, *, organization: UUID, code: Code, job_role: str) -> EffectPage:
    """Raises NoSuchJobRole. `job_role`: empty to take the meaning away."""
    roles = job_roles(session, organization=organization)
    before = meaning_of(session, organization, roles)
    then = get_job_role(session, organization=organization, job_role=job_role) if job_role else None
    after = {known: role for known, role in before.items() if known != code}
    if then is not None:
        after[code] = then
    groups = staff_codes(session, organization=organization)
    # Who came without this code keeps their role: they need not be matched twice.
    changes = effect((group for group in groups if code in group.all_codes), before, after)
    return EffectPage(
        code=code,
        system=SYSTEMS.get(code[0], code[0]),
        now=before.get(code),
        then=then,
        changes=changes,
        people=sum(change.people for change in changes),
        known=sum(group.people for group in groups),
    )
