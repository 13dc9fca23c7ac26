"""`preceptor roster import` and `preceptor assignments sync`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from launch.backend import BackendError
from launch.fhir_session import FhirReadError
from launch.tokens import TokenError
from smart_app.cli import main
from smart_app.db import Database
from smart_app.organizations.models import EhrRegistration
from smart_app.organizations.roster.people import groups
from smart_app.rollout import task_sync
from smart_app.rollout.waiting import WHY
from tests.rollout.world import World, world_over

FILE = "Staff ID,Unit,Role\nS-1,Ward 3,Nurse\nS-2,Ward 4,RN II\n"


def role(name: str, practitioner: str, **more: Any) -> dict[str, Any]:
    nurse = {"coding": [{"system": "http://snomed.info/sct", "code": "106292003", "display": "Registered nurse"}]}
    return {
        "resourceType": "PractitionerRole", "id": name, "active": True, "code": [nurse],
        "practitioner": {"reference": f"Practitioner/{practitioner}"},
        "organization": {"reference": "Organization/lakeside"},
        "location": [{"reference": "Location/ward-3"}], **more,
    }  # fmt: skip


STAFF = [
    {"resourceType": "Location", "id": "ward-3", "name": "Ward 3"},
    role("r-ada", "ada"),
    role("r-ben", "ben", location=[{"reference": "Location/x", "display": "Ward 4"}]),
    role("r-left", "left", period={"end": "2020-01-01"}),
    role("r-off", "off", active=False),
    role("r-other", "other", organization={"reference": "Organization/elsewhere"}),
]


@pytest.fixture
def world(sqlite_database: Database, key_path: Path) -> Iterator[World]:
    with world_over(sqlite_database, key_path, resources=STAFF) as made:
        yield made


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "staff.csv"
    path.write_text(FILE)
    return str(path)


def tries(world: World, *command: str) -> Result:
    folder = Path(str(world.keys._path)).parent
    environment = {
        "PRECEPTOR_DATABASE_URL": str(world.database.engine.url), "PRECEPTOR_DATA_DIR": str(folder),
        "PRECEPTOR_KEYS": str(world.keys._path), "PRECEPTOR_BASE_URL": "https://preceptor.example",
    }  # fmt: skip
    return CliRunner().invoke(main, [*command, "--organization", "Lakeside"], env=environment)


def here(world: World) -> list[tuple[str, str]]:
    with world.database.reading() as session:
        return [(group.unit, group.job_role) for group in groups(session, organization=world.organization)]


def test_a_refused_line_imports_nothing_and_says_why(world: World, file: str) -> None:
    said = tries(world, "roster", "import", file)
    assert said.exit_code == 1
    assert 'line 3: No job role is called "rn ii" here.' in said.output
    assert here(world) == []


def test_a_dry_run_says_what_it_would_do_and_does_nothing(world: World, file: str) -> None:
    said = tries(world, "roster", "import", file, "--role", "RN II=nurse", "--dry-run")
    assert said.exit_code == 0, said.output
    assert "added: 2, changed: 0, leaving: 0, as before: 0" in said.output
    assert "new units: Ward 3, Ward 4" in said.output
    assert here(world) == []


def test_a_good_file_is_imported(world: World, file: str) -> None:
    said = tries(world, "roster", "import", file, "--role", "RN II=nurse")
    assert said.exit_code == 0, said.output
    assert here(world) == [("ward-3", "nurse"), ("ward-4", "nurse")]


def test_columns_are_named_where_they_are_not_guessed(world: World, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("A,B,C\n1,Ward 3,Nurse\n")
    assert "No column is chosen" in tries(world, "roster", "import", str(path)).output
    columns = [part for one in ("staff=A", "unit=B", "job_role=C") for part in ("--column", one)]
    assert tries(world, "roster", "import", str(path), *columns).exit_code == 0


def test_the_ehrs_own_staff_list_is_read_by_backend_services(world: World) -> None:
    said = tries(world, "roster", "import", "--ehr", "Sandbox", "--below", "lakeside")
    assert said.exit_code == 0, said.output
    assert here(world) == [("ward-3", "nurse"), ("ward-4", "nurse")]
    assert world.person("ada")
    again = tries(world, "roster", "import", "--ehr", "Sandbox", "--below", "lakeside", "--dry-run")
    assert "added: 0, changed: 0, leaving: 0, as before: 2" in again.output


def test_who_is_on_the_ehrs_list_no_more_leaves(world: World) -> None:
    tries(world, "roster", "import", "--ehr", "Sandbox", "--below", "lakeside")
    source: Any = world.ehr.source
    source.put(role("r-ben", "ben", active=False))
    said = tries(world, "roster", "import", "--ehr", "Sandbox", "--below", "lakeside")
    assert "leaving: 1" in said.output
    assert here(world) == [("ward-3", "nurse")]


@pytest.mark.parametrize(("scopes", "words"), [("system/Location.rs", "not granted"), ("", "unauthorized_client")])
def test_an_ehr_that_grants_no_staff_list_changes_nothing(world: World, scopes: str, words: str) -> None:
    world.ehr.clients["preceptor-backend"].backend_scopes = scopes
    said = tries(world, "roster", "import", "--ehr", "Sandbox")
    assert said.exit_code == 1
    assert words in said.output
    assert here(world) == []


def test_the_staff_list_asks_for_no_name_of_anybody(world: World) -> None:
    tries(world, "roster", "import", "--ehr", "Sandbox")
    paths = {one["path"] for one in world.ehr.requests}
    assert not any("/Practitioner" in path and "Role" not in path for path in paths)
    searches = [one["query"] for one in world.ehr.requests if one["path"] == "/fhir/PractitionerRole"]
    assert all("_elements=" in query for query in searches)


def test_assignments_are_brought_into_step_by_the_command(world: World) -> None:
    world.staff("ada", "ben")
    world.assigns()
    said = tries(world, "assignments", "sync")
    assert (said.exit_code, "Written: 2. Not written: 0." in said.output) == (0, True), said.output
    world.somebody_changes("ada", status="completed")
    assert "Finished in the EHR: 1." in tries(world, "assignments", "sync").output


def test_the_command_says_by_its_exit_status_that_the_ehr_was_away(world: World) -> None:
    world.ehr.clients["preceptor-backend"].backend_scopes = "system/Task.r"
    world.staff("ada")
    world.assigns()
    said = tries(world, "assignments", "sync")
    assert said.exit_code == 75
    assert "Not written: 1." in said.output
    assert "Left at Sandbox: 1, the EHR refuses access by Backend Services. Tried again from " in said.output


def test_every_reason_why_no_access_was_had_is_said_in_words() -> None:
    def below(kind: type[Exception]) -> set[str]:
        return {kind.__name__}.union(*(below(each) for each in kind.__subclasses__()))

    assert below(BackendError) | below(TokenError) <= set(WHY)
    assert set(WHY) <= below(BackendError) | below(TokenError) | below(FhirReadError)


def test_one_run_writes_all_that_is_due_however_many_turns_it_takes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_sync, "A_TURN", 2)
    world.staff("ada", "ben", "cy", "dee", "eve")
    world.assigns()
    said = tries(world, "assignments", "sync")
    assert (said.exit_code, "Written: 5. Not written: 0." in said.output) == (0, True), said.output
    assert "Left" not in said.output


def test_an_ehr_that_is_away_ends_the_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_sync, "A_TURN", 2)
    world.ehr.clients["preceptor-backend"].backend_scopes = "system/Task.r"
    world.staff("ada", "ben", "cy", "dee", "eve")
    world.assigns()
    said = tries(world, "assignments", "sync")
    assert (said.exit_code, "Not written: 2." in said.output) == (75, True)
    assert "Left at Sandbox: 3, not tried yet." in said.output


def test_what_only_a_visit_can_write_is_left_alone_and_said(world: World) -> None:
    world.staff("ada")
    world.assigns()
    with world.database.writing() as session:
        session.execute(update(EhrRegistration).values(backend_client_id=None))
        session.commit()
    said = tries(world, "assignments", "sync")
    assert (said.exit_code, "Written: 0. Not written: 0." in said.output) == (0, True)
    assert "Left at Sandbox: 1, not tried yet. Only a visit there can write it" in said.output
    assert world.row("ada").tries == 0
