"""The synthetic organization on a real HAPI FHIR server, read as the client reads."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests

from fixtures.load import load, read_resources

pytestmark = pytest.mark.hapi

Resource = dict[str, Any]
FRESH = {"Cache-Control": "no-cache", "Accept": "application/fhir+json"}
FHIR = {"Content-Type": "application/fhir+json"}
ELEMENTS = "status,code,encounter,owner"
SECONDS = 60


@pytest.fixture(scope="module")
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def search(http: requests.Session, base: str, what: str, **parameters: str) -> Resource:
    answer = http.get(f"{base}/{what}", params=parameters, headers=FRESH, timeout=SECONDS)
    answer.raise_for_status()
    resource: Resource = answer.json()
    return resource


def found(bundle: Resource) -> list[Resource]:
    return [entry["resource"] for entry in bundle.get("entry", ())]


def ids(bundle: Resource) -> set[str]:
    return {resource["id"] for resource in found(bundle)}


def new_task(owner: str) -> Resource:
    return {
        "resourceType": "Task",
        "id": f"task-{uuid4()}",
        "status": "requested",
        "intent": "order",
        "owner": {"reference": f"Practitioner/{owner}"},
    }


def put(http: requests.Session, base: str, resource: Resource) -> str:
    where = f"{base}/{resource['resourceType']}/{resource['id']}"
    http.put(where, json=resource, headers=FHIR, timeout=SECONDS).raise_for_status()
    return where


def complaints(http: requests.Session, base: str, resource: Resource) -> list[str]:
    """What $validate calls an error, or worse, in a resource."""
    where = f"{base}/{resource['resourceType']}/$validate"
    outcome = http.post(where, json=resource, headers=FHIR, timeout=SECONDS).json()
    assert outcome["resourceType"] == "OperationOutcome"
    return [issue["diagnostics"] for issue in outcome["issue"] if issue["severity"] in {"error", "fatal"}]


def test_it_speaks_fhir_r4(hapi: str, http: requests.Session) -> None:
    assert search(http, hapi, "metadata", _elements="fhirVersion")["fhirVersion"] == "4.0.1"


def test_validation_does_refuse_what_is_wrong(hapi: str, http: requests.Session) -> None:
    wrong = {**new_task("x"), "authoredOn": "2026-11-20T08:00:00Z", "lastModified": "2026-11-19T08:00:00Z"}
    assert any("inv-1" in complaint for complaint in complaints(http, hapi, wrong))


@pytest.mark.parametrize("kind", sorted({resource["resourceType"] for resource in read_resources()}))
def test_every_resource_is_valid(hapi: str, http: requests.Session, kind: str) -> None:
    resources = [resource for resource in read_resources() if resource["resourceType"] == kind]
    wrong = {resource["id"]: complaints(http, hapi, resource) for resource in resources}
    assert {where: said for where, said in wrong.items() if said} == {}


def test_loading_twice_changes_nothing(hapi: str, http: requests.Session) -> None:
    number = load(hapi)
    assert number == load(hapi) == len(read_resources())
    for resource in read_resources():
        stored = search(http, hapi, f"{resource['resourceType']}/{resource['id']}")
        assert stored["meta"]["versionId"] == "1", resource["id"]


def test_a_persons_roles_are_found(hapi: str, http: requests.Session) -> None:
    roles = search(http, hapi, "PractitionerRole", practitioner="Practitioner/prac-rahman-two-roles", active="true")
    assert ids(roles) == {"role-rahman-nurse", "role-rahman-care-manager"}


def test_a_role_leads_to_its_person_in_the_same_answer(hapi: str, http: requests.Session) -> None:
    both = search(http, hapi, "PractitionerRole", _id="role-okafor", _include="PractitionerRole:practitioner")
    assert ids(both) == {"role-okafor", "prac-okafor-physician"}


def test_a_persons_open_tasks_are_found(hapi: str, http: requests.Session) -> None:
    tasks = search(http, hapi, "Task", owner="Practitioner/prac-lindqvist-nurse", status="requested,in-progress")
    assert ids(tasks) == {"task-lindqvist-handoff", "task-lindqvist-handoff-second"}


def test_tasks_of_the_person_and_of_the_role_come_in_one_answer(hapi: str, http: requests.Session) -> None:
    owner = "Practitioner/prac-nguyen-referrals,PractitionerRole/role-nguyen"
    tasks = search(http, hapi, "Task", owner=owner, status="received,in-progress")
    assert ids(tasks) == {"task-nguyen-referral", "task-nguyen-fax"}


def test_a_search_for_few_elements_brings_no_patient(hapi: str, http: requests.Session) -> None:
    parameters = {"owner": "PractitionerRole/role-nguyen", "_elements": ELEMENTS}
    tasks = found(search(http, hapi, "Task", **parameters))
    assert len(tasks) == 2
    for task in tasks:
        assert set(task) <= {"resourceType", "id", "meta", "intent", *ELEMENTS.split(",")}


def test_an_encounter_tells_its_class(hapi: str, http: requests.Session) -> None:
    assert search(http, hapi, "Encounter/enc-ward-eriksen")["class"]["code"] == "IMP"


def test_pages_are_followed_to_the_end(hapi: str, http: requests.Session) -> None:
    page = search(http, hapi, "Task", owner="Practitioner/prac-okafor-physician", _count="2")
    seen = ids(page)
    while following := next((link["url"] for link in page["link"] if link["relation"] == "next"), None):
        assert following.startswith(hapi), "the client follows no link to another base"
        page = http.get(following, headers=FRESH, timeout=SECONDS).json()
        assert len(found(page)) <= 2
        seen |= ids(page)
    assert seen == {task["id"] for task in read_resources() if task["id"].startswith("task-okafor-")}


def test_a_new_task_is_seen_at_once_by_who_asks_for_no_cache(hapi: str, http: requests.Session) -> None:
    """HAPI answers a repeated search from a cache for a minute; the client says no-cache."""
    where = f"{hapi}/Task"
    # A search that no other test makes: what it finds first is not in the cache yet.
    ask = {"owner": "Practitioner/prac-weber-no-role", "status": "requested,rejected"}
    before = ids(http.get(where, params=ask, timeout=SECONDS).json())
    task = new_task("prac-weber-no-role")
    address = put(http, hapi, task)
    try:
        assert ids(http.get(where, params=ask, timeout=SECONDS).json()) == before, "the trap that docs/hapi.md tells of"
        assert ids(search(http, hapi, "Task", **ask)) == before | {task["id"]}
    finally:
        http.delete(address, timeout=SECONDS)


def test_a_code_that_the_status_does_not_know_is_refused(hapi: str, http: requests.Session) -> None:
    wrong = {**new_task("nobody"), "status": "open"}
    answer = http.put(f"{hapi}/Task/{wrong['id']}", json=wrong, headers=FHIR, timeout=SECONDS)
    assert answer.status_code == requests.codes.bad_request


def test_an_update_of_an_old_version_is_a_conflict(hapi: str, http: requests.Session) -> None:
    task = new_task("nobody")
    address = put(http, hapi, task)
    try:
        headers = {**FHIR, "If-Match": 'W/"7"'}
        answer = http.put(address, json={**task, "status": "accepted"}, headers=headers, timeout=SECONDS)
        assert answer.status_code == requests.codes.conflict
    finally:
        http.delete(address, timeout=SECONDS)
