"""Which job roles a person has, from codes alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_app.fhir.facts import PersonFacts, RoleFacts
from smart_app.organizations.titles import JobRoleTitle
from smart_app.visits.role_match import COARSE_SYSTEM, match_job_roles, specialties_of

NURSE, PHYSICIAN, MANAGER = (JobRoleTitle(slug, slug.title()) for slug in ("nurse", "physician", "care-manager"))
SCT, NUCC = "http://snomed.info/sct", "http://nucc.org/provider-taxonomy"
MEANING = {
    (SCT, "224535009"): NURSE,
    (SCT, "309343006"): PHYSICIAN,
    (SCT, "768832004"): MANAGER,
    (NUCC, "207Q00000X"): PHYSICIAN,
    (COARSE_SYSTEM, "nurse"): NURSE,
    (COARSE_SYSTEM, "doctor"): PHYSICIAN,
}
UNKNOWN = ("https://lakeside.example/staff-type", "navigator")


def role(*codes: tuple[str, str], specialties: tuple[tuple[str, str], ...] = (), active: bool = True) -> RoleFacts:
    return RoleFacts(id="r", active=active, codes=codes, specialties=specialties)


def matched(*roles: RoleFacts, person: PersonFacts | None = None) -> list[str]:
    return [title.id for title in match_job_roles(roles=roles, person=person, meaning=MEANING).roles]


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ([], []),
        ([role((SCT, "224535009"))], ["nurse"]),
        ([role(UNKNOWN)], []),
        ([role(UNKNOWN, (SCT, "224535009"))], ["nurse"]),
        ([role((SCT, "224535009")), role((SCT, "768832004"))], ["nurse", "care-manager"]),
        ([role((SCT, "224535009"), active=False)], []),
        ([role((SCT, "224535009"), active=False), role((SCT, "309343006"))], ["physician"]),
        ([role((SCT, "768832004"), (COARSE_SYSTEM, "nurse"))], ["care-manager"]),
        ([role((COARSE_SYSTEM, "nurse"))], ["nurse"]),
        ([role(UNKNOWN, (COARSE_SYSTEM, "nurse"))], ["nurse"]),
        ([role(specialties=((NUCC, "207Q00000X"),))], ["physician"]),
        ([role(UNKNOWN, specialties=((NUCC, "207Q00000X"),))], ["physician"]),
        ([role((SCT, "224535009"), specialties=((NUCC, "207Q00000X"),))], ["nurse"]),
        ([role((SCT, "224535009")), role(specialties=((NUCC, "207Q00000X"),))], ["nurse", "physician"]),
        ([role(("http://snomed.info/SCT", "224535009"))], []),
    ],
)
def test_roles_are_what_the_codes_mean(roles: list[RoleFacts], expected: list[str]) -> None:
    assert matched(*roles) == expected


def test_qualifications_speak_only_where_no_role_does() -> None:
    person = PersonFacts(id="p", qualifications=((SCT, "309343006"),))
    assert matched(person=person) == ["physician"]
    assert matched(role((SCT, "224535009")), person=person) == ["nurse"]


def test_a_practitioner_whom_the_ehr_switched_off_has_no_role() -> None:
    person = PersonFacts(id="p", active=False, qualifications=((SCT, "309343006"),))
    assert matched(role((SCT, "224535009")), person=person) == []


def test_specialties_of_inactive_roles_do_not_count() -> None:
    roles = [role(specialties=((NUCC, "a"),)), role(specialties=((NUCC, "b"),), active=False)]
    assert specialties_of(roles) == (f"{NUCC}|a",)


codes = st.sampled_from([*MEANING, UNKNOWN, (SCT, "0"), (NUCC, "x")])
any_role = st.builds(
    RoleFacts,
    id=st.just("r"),
    active=st.booleans(),
    codes=st.lists(codes, max_size=4).map(tuple),
    specialties=st.lists(codes, max_size=3).map(tuple),
)


@given(st.lists(any_role, max_size=4))
def test_no_role_comes_from_anything_but_a_code_with_a_meaning(roles: list[RoleFacts]) -> None:
    said = {code for each in roles if each.active for code in (*each.codes, *each.specialties)}
    found = match_job_roles(roles=roles, person=None, meaning=MEANING)
    assert set(found.roles) <= {MEANING[code] for code in said if code in MEANING}
    assert len(set(found.roles)) == len(found.roles)
    assert bool(found.roles) == (found.source is not None)


@given(st.lists(any_role, max_size=4))
def test_whoever_says_something_that_means_something_gets_a_role(roles: list[RoleFacts]) -> None:
    means = any(code in MEANING for each in roles if each.active for code in (*each.codes, *each.specialties))
    assert bool(match_job_roles(roles=roles, person=None, meaning=MEANING).roles) == means
