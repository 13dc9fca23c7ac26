"""Importing a roster: a plan first, then all of it or nothing; a learner is found by a shared identity."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.organizations.learners import Identity, resolve_learner
from smart_app.organizations.models import AuditEntry
from smart_app.organizations.roster import people
from smart_app.organizations.roster.forgetting import forget_names
from smart_app.organizations.roster.importing import (
    From,
    RosterPlan,
    RosterRefused,
    import_roster,
    plan_import,
)
from smart_app.organizations.roster.models import RosterIdentity, RosterPerson
from smart_app.organizations.roster.reading import StaffLine
from smart_app.organizations.roster.sealing import unseal
from smart_app.organizations.roster.taking_back import undo_import
from smart_app.organizations.verbs import add_organization

EHR = UUID(int=7)


@pytest.fixture
def source(database: Database, key_path: Any) -> From:
    with database.writing() as session:
        organization = add_organization(session, name="Lakeside", actor="test")
        session.commit()
    return From(organization=organization, keys=KeyRing.load(key_path), ehr=EHR, iss="https://ehr.example/fhir/")


def line(number: int, **more: Any) -> StaffLine:
    said: dict[str, Any] = {"line": number, "staff": f"S{number}", "unit": "Ward 3", "job_role": "nurse"}
    return StaffLine(**said | more)


def bring(database: Database, source: From, *lines: StaffLine) -> tuple[RosterPlan, dict[str, Any]]:
    """Plan and import."""
    with database.writing() as session:
        plan = plan_import(session, lines=lines, source=source)
        undo = import_roster(session, plan=plan, source=source, actor="test")
        session.commit()
    return plan, undo


@contextmanager
def looking(database: Database) -> Iterator[Session]:
    with database.reading() as session:
        yield session


def here(database: Database, source: From) -> list[tuple[str, str]]:
    """(unit, job role) of everybody who is here."""
    with database.reading() as session:
        found = people.groups(session, organization=source.organization)
    return sorted((group.unit, group.job_role) for group in found for _ in range(group.people))


def test_a_first_import_adds_everybody_and_their_units(database: Database, source: From) -> None:
    plan, _ = bring(database, source, line(1), line(2, unit="Ward 4", job_role="pharmacist"))
    assert plan.units == ("Ward 3", "Ward 4")
    assert here(database, source) == [("ward-3", "nurse"), ("ward-4", "pharmacist")]


def test_the_same_file_again_changes_nothing(database: Database, source: From) -> None:
    bring(database, source, line(1), line(2))
    plan, _ = bring(database, source, line(1), line(2))
    assert (len(plan.added), len(plan.changed), plan.same) == (0, 0, 2)


def test_a_changed_line_changes_the_same_person(database: Database, source: From) -> None:
    bring(database, source, line(1))
    plan, _ = bring(database, source, line(1, unit="Ward 9"))
    assert (len(plan.added), len(plan.changed)) == (0, 1)
    assert here(database, source) == [("ward-9", "nurse")]


def test_a_part_leaves_the_others_where_they_are_and_the_whole_does_not(database: Database, source: From) -> None:
    bring(database, source, line(1), line(2))
    assert bring(database, source, line(1))[0].leaving == ()
    plan, _ = bring(database, replace(source, whole=True), line(1))
    assert len(plan.leaving) == 1
    assert len(here(database, source)) == 1


def test_a_plan_changes_nothing(database: Database, source: From) -> None:
    with database.writing() as session:
        plan_import(session, lines=[line(1)], source=source)
        session.commit()
    assert here(database, source) == []


def test_identifiers_of_two_people_in_one_line_refuse_all(database: Database, source: From) -> None:
    npi = (("npi", "1234567893"),)
    bring(database, source, line(1, known_as=npi), line(2))
    with database.writing() as session:
        plan = plan_import(session, lines=[line(2, known_as=npi), line(3)], source=source)
        assert [fault.line for fault in plan.faults] == [2]
        with pytest.raises(RosterRefused):
            import_roster(session, plan=plan, source=source, actor="test")
        session.commit()
    assert len(here(database, source)) == 2


def test_somebody_under_a_new_number_is_known_by_the_npi(database: Database, source: From) -> None:
    npi = (("npi", "1234567893"),)
    bring(database, source, line(1, known_as=npi))
    plan, _ = bring(database, source, line(1, staff="NEW-1", known_as=npi))
    assert (len(plan.added), len(plan.changed)) == (0, 1)


def test_one_person_by_two_numbers_in_one_file_is_refused(database: Database, source: From) -> None:
    npi = (("npi", "1234567893"),)
    bring(database, source, line(1, known_as=npi))
    with looking(database) as session:
        plan = plan_import(session, lines=[line(1), line(2, known_as=npi)], source=source)
    assert [fault.line for fault in plan.faults] == [2]


def test_no_identifier_or_name_stands_in_the_database(database: Database, source: From) -> None:
    bring(database, source, line(1, staff="STAFF-CANARY", name="Canary Name", known_as=(("npi", "1234567893"),)))
    with looking(database) as session:
        for table in (RosterPerson, RosterIdentity, AuditEntry):
            for row in session.execute(select(table.__table__)).all():
                assert "canary" not in repr(row).lower()
                assert "1234567893" not in repr(row)


def test_names_are_kept_encrypted_only_where_lists_of_names_are_allowed(database: Database, source: From) -> None:
    bring(database, source, line(1, name="Maya Sample"))
    assert sealed(database, source) == [(None, None)]
    bring(database, replace(source, keep_names=True), line(1, name="Maya Sample"))
    assert sealed(database, source) == [("S1", "Maya Sample")]


def test_names_go_when_lists_of_names_are_no_longer_allowed(database: Database, source: From) -> None:
    known_as = (("practitioner", "prac-1"),)
    allowed = replace(source, keep_names=True, keep_practitioners=True)
    bring(database, allowed, line(1, name="Maya Sample", known_as=known_as))
    with database.writing() as session:
        assert forget_names(session, organization=source.organization, keys=source.keys) == 1
        session.commit()
    assert sealed(database, source) == [(None, None)]
    with looking(database) as session:
        row = session.scalars(select(RosterPerson)).one()
        kept = unseal(row.sealed, keys=source.keys, organization=row.organization, person=row.id)
    assert kept.practitioner == {EHR.hex: "prac-1"}


def sealed(database: Database, source: From) -> list[tuple[str | None, str | None]]:
    with database.reading() as session:
        rows = session.scalars(select(RosterPerson)).all()
        found = [unseal(row.sealed, keys=source.keys, organization=row.organization, person=row.id) for row in rows]
    return [(kept.staff, kept.name) for kept in found]


Known = Callable[..., tuple[UUID, ...]]


@pytest.mark.parametrize(
    ("known_as", "identity"),
    [
        (("npi", "1234567893"), Identity("npi", "1234567893")),
        (("practitioner", "prac-1"), Identity("practitioner", "https://ehr.example/fhir|Practitioner/prac-1")),
        (("ehr_user", "MLIND"), Identity("ehr_user", "https://ehr.example/fhir|MLIND")),
    ],
)
@pytest.mark.parametrize("launched_first", [True, False])
def test_a_learner_is_the_person_who_shares_an_identity(
    database: Database, source: From, known_as: tuple[str, str], identity: Identity, launched_first: bool
) -> None:
    def launch() -> UUID:
        with database.writing() as session:
            identities = [Identity("token", "https://ehr.example|u1"), identity]
            learner = resolve_learner(
                session, organization=source.organization, identities=identities, keys=source.keys
            )
            session.commit()
        return learner.id

    learner = launch() if launched_first else None
    bring(database, source, line(1, known_as=(known_as,)), line(2))
    learner = learner or launch()
    with looking(database) as session:
        person = session.scalars(
            select(RosterIdentity.person).where(RosterIdentity.kind == known_as[0]).distinct()
        ).one()
        assert people.persons_of_learner(session, organization=source.organization, learner=learner) == (person,)
        assert people.learners_of_persons(session, organization=source.organization) == {person: (learner,)}


def test_who_has_left_or_has_not_begun_is_not_counted(database: Database, source: From) -> None:
    today = datetime.now(UTC).date()
    day = timedelta(days=1)
    bring(
        database,
        source,
        line(1, active_from=today),
        line(2, active_to=today),
        line(3, active_from=today + day),
        line(4, active_to=today - day),
    )
    with looking(database) as session:
        assert people.count_people(session, organization=source.organization) == 2


def test_people_are_counted_by_role_and_unit(database: Database, source: From) -> None:
    bring(database, source, line(1), line(2, unit="Ward 4"), line(3, job_role="pharmacist"))
    with looking(database) as session:
        count = people.count_people
        assert count(session, organization=source.organization, job_roles=["nurse"]) == 2
        assert count(session, organization=source.organization, job_roles=["nurse"], unit_ids=["ward-4"]) == 1
        assert people.people_by_role(session, organization=source.organization) == {"nurse": 2, "pharmacist": 1}


def test_people_of_another_organization_are_never_counted_or_matched(database: Database, source: From) -> None:
    bring(database, source, line(1))
    with database.writing() as session:
        other = add_organization(session, name="Hillside", actor="test")
        session.commit()
    elsewhere = replace(source, organization=other)
    plan, _ = bring(database, elsewhere, line(1, unit="Ward 9"))
    assert len(plan.added) == 1
    assert here(database, source) == [("ward-3", "nurse")]


def test_an_import_can_be_taken_back(database: Database, source: From) -> None:
    bring(database, source, line(1), line(2))
    _, undo = bring(database, replace(source, whole=True), line(1, unit="Ward 9"), line(3))
    with database.writing() as session:
        undo_import(
            session, organization=source.organization, payload=undo, keys=source.keys, keep_names=True, actor="test"
        )
        session.commit()
    assert here(database, source) == [("ward-3", "nurse"), ("ward-3", "nurse")]
    plan, _ = bring(database, source, line(1), line(2), line(3))
    assert (len(plan.added), plan.same) == (1, 2)


def test_an_import_stands_in_the_audit_with_counts_alone(database: Database, source: From) -> None:
    bring(database, source, line(1), line(2))
    with looking(database) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "roster imported")).one()
    counts = {"added": 2, "changed": 0, "left": 0, "unchanged": 0}
    numbers = {"before": {"people": 0}, "after": {"people": 2}}
    assert entry.details == {"source": "file", "list": None, **counts, **numbers}
