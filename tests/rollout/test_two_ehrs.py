"""An organization with two EHRs: the same id means another person there, and each one's list is its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from launch.sandbox.clients import client_from_json
from launch.sandbox.ehr import SandboxEhr
from launch.sandbox.server import running_sandbox
from launch.stores import Registration
from smart_app.db import Database
from smart_app.fhir import staff
from smart_app.organizations.models import AuditEntry
from smart_app.organizations.roster.models import RosterIdentity, RosterPerson
from smart_app.organizations.roster.sealing import unseal
from smart_app.organizations.settings import decide
from smart_app.organizations.verbs import register_ehr
from tests.rollout.test_commands import STAFF, here, role, tries
from tests.rollout.world import BACKEND, World, world_over

HILLSIDE = [
    {"resourceType": "Location", "id": "ward-3", "name": "Ward 7"},
    role("r-1", "ada"),
    role("r-2", "cy"),
    role("r-3", "dee", organization={"reference": "Organization/elsewhere"}),
]


@dataclass
class Two:
    """A world, and a second EHR beside its own."""

    world: World
    other: SandboxEhr
    registration: UUID

    def units(self) -> list[str]:
        return sorted(unit for unit, _ in here(self.world))

    def people(self) -> int:
        with self.world.database.reading() as session:
            return len(session.scalars(select(RosterPerson.id)).all())

    def known(self, ehr: SandboxEhr, practitioner: str) -> UUID | None:
        """Who on the roster has this Practitioner id at this EHR."""
        digest = self.world.keys.hash("learner identity practitioner", f"{ehr.iss}|Practitioner/{practitioner}")
        with self.world.database.reading() as session:
            return session.scalar(select(RosterIdentity.person).where(RosterIdentity.hash == digest))

    def sealed(self, person: UUID | None) -> dict[str, str]:
        """EHR -> Practitioner id of a person."""
        assert person is not None
        of = {"organization": self.world.organization, "person": person}
        with self.world.database.reading() as session:
            row = session.get_one(RosterPerson, (of["organization"], person))
        return unseal(row.sealed, keys=self.world.keys, **of).practitioner


@pytest.fixture
def two(sqlite_database: Database, key_path: Path) -> Iterator[Two]:
    with world_over(sqlite_database, key_path, resources=STAFF) as world, running_sandbox(resources=HILLSIDE) as other:
        client = client_from_json({**BACKEND, "jwks": world.keys.public_jwks()})
        other.clients[client.client_id] = client
        registration = Registration(
            id="", organization=world.organization.hex, name="Hillside", iss=other.iss, client_id="preceptor",
            callback="hillside", backend_client_id=client.client_id,
        )  # fmt: skip
        with world.database.writing() as session:
            made = register_ehr(session, registration=registration, keys=world.keys, actor="test")
            session.commit()
        yield Two(world, other, made)


def reads(two: Two, ehr: str, *more: str) -> str:
    said = tries(two.world, "roster", "import", "--ehr", ehr, *more)
    assert said.exit_code == 0, said.output
    return said.output


def test_the_ids_of_the_second_ehr_are_people_at_the_second_ehr(two: Two) -> None:
    reads(two, "Hillside")
    assert two.known(two.other, "ada")
    assert two.known(two.world.ehr, "ada") is None
    assert two.sealed(two.known(two.other, "ada")) == {two.registration.hex: "ada"}


def test_the_same_id_at_two_ehrs_is_two_people(two: Two) -> None:
    reads(two, "Sandbox", "--below", "lakeside")
    said = reads(two, "Hillside")
    assert "added: 3, changed: 0, leaving: 0" in said
    assert two.known(two.other, "ada") != two.known(two.world.ehr, "ada")


def test_reading_one_ehr_leaves_the_people_of_the_other_and_of_a_file(two: Two, tmp_path: Path) -> None:
    file = tmp_path / "staff.csv"
    file.write_text("Staff ID,Unit,Role\nS-1,Office,Nurse\n")
    assert tries(two.world, "roster", "import", str(file)).exit_code == 0
    reads(two, "Sandbox", "--below", "lakeside")
    assert "leaving: 0" in reads(two, "Hillside")
    assert two.units() == ["office", "ward-3", "ward-4", "ward-7"]


def test_a_whole_file_leaves_whom_an_ehr_named(two: Two, tmp_path: Path) -> None:
    reads(two, "Hillside")
    file = tmp_path / "staff.csv"
    file.write_text("Staff ID,Unit,Role\nS-1,Office,Nurse\nS-2,Office,Nurse\n")
    tries(two.world, "roster", "import", str(file))
    file.write_text("Staff ID,Unit,Role\nS-1,Office,Nurse\n")
    said = tries(two.world, "roster", "import", str(file), "--whole")
    assert "leaving: 1," in said.output
    assert two.units() == ["office", "ward-7"]


def test_two_parts_of_one_ehr_do_not_take_each_other_out_and_all_of_it_is_both(two: Two) -> None:
    reads(two, "Hillside", "--below", "lakeside")
    assert "added: 1, changed: 0, leaving: 0" in reads(two, "Hillside", "--below", "elsewhere")
    assert "added: 0, changed: 0, leaving: 0, as before: 2" in reads(two, "Hillside", "--below", "lakeside")
    source = two.other.source
    source.put(role("r-2", "cy", active=False))  # type: ignore[attr-defined]
    assert "leaving: 1" in reads(two, "Hillside")
    assert two.people() == 3


def test_the_audit_says_which_list_of_which_ehr(two: Two) -> None:
    reads(two, "Hillside", "--below", "lakeside")
    with two.world.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "roster imported")).one()
        rows = session.scalars(select(RosterPerson)).all()
    assert (entry.details["source"], entry.details["list"]) == ("EHR", f"{two.registration.hex}/lakeside")
    assert {(row.source, row.listed) for row in rows} == {("EHR", f"{two.registration.hex}/lakeside")}


def test_a_file_with_practitioner_ids_says_of_which_ehr(two: Two, tmp_path: Path) -> None:
    file = tmp_path / "staff.csv"
    file.write_text("Staff ID,Unit,Role,Practitioner ID\nS-1,Office,Nurse,ada\n")
    refused = tries(two.world, "roster", "import", str(file))
    assert refused.exit_code == 1
    assert "not said which EHR" in refused.output
    assert two.people() == 0
    said = tries(two.world, "roster", "import", str(file), "--ids-of", "Hillside")
    assert said.exit_code == 0, said.output
    assert two.known(two.other, "ada")
    assert two.known(two.world.ehr, "ada") is None


def test_a_file_without_such_ids_need_not_say_it(two: Two, tmp_path: Path) -> None:
    file = tmp_path / "staff.csv"
    file.write_text("Staff ID,Unit,Role,NPI\nS-1,Office,Nurse,1234567893\n")
    assert tries(two.world, "roster", "import", str(file)).exit_code == 0


def test_what_an_ehr_does_not_speak_of_stays_as_the_file_said(two: Two, tmp_path: Path) -> None:
    with two.world.database.writing() as session:
        values = {"names of assigned work": True}
        decide(session, organization=two.world.organization, values=values, actor="test")
        session.commit()
    file = tmp_path / "staff.csv"
    file.write_text("Staff ID,Unit,Role,Name,Leader,Practitioner ID\nS-1,Office,Nurse,Ada Sample,yes,ada\n")
    assert tries(two.world, "roster", "import", str(file), "--ids-of", "Hillside").exit_code == 0
    assert "changed: 1," in reads(two, "Hillside")
    person = two.known(two.other, "ada")
    assert person is not None
    with two.world.database.reading() as session:
        row = session.get_one(RosterPerson, (two.world.organization, person))
    known = unseal(row.sealed, keys=two.world.keys, organization=row.organization, person=person)
    assert (row.unit, row.is_leader, known.staff, known.name) == ("ward-7", True, "S-1", "Ada Sample")


def test_an_assignment_is_written_to_the_ehr_that_names_the_person(two: Two) -> None:
    reads(two, "Hillside")
    two.world.assigns()
    assert "Written: 3." in tries(two.world, "assignments", "sync").output
    asked = [one for one in two.other.requests if one["method"] == "POST" and one["path"].endswith("/Task")]
    assert len(asked) == 3
    assert not [one for one in two.world.ehr.requests if one["path"].endswith("/Task")]


def test_more_roles_than_twenty_pages_hold_are_read(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staff, "_A_PAGE", "4")
    source = two.other.source
    for number in range(97):
        source.put(role(f"many-{number}", f"p-{number}"))  # type: ignore[attr-defined]
    assert "added: 100" in reads(two, "Hillside")


def test_a_staff_list_has_an_end_too(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staff, "_A_PAGE", "1")
    monkeypatch.setattr(staff, "MOST_PAGES", 2)
    said = tries(two.world, "roster", "import", "--ehr", "Hillside")
    assert said.exit_code == 1
    assert "more than 2 pages" in said.output
    assert two.people() == 0


def test_the_pages_of_a_staff_list_are_enough_for_the_people_it_may_hold() -> None:
    assert int(staff._A_PAGE) * staff.MOST_PAGES >= staff.MOST_STAFF
