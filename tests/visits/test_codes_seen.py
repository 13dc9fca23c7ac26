"""Which codes people come with is counted, so that a trainer can see what the role map leaves out."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select

from smart_app.db import Database
from smart_app.fhir.facts import Code, Findings, PersonFacts, RoleFacts
from smart_app.organizations.models import Learner
from smart_app.organizations.titles import JobRoleTitle
from smart_app.organizations.verbs import add_organization
from smart_app.visits.codes_facts import StaffCodes
from smart_app.visits.codes_seen import COUNTED_DAYS, note_codes, staff_codes
from smart_app.visits.models import CodesSeen
from smart_app.visits.role_effect import RoleChange, Unmapped, effect, matched, unmapped
from tests.plugins.app import RealApp

TODAY = date(2026, 11, 23)
NURSE, SCRIBE, CARDIOLOGY = ("urn:here", "RN"), ("urn:here", "SCR"), ("urn:here", "CARD")
NURSES, SCRIBES = JobRoleTitle("nurse", "Nurse"), JobRoleTitle("scribe", "Scribe")


def role(*codes: Code, specialties: Iterable[Code] = (), active: bool = True) -> RoleFacts:
    return RoleFacts(id="r", active=active, codes=codes, specialties=tuple(specialties))


def organization_with(database: Database, people: int) -> tuple[UUID, list[UUID]]:
    with database.writing() as session:
        organization = add_organization(session, name="Lakeside", actor="test")
        learners = [uuid4() for _ in range(people)]
        for learner in learners:
            session.add(Learner(organization=organization, id=learner, created_at=datetime.now(UTC)))
        session.commit()
    return organization, learners


def note(database: Database, organization: UUID, learner: UUID, *roles: RoleFacts, on: date = TODAY) -> None:
    with database.writing() as session:
        note_codes(
            session,
            organization=organization,
            learner=learner,
            registration=organization,
            findings=Findings(roles=roles),
            today=on,
        )
        session.commit()


def seen(database: Database, organization: UUID) -> dict[frozenset[Code], int]:
    with database.reading() as session:
        found = staff_codes(session, organization=organization, today=TODAY)
        return {group.all_codes: group.people for group in found}


def test_people_who_come_with_the_same_codes_are_counted_together(database: Database) -> None:
    organization, (first, second, third) = organization_with(database, 3)
    for learner in (first, second, first):
        note(database, organization, learner, role(NURSE))
    note(database, organization, third, role(SCRIBE, specialties=[CARDIOLOGY]))
    assert seen(database, organization) == {frozenset({NURSE}): 2, frozenset({SCRIBE, CARDIOLOGY}): 1}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(CodesSeen)) == 2


def test_who_comes_with_other_codes_counts_for_these_only(database: Database) -> None:
    organization, (learner,) = organization_with(database, 1)
    note(database, organization, learner, role(NURSE))
    note(database, organization, learner, role(SCRIBE))
    assert seen(database, organization) == {frozenset({SCRIBE}): 1}


def test_a_launch_whose_reads_failed_takes_nothing_away(database: Database) -> None:
    organization, (learner,) = organization_with(database, 1)
    note(database, organization, learner, role(NURSE))
    note(database, organization, learner)
    assert seen(database, organization) == {frozenset({NURSE}): 1}


def test_who_has_not_come_for_long_is_not_counted(database: Database) -> None:
    organization, (gone, here) = organization_with(database, 2)
    note(database, organization, gone, role(NURSE), on=TODAY - timedelta(days=COUNTED_DAYS + 1))
    note(database, organization, here, role(NURSE), on=TODAY - timedelta(days=COUNTED_DAYS))
    assert seen(database, organization) == {frozenset({NURSE}): 1}


def test_free_text_where_a_code_belongs_is_not_kept(database: Database) -> None:
    organization, (learner,) = organization_with(database, 1)
    note(database, organization, learner, role(NURSE, ("urn:here", "call Mrs Canary back"), ("urn:here", "x" * 101)))
    assert seen(database, organization) == {frozenset({NURSE}): 1}


def test_a_role_that_is_switched_off_says_nothing(database: Database) -> None:
    organization, (learner,) = organization_with(database, 1)
    note(database, organization, learner, role(SCRIBE, active=False), role(NURSE))
    assert seen(database, organization) == {frozenset({NURSE}): 1}


def test_a_launch_notes_the_codes_of_the_person(each_app: RealApp) -> None:
    each_app.launch()
    each_app.launch()
    with each_app.database.reading() as session:
        found = staff_codes(session, organization=each_app.organization)
    assert [group.people for group in found] == [1]
    assert found[0].roles


GROUPS = (
    StaffCodes((role(NURSE),), None, 40),
    StaffCodes((role(SCRIBE),), None, 7),
    StaffCodes((role(NURSE, SCRIBE),), None, 3),
    StaffCodes((role(NURSE, specialties=[CARDIOLOGY]),), None, 5),
)


def test_unmapped_codes_come_with_their_people_those_without_any_role_first() -> None:
    assert unmapped(matched(GROUPS, {NURSE: NURSES}), {NURSE: NURSES}) == (
        Unmapped(SCRIBE, 10, 7),
        Unmapped(CARDIOLOGY, 5, 0),
    )


def test_a_qualification_that_means_nothing_is_unmapped_too() -> None:
    qualified = StaffCodes((), PersonFacts(id="p", active=True, qualifications=(SCRIBE,)), 2)
    assert unmapped(matched([qualified], {}), {}) == (Unmapped(SCRIBE, 2, 2),)


def test_the_effect_of_a_mapping_says_who_changes_role() -> None:
    before = {NURSE: NURSES}
    assert effect(GROUPS, before, {**before, SCRIBE: SCRIBES}) == (
        RoleChange((), ("Scribe",), 7),
        RoleChange(("Nurse",), ("Nurse", "Scribe"), 3),
    )
    assert effect(GROUPS, before, {})[0] == RoleChange(("Nurse",), (), 48)
    assert effect(GROUPS, before, before) == ()
