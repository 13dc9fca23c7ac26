"""The synthetic organization as files: what other tests and the demo rely on. Needs no server."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.load import FOLDER, read_bundles, read_resources
from smart_app.library.vocabulary import WORK

Resource = dict[str, Any]
TASK_CODES = "urn:preceptor:task"
ROLE_CODES = Path(__file__).parents[2] / "smart_app" / "organizations" / "role_codes.yaml"
STATUSES = {  # http://hl7.org/fhir/R4/valueset-task-status.html
    "draft",
    "requested",
    "received",
    "accepted",
    "rejected",
    "ready",
    "cancelled",
    "in-progress",
    "on-hold",
    "failed",
    "completed",
    "entered-in-error",
}
WORKFLOWS = {
    "reply-to-message": "prac-okafor-physician",
    "shift-handoff": "prac-lindqvist-nurse",
    "schedule-appointment": "prac-haddad-front-desk",
    "pre-visit-review": "prac-reyes-medical-assistant",
    "session-note": "prac-bello-counselor",
    "referral-triage": "prac-nguyen-referrals",
    "case-report-triage": "prac-kealoha-investigator",
}
WITHOUT_ENCOUNTER = {"schedule-appointment"}  # a booking has none yet


def of_type(kind: str) -> list[Resource]:
    return [resource for resource in read_resources() if resource["resourceType"] == kind]


def by_reference() -> dict[str, Resource]:
    return {f"{resource['resourceType']}/{resource['id']}": resource for resource in read_resources()}


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (value["reference"] for _ in range("reference" in value))
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def owners(practitioner: str) -> set[str]:
    """A Task may be owned by the person or by one of the person's roles."""
    person = f"Practitioner/{practitioner}"
    roles = (role for role in of_type("PractitionerRole") if role["practitioner"]["reference"] == person)
    return {person, *(f"PractitionerRole/{role['id']}" for role in roles)}


def task_code(task: Resource) -> str | None:
    codings = task["code"].get("coding", ())
    return next((coding["code"] for coding in codings if coding["system"] == TASK_CODES), None)


def patient_words() -> set[str]:
    """Names that belong to patients alone."""
    return {name["family"] for patient in of_type("Patient") for name in patient["name"]}


def test_each_entry_is_put_under_the_id_it_holds() -> None:
    for _, bundle in read_bundles():
        assert bundle["type"] == "transaction"
        for entry in bundle["entry"]:
            where = f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
            assert entry["request"] == {"method": "PUT", "url": where}


def test_no_id_is_given_twice() -> None:
    assert len(by_reference()) == len(read_resources())


def test_every_reference_leads_to_a_resource() -> None:
    known = by_reference()
    assert {reference for reference in references(read_resources()) if reference not in known} == set()


def test_a_file_refers_only_to_files_loaded_before_it() -> None:
    loaded: set[str] = set()
    for name, bundle in read_bundles():
        loaded |= {entry["request"]["url"] for entry in bundle["entry"]}
        assert set(references(bundle)) <= loaded, name


def test_every_resource_is_labelled_test_data() -> None:
    for resource in read_resources():
        assert [label["code"] for label in resource["meta"]["security"]] == ["HTEST"], resource["id"]


def test_an_npi_is_one_that_is_never_issued() -> None:
    npis = [
        identifier["value"]
        for person in of_type("Practitioner")
        for identifier in person["identifier"]
        if identifier["system"] == "http://hl7.org/fhir/sid/us-npi"
    ]
    assert len(npis) == len(set(npis)) > 0
    assert {npi[0] for npi in npis} == {"9"}


def test_there_are_enough_of_each() -> None:
    number = Counter(resource["resourceType"] for resource in read_resources())
    assert number["Practitioner"] >= 14
    assert number["Task"] >= 40
    assert number["Patient"] >= 10
    assert number["Organization"] >= 4
    assert number["Location"] >= 4


