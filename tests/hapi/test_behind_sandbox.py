"""HAPI behind the sandbox EHR: what a launched app reads there is what HAPI holds, within its scopes."""

from collections.abc import Iterator
from typing import Any

import pytest

from fixtures.load import read_resources
from launch.fhir_session import FhirRefused, FhirSession
from launch.outbound import Door
from tests.hapi.sandbox import sandbox_before, sign_in

pytestmark = pytest.mark.hapi

ELEMENTS = "status,code,encounter,owner"
WORKFLOWS = {  # workflow -> person, role, encounter
    "reply-to-message": ("prac-okafor-physician", "role-okafor", "enc-message-obi"),
    "shift-handoff": ("prac-lindqvist-nurse", "role-lindqvist", "enc-ward-eriksen"),
    "schedule-appointment": ("prac-haddad-front-desk", "role-haddad", None),
    "pre-visit-review": ("prac-reyes-medical-assistant", "role-reyes", "enc-previsit-tanaka"),
    "session-note": ("prac-bello-counselor", "role-bello", "enc-session-hassan"),
    "referral-triage": ("prac-nguyen-referrals", "role-nguyen", "enc-home-adeyemi"),
    "case-report-triage": ("prac-kealoha-investigator", "role-kealoha", "enc-field-delgado"),
}


@pytest.fixture(scope="module")
def sandbox(hapi: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox_before(hapi, tmp_path_factory.mktemp("sandbox")) as url:
        yield url


def open_session(sandbox: str, person: str, encounter: str | None = None) -> FhirSession:
    """What `launch` hands to the app, for this person."""
    tokens = sign_in(sandbox, person=person, **({"encounter": encounter} if encounter else {}))
    return FhirSession(base=f"{sandbox}/fhir", access_token=tokens["access_token"], door=Door())


def resources(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle.get("entry", ())]


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_role_and_task_of_each_workflow_are_read_through_the_sandbox(sandbox: str, workflow: str) -> None:
    person, role, encounter = WORKFLOWS[workflow]
    fhir = open_session(sandbox, person, encounter)
    roles = resources(fhir.get_json("PractitionerRole", {"practitioner": f"Practitioner/{person}"}))
    assert [found["id"] for found in roles] == [role]
    owners = f"Practitioner/{person},PractitionerRole/{role}"
    tasks = resources(fhir.get_json("Task", {"owner": owners, "status": "in-progress", "_elements": ELEMENTS}))
    assert [task["code"]["coding"][0]["code"] for task in tasks] == [workflow]
    assert [task.get("encounter", {}).get("reference") for task in tasks] == [encounter and f"Encounter/{encounter}"]


def test_pages_of_hapi_are_followed_through_the_sandbox(sandbox: str) -> None:
    """HAPI pages at the base itself (`/fhir?_getpages=...`); the sandbox writes its links anew, the client follows."""
    fhir = open_session(sandbox, "prac-okafor-physician")
    pages = list(fhir.get_pages("Task", {"owner": "Practitioner/prac-okafor-physician", "_count": "2"}))
    assert len(pages) == 3
    found = [task["id"] for page in pages for task in resources(page)]
    assert sorted(found) == sorted(r["id"] for r in read_resources() if r["id"].startswith("task-okafor-"))


def test_a_patient_is_not_within_the_scopes(sandbox: str) -> None:
    fhir = open_session(sandbox, "prac-okafor-physician", "enc-message-obi")
    with pytest.raises(FhirRefused):
        fhir.get_json("Patient/pat-obi")


def test_a_person_leads_to_its_practitioner(sandbox: str) -> None:
    fhir = open_session(sandbox, "Person/person-singh")
    assert (
        fhir.get_json("Person/person-singh")["link"][0]["target"]["reference"] == "Practitioner/prac-singh-psychiatrist"
    )
