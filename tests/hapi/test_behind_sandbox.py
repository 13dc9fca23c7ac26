"""Launches with HAPI behind the sandbox EHR: what the app reads of a person and of the open task is what HAPI holds."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from fixtures.load import read_resources
from launch import LaunchContext
from launch.fhir_session import FhirRefused
from smart_app.fhir.facts import TaskFacts
from smart_app.fhir.reading import ALL_SECONDS, read_person_and_task
from tests.hapi.sandbox import launch, sandbox_before

pytestmark = pytest.mark.hapi

TASK_CODES = "urn:preceptor:task"
WORKFLOWS = {  # workflow -> person, role, encounter, its class
    "reply-to-message": ("prac-okafor-physician", "role-okafor", "enc-message-obi", "VR"),
    "shift-handoff": ("prac-lindqvist-nurse", "role-lindqvist", "enc-ward-eriksen", "IMP"),
    "pre-visit-review": ("prac-reyes-medical-assistant", "role-reyes", "enc-previsit-tanaka", "AMB"),
    "session-note": ("prac-bello-counselor", "role-bello", "enc-session-hassan", "AMB"),
    "referral-triage": ("prac-nguyen-referrals", "role-nguyen", "enc-home-adeyemi", "HH"),
    "case-report-triage": ("prac-kealoha-investigator", "role-kealoha", "enc-field-delgado", "FLD"),
}


@pytest.fixture(scope="module")
def sandbox(hapi: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox_before(hapi, tmp_path_factory.mktemp("sandbox")) as url:
        launch(url, read_person_and_task, person="prac-okafor-physician")  # HAPI's first searches take a second
        yield url


def at(encounter: str | None, tasks: tuple[TaskFacts, ...]) -> list[TaskFacts]:
    return [task for task in tasks if task.encounter == encounter]


def words(tasks: list[TaskFacts]) -> list[str]:
    return [code for task in tasks for system, code in task.codes if system == TASK_CODES]


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_role_task_and_encounter_are_found(sandbox: str, workflow: str) -> None:
    person, role, encounter, encounter_class = WORKFLOWS[workflow]
    found = launch(sandbox, read_person_and_task, person=person, encounter=encounter)
    assert found.missing == ()
    assert [(facts.id, facts.active) for facts in found.roles] == [(role, True)]
    assert workflow in words(at(encounter, found.own_tasks))
    assert found.encounter_class == encounter_class


def test_a_task_without_an_encounter_is_found_where_the_launch_names_it(sandbox: str) -> None:
    found = launch(sandbox, read_person_and_task, person="prac-haddad-front-desk", task="task-haddad-schedule")
    assert found.missing == ()
    assert words(list(found.context_tasks)) == ["schedule-appointment"]
    assert [role.id for role in found.roles] == ["role-haddad"]


def test_closed_tasks_and_those_of_others_are_not_among_ones_own(sandbox: str) -> None:
    found = launch(sandbox, read_person_and_task, person="prac-okafor-physician")
    ids = {"task-okafor-reply", "task-okafor-reply-proxy", "task-okafor-visit", "task-okafor-authorization"}
    assert {task.id for task in found.own_tasks} == ids


def test_somebody_with_two_roles_has_both(sandbox: str) -> None:
    found = launch(sandbox, read_person_and_task, person="prac-rahman-two-roles")
    assert {role.id for role in found.roles if role.active} == {"role-rahman-nurse", "role-rahman-care-manager"}
    assert set(words(list(found.own_tasks))) == {"shift-handoff", "outreach-call", "risk-list-review"}


@pytest.mark.parametrize("person", ["prac-weber-no-role", "prac-silva-inactive", "prac-yilmaz-ended-role"])
def test_no_role_and_an_ended_role_are_no_active_role(sandbox: str, person: str) -> None:
    found = launch(sandbox, read_person_and_task, person=person)
    assert found.missing == ()
    assert [role for role in found.roles if role.active] == []


def test_an_inactive_person_is_told_apart(sandbox: str) -> None:
    found = launch(sandbox, read_person_and_task, person="prac-silva-inactive")
    assert found.person is not None
    assert found.person.active is False


def test_a_person_leads_to_its_practitioner_and_role(sandbox: str) -> None:
    found = launch(sandbox, read_person_and_task, person="Person/person-singh", encounter="enc-review-kim")
    assert found.person is not None
    assert found.person.id == "prac-singh-psychiatrist"
    assert [role.id for role in found.roles] == ["role-singh"]
    assert sorted(words(at("enc-review-kim", found.own_tasks))) == ["session-note", "visit-note"]


def test_nothing_that_was_found_names_a_patient(sandbox: str) -> None:
    """The canary: names, ids and what Tasks say."""
    patients = [resource for resource in read_resources() if resource["resourceType"] == "Patient"]
    canaries = {word for patient in patients for word in (patient["id"], patient["name"][0]["family"])}
    for person, _, encounter, _ in WORKFLOWS.values():
        said = repr(launch(sandbox, read_person_and_task, person=person, encounter=encounter))
        assert [canary for canary in canaries if canary in said] == []


def test_all_is_read_within_its_time(sandbox: str) -> None:
    def seconds_of_reading(context: LaunchContext) -> float:
        began = time.monotonic()
        read_person_and_task(context)
        return time.monotonic() - began

    assert launch(sandbox, seconds_of_reading, person="prac-nguyen-referrals") < ALL_SECONDS + 0.5


def test_pages_of_hapi_are_followed_through_the_sandbox(sandbox: str) -> None:
    """HAPI pages at the base itself (`/fhir?_getpages=...`); the sandbox writes its links anew, the client follows."""

    def read_pages(context: LaunchContext) -> list[dict[str, Any]]:
        return list(context.fhir.get_pages("Task", {"owner": "Practitioner/prac-okafor-physician", "_count": "2"}))

    pages = launch(sandbox, read_pages, person="prac-okafor-physician")
    assert len(pages) == 3
    found = [entry["resource"]["id"] for page in pages for entry in page["entry"]]
    assert sorted(found) == sorted(r["id"] for r in read_resources() if r["id"].startswith("task-okafor-"))


def test_a_patient_is_not_within_the_scopes(sandbox: str) -> None:
    def read_patient(context: LaunchContext) -> None:
        with pytest.raises(FhirRefused):
            context.fhir.get_json("Patient/pat-obi")

    launch(sandbox, read_patient, person="prac-okafor-physician", encounter="enc-message-obi")
