"""What the role map leaves out, and what a change of it would do: counted in people. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from smart_app.fhir.facts import Code
from smart_app.organizations.titles import JobRoleTitle
from smart_app.visits.codes_facts import StaffCodes
from smart_app.visits.role_match import match_job_roles

Meaning = Mapping[Code, JobRoleTitle]


@dataclass(frozen=True)
class Unmapped:
    """A code that people came with and that means nothing here."""

    code: Code
    people: int
    without_role: int
    """Of them, those whose other codes mean nothing here either: they are asked for their role."""


@dataclass(frozen=True)
class RoleChange:
    """People whose job roles a change of the map would change."""

    before: tuple[str, ...]
    """Titles; empty: no role is known."""
    after: tuple[str, ...]
    people: int


def matched(groups: Iterable[StaffCodes], meaning: Meaning) -> tuple[tuple[StaffCodes, tuple[JobRoleTitle, ...]], ...]:
    """Each with the job roles of its people."""
    return tuple((group, roles_of(group, meaning)) for group in groups)


def unmapped(groups: Iterable[tuple[StaffCodes, tuple[JobRoleTitle, ...]]], meaning: Meaning) -> tuple[Unmapped, ...]:
    """Codes without a meaning here, those of most people first. `groups`: as :func:`matched` gives them."""
    people: Counter[Code] = Counter()
    silent: Counter[Code] = Counter()
    for group, roles in groups:
        for code in group.all_codes - meaning.keys():
            people[code] += group.people
            silent[code] += 0 if roles else group.people
    found = (Unmapped(code, people[code], silent[code]) for code in people)
    return tuple(sorted(found, key=lambda each: (-each.without_role, -each.people, each.code)))


def effect(groups: Iterable[StaffCodes], before: Meaning, after: Meaning) -> tuple[RoleChange, ...]:
    """Who changes role between two maps, most people first; those who keep theirs are left out."""
    changed: Counter[tuple[tuple[str, ...], tuple[str, ...]]] = Counter()
    for group in groups:
        had, gets = _titles(group, before), _titles(group, after)
        if had != gets:
            changed[had, gets] += group.people
    found = (RoleChange(had, gets, people) for (had, gets), people in changed.items())
    return tuple(sorted(found, key=lambda each: (-each.people, each.before, each.after)))


def roles_of(group: StaffCodes, meaning: Meaning) -> tuple[JobRoleTitle, ...]:
    """Job roles of people who come with these codes."""
    return match_job_roles(roles=group.roles, person=group.person, meaning=meaning).roles


def _titles(group: StaffCodes, meaning: Meaning) -> tuple[str, ...]:
    return tuple(role.title for role in roles_of(group, meaning))
