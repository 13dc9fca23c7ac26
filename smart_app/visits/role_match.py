"""Which job roles a person has here, from the EHR's codes. Pure.

1. Each active PractitionerRole speaks by its codes; HL7's coarse practitioner-role codes ("nurse")
   count only where its other codes mean nothing here.
2. A PractitionerRole whose codes mean nothing speaks by its specialties.
3. If none speaks, the Practitioner's qualifications do.

A code without a meaning here is no role: nothing is guessed. A Practitioner that the EHR has
switched off has no role.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from smart_app.fhir.facts import Code, PersonFacts, RoleFacts
from smart_app.organizations.titles import JobRoleTitle

COARSE_SYSTEM = "http://terminology.hl7.org/CodeSystem/practitioner-role"
Source = Literal["code", "specialty", "qualification"]


@dataclass(frozen=True)
class RoleMatch:
    """The job roles, in the EHR's order, and what said so; none where the EHR is silent."""

    roles: tuple[JobRoleTitle, ...] = ()
    source: Source | None = None


def match_job_roles(
    *, roles: Sequence[RoleFacts], person: PersonFacts | None, meaning: Mapping[Code, JobRoleTitle]
) -> RoleMatch:
    """The person's job roles. `meaning`: what the organization's map says of each code."""
    if person is not None and not person.active:
        return RoleMatch()
    active = [role for role in roles if role.active]
    spoken = [(_by_codes(role, meaning), _meanings(role.specialties, meaning)) for role in active]
    found = [by_code or by_specialty for by_code, by_specialty in spoken]
    if any(found):
        source: Source = "code" if any(by_code for by_code, _ in spoken) else "specialty"
        return RoleMatch(_distinct(title for titles in found for title in titles), source)
    qualified = _distinct(_meanings(person.qualifications if person else (), meaning))
    return RoleMatch(qualified, "qualification") if qualified else RoleMatch()


def specialties_of(roles: Sequence[RoleFacts]) -> tuple[str, ...]:
    """Specialties of the active roles, "system|code"."""
    return tuple(dict.fromkeys(f"{s}|{c}" for role in roles if role.active for s, c in role.specialties))


def _by_codes(role: RoleFacts, meaning: Mapping[Code, JobRoleTitle]) -> tuple[JobRoleTitle, ...]:
    fine = _meanings((code for code in role.codes if code[0] != COARSE_SYSTEM), meaning)
    return fine or _meanings(role.codes, meaning)


def _meanings(codes: Iterable[Code], meaning: Mapping[Code, JobRoleTitle]) -> tuple[JobRoleTitle, ...]:
    return tuple(meaning[code] for code in codes if code in meaning)


def _distinct(titles: Iterable[JobRoleTitle]) -> tuple[JobRoleTitle, ...]:
    return tuple(dict.fromkeys(titles))
