"""Codes with which people came, and how many: what the role map is judged by. Pure."""

from dataclasses import dataclass

from smart_app.fhir.facts import Code, PersonFacts, RoleFacts


@dataclass(frozen=True)
class StaffCodes:
    """Codes with which somebody came, and how many people came with just these."""

    roles: tuple[RoleFacts, ...]
    person: PersonFacts | None
    people: int

    @property
    def all_codes(self) -> frozenset[Code]:
        """Every code of them, of roles, specialties and qualifications."""
        of_roles = {code for role in self.roles for code in (*role.codes, *role.specialties)}
        return frozenset(of_roles | set(self.person.qualifications if self.person else ()))