def test_tasks_have_every_status_and_at_least_ten_codes() -> None:
    tasks = of_type("Task")
    assert {task["status"] for task in tasks} == STATUSES
    assert len({task_code(task) for task in tasks} - {None}) >= 10


def test_each_kind_of_work_that_the_library_knows_has_a_task() -> None:
    assert set(WORK) - {task_code(task) for task in of_type("Task")} == set()


def test_encounters_have_many_classes() -> None:
    classes = {encounter["class"]["code"] for encounter in of_type("Encounter")}
    assert classes >= {"AMB", "IMP", "EMER", "VR", "HH", "OBSENC"}


def test_roles_are_coded_in_three_systems() -> None:
    systems = {
        coding["system"]
        for role in of_type("PractitionerRole")
        for code in role.get("code", ())
        for coding in code["coding"]
    }
    assert systems >= {
        "http://snomed.info/sct",
        "http://nucc.org/provider-taxonomy",
        "http://terminology.hl7.org/CodeSystem/practitioner-role",
    }


def test_every_role_code_but_the_local_one_has_a_job_role_in_the_shipped_map() -> None:
    shipped = yaml.safe_load(ROLE_CODES.read_text(encoding="utf-8"))
    known = {
        (shipped["systems"][system], code)
        for job_role in shipped["job_roles"]
        for system, codes in job_role["codes"].items()
        for code in codes
    }
    used = {
        (coding["system"], coding["code"])
        for role in of_type("PractitionerRole")
        for code in role.get("code", ())
        for coding in code["coding"]
    }
    assert used - known == {("urn:lakeside:staff-type", "navigator")}


def test_one_person_has_two_roles_one_none_and_one_is_inactive() -> None:
    roles = Counter(role["practitioner"]["reference"] for role in of_type("PractitionerRole"))
    assert roles["Practitioner/prac-rahman-two-roles"] == 2
    assert roles["Practitioner/prac-weber-no-role"] == 0
    assert by_reference()["Practitioner/prac-silva-inactive"]["active"] is False


def test_a_person_is_linked_to_a_practitioner() -> None:
    (person,) = of_type("Person")
    assert list(references(person["link"])) == ["Practitioner/prac-singh-psychiatrist"]


@pytest.mark.parametrize(("code", "practitioner"), WORKFLOWS.items())
def test_each_taught_workflow_has_someone_with_an_open_task(code: str, practitioner: str) -> None:
    tasks = [task for task in of_type("Task") if task["owner"]["reference"] in owners(practitioner)]
    open_tasks = [task for task in tasks if task["status"] == "in-progress"]
    assert [task_code(task) for task in open_tasks] == [code], "exactly one, so that the encounter tells which it is"
    assert ("encounter" in open_tasks[0]) is (code not in WITHOUT_ENCOUNTER)


def test_some_tasks_belong_to_a_person_and_some_to_a_role() -> None:
    kinds = {task["owner"]["reference"].split("/")[0] for task in of_type("Task")}
    assert kinds == {"Practitioner", "PractitionerRole"}


def test_every_task_names_its_patient_in_free_text() -> None:
    """The canary: whoever leaks a description leaks a name that can be searched for."""
    known = by_reference()
    for task in of_type("Task"):
        (name,) = known[task["for"]["reference"]]["name"]
        assert f"{name['given'][0]} {name['family']}" in task["description"], task["id"]


def test_no_staff_member_shares_a_name_with_a_patient() -> None:
    staff = {name["family"] for person in of_type("Practitioner") for name in person["name"]}
    assert not staff & patient_words()
    assert all(word.endswith("-Sample") for word in patient_words())


def test_no_task_was_changed_before_it_was_written() -> None:
    for task in of_type("Task"):
        assert datetime.fromisoformat(task["authoredOn"]) <= datetime.fromisoformat(task["lastModified"]), task["id"]


def test_the_readme_lists_every_person() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    people = [*of_type("Practitioner"), *of_type("Person"), *of_type("Patient")]
    assert [person["id"] for person in people if f"`{person['id']}`" not in readme] == []
