"""The roster's pages: bring a file, see what it would do, import it, take it back."""

import io

import pytest
from sqlalchemy import select

from launch.stores import Registration
from smart_app.organizations.permissions import Permission
from smart_app.organizations.roster.models import RosterIdentity
from smart_app.organizations.verbs import register_ehr
from tests.plugins.app import BASE_URL, OUR_PAGE, RealApp
from tests.plugins.studio import Studio
from tests.studio.people.conftest import LINES, Trainer


def test_without_a_roster_the_page_says_what_that_means(trainer: Trainer) -> None:
    assert "of those who opened Preceptor" in trainer.open("roster")


def test_a_file_is_tried_first_and_imports_nothing_by_that(trainer: Trainer) -> None:
    page = trainer.open(trainer.bring(*LINES))
    assert "3 people will be added." in page
    assert "2 units are new: Ward 3, Ward 4." in page
    assert "Import 3 people" in page
    assert "Nobody is on the roster yet." in trainer.open("roster")


def test_an_imported_file_is_counted_by_unit_and_no_name_stands_on_the_page(trainer: Trainer) -> None:
    trainer.imports()
    page = trainer.open("roster")
    assert '<b class="num">3</b> people in 2 units' in page
    assert "Nurse 2" in page
    assert "Maya" not in page


def test_a_refused_line_stands_with_its_number_and_nothing_can_be_imported(trainer: Trainer) -> None:
    path = trainer.bring(LINES[0], "S-9,,Nurse,X,,")
    page = trainer.open(path)
    assert "Unit is empty." in page
    assert "Import" not in page.partition("How the file is read")[0]
    trainer.send(f"{path}/import")
    assert "Nobody is on the roster yet." in trainer.open("roster")


def test_a_word_for_a_job_role_is_asked_for_and_learned(trainer: Trainer) -> None:
    path = trainer.bring("S-1,Ward 3,RN II,,,")
    page = trainer.open(path)
    assert "What these words mean" in page
    columns = dict(zip(("staff", "unit", "job_role"), ("Staff ID", "Unit", "Role"), strict=True))
    form = {f"column-{name}": heading for name, heading in columns.items()}
    page = trainer.send(path, {**form, "word": "rn ii", "means": "nurse"}).text
    assert "Import 1 person" in page


def test_columns_are_chosen_on_the_page(trainer: Trainer) -> None:
    path = trainer.bring("7,North,Nurse", head="A,B,C")
    assert "No column is chosen for: Staff identifier, Unit, Job role." in trainer.open(path)
    form = {"column-staff": "A", "column-unit": "B", "column-job_role": "C", "staff_is": "staff"}
    assert "1 person will be added." in trainer.send(path, form).text


def second_ehr(app: RealApp) -> str:
    """Another EHR of the organization; its id."""
    registration = Registration(
        id="", organization=app.organization.hex, name="Hillside EHR", iss="https://hillside.example/fhir",
        client_id="preceptor", callback="hillside",
    )  # fmt: skip
    with app.database.writing() as session:
        made = register_ehr(session, registration=registration, keys=app.services.keys, actor="test")
        session.commit()
    return made.hex


def columns(**more: str) -> dict[str, str]:
    named = {"staff": "Staff ID", "unit": "Unit", "job_role": "Role", "practitioner": "Practitioner ID"}
    return {f"column-{name}": heading for name, heading in named.items()} | more


def test_with_one_ehr_nobody_is_asked_whose_ids_they_are(trainer: Trainer) -> None:
    page = trainer.open(trainer.bring(*LINES))
    assert 'name="ehr"' not in page.partition("How the file is read")[2]


def test_with_two_ehrs_the_page_asks_whose_ids_they_are(trainer: Trainer, app: RealApp) -> None:
    other = second_ehr(app)
    path = trainer.bring(*LINES)
    page = trainer.open(path)
    assert "It is not said which EHR" in page
    assert "Import" not in page.partition("How the file is read")[0]
    page = trainer.send(path, columns(ehr=other)).text
    assert f'<option value="{other}" selected>Hillside EHR</option>' in page
    trainer.send(f"{path}/import")
    digest = app.services.keys.hash(
        "learner identity practitioner", "https://hillside.example/fhir|Practitioner/prac-2"
    )
    with app.database.reading() as session:
        hashes = session.scalars(select(RosterIdentity.hash).where(RosterIdentity.kind == "practitioner")).all()
    assert hashes == [digest]


def test_an_ehr_of_somebody_else_is_no_answer(trainer: Trainer, app: RealApp) -> None:
    second_ehr(app)
    path = trainer.bring(*LINES)
    assert "It is not said which EHR" in trainer.send(path, columns(ehr="0" * 32)).text


def test_an_import_can_be_undone(trainer: Trainer) -> None:
    path = trainer.bring(*LINES)
    page = trainer.send(f"{path}/import").text
    step = page.partition("/undo/")[2].partition('"')[0]
    trainer.send(f"undo/{step}")
    assert "Nobody is on the roster yet." in trainer.open("roster")


def test_a_file_is_gone_once_it_is_imported_or_forgotten(trainer: Trainer) -> None:
    for act in ("import", "drop"):
        path = trainer.bring(*LINES)
        trainer.send(f"{path}/{act}")
        assert trainer.visitor.get(path).status_code == 404


def test_nobody_else_sees_the_file(trainer: Trainer, app: RealApp, studio: Studio) -> None:
    path = trainer.bring(*LINES)
    other = studio(Permission.TRAINER, person="prac-9")
    assert other.get(path).status_code == 404
    assert other.post(f"{path}/import").status_code == 404


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04\0", b"one,two\n1,2\n"])
def test_what_is_no_table_is_refused_in_words(trainer: Trainer, content: bytes) -> None:
    sent = {"roster": (io.BytesIO(content), "roster.csv")}
    answer = trainer.visitor.post("roster/files", sent, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert "Nothing was brought in." in answer.text


def test_a_large_roster_is_taken(trainer: Trainer) -> None:
    lines = [f"S-{number},Ward {number % 14},Nurse,,," for number in range(3000)]
    assert "3000 people will be added." in trainer.open(trainer.bring(*lines))


def test_a_file_that_is_too_large_is_refused_before_it_is_read(trainer: Trainer) -> None:
    kind = "multipart/form-data; boundary=x"
    answer = trainer.visitor.client.post(
        f"{trainer.visitor.home}roster/files",
        data=b"x" * 9_000_000,
        base_url=BASE_URL,
        headers=OUR_PAGE,
        content_type=kind,
    )
    assert answer.status_code == 413


def test_a_leader_sees_the_counts_and_brings_nothing_in(trainer: Trainer, studio: Studio) -> None:
    trainer.imports()
    leader = studio(Permission.LEADER, person="prac-9")
    page = leader.get("roster")
    assert page.status_code == 200
    assert "Try this file" not in page.text
    assert leader.post("roster/files").status_code == 403
