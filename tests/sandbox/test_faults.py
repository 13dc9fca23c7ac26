"""Injected faults: chosen by path, counted, cleared."""

import json
import time

import pytest
import requests

from launch.sandbox.ehr import SandboxEhr
from tests.sandbox.conftest import App


def inject(ehr: SandboxEhr, **fault: object) -> None:
    """A fault by the control API."""
    answer = requests.post(f"{ehr.base_url}/sandbox/faults", json=fault, timeout=5)
    assert answer.status_code == 201, answer.text


@pytest.fixture
def token(app: App) -> str:
    """A token got before anything went wrong."""
    return str(app.tokens()["access_token"])


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_path_answers_with_a_status(app: App, token: str, status: int) -> None:
    inject(app.ehr, path="/fhir/Task*", kind="status", status=status, headers={"Retry-After": "7"})
    answer = app.read("Task", token)
    assert answer.status_code == status
    assert answer.headers["Retry-After"] == "7"
    assert app.read("Practitioner/ada", token).status_code == 200


def test_a_slow_path_answers_late_and_rightly(app: App, token: str) -> None:
    inject(app.ehr, path="/fhir/Task", kind="slow", seconds=0.4)
    began = time.monotonic()
    assert app.read("Task", token).status_code == 200
    assert time.monotonic() - began >= 0.4


def test_clearing_the_faults_lets_the_slow_go_at_once(app: App, token: str) -> None:
    inject(app.ehr, path="/fhir/Task", kind="slow", seconds=60)
    with pytest.raises(requests.Timeout):
        requests.get(f"{app.ehr.fhir_base}/Task", headers={"Authorization": f"Bearer {token}"}, timeout=0.2)
    requests.delete(f"{app.ehr.base_url}/sandbox/faults", timeout=5)
    assert app.read("Task", token).status_code == 200


def test_a_truncated_answer_is_no_json(app: App, token: str) -> None:
    inject(app.ehr, path="/fhir/Task", kind="truncated")
    answer = app.read("Task", token)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)


def test_an_answer_cut_off_ends_before_its_length(app: App, token: str) -> None:
    inject(app.ehr, path="/fhir/Task", kind="cut off")
    with pytest.raises(requests.RequestException):
        app.read("Task", token)


def test_a_path_answers_another_resource_type(app: App, token: str) -> None:
    inject(app.ehr, path="/fhir/Practitioner/*", kind="wrong type")
    assert app.read("Practitioner/ada", token).json()["resourceType"] == "Basic"


def test_a_path_answers_a_web_page(app: App, token: str) -> None:
    inject(app.ehr, path="/fhir/*", kind="html")
    assert app.read("Task", token).headers["Content-Type"].startswith("text/html")


def test_a_path_answers_whatever_is_wanted(app: App, token: str) -> None:
    inject(app.ehr, path="/fhir/Task", kind="body", body="[]", status=200, content_type="application/json")
    assert app.read("Task", token).json() == []


def test_a_token_ends_in_the_moment_it_is_shown(app: App, token: str) -> None:
    inject(app.ehr, path="/fhir/Task", kind="expired token", times=1)
    answer = app.read("Task", token)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert app.read("Practitioner/ada", token).status_code == 401, "it is over for everything else too"


def test_one_page_holds_twenty_thousand_entries(app: App, token: str) -> None:
    inject(app.ehr, path="/fhir/Task", kind="many entries")
    tasks = [entry["resource"] for entry in app.read("Task", token, owner="Practitioner/ada").json()["entry"]]
    assert len({task["id"] for task in tasks}) == len(tasks) == 20_000
    assert {task["owner"]["reference"] for task in tasks} == {"Practitioner/ada"}


def test_one_entry_is_broken_and_the_others_are_whole(app: App, token: str) -> None:
    whole = app.read("Task", token).json()["entry"]
    inject(app.ehr, path="/fhir/Task", kind="broken entry")
    broken, *others = app.read("Task", token).json()["entry"]
    assert broken["resource"]["id"] == ["x"]
    assert others == whole


@pytest.mark.parametrize("kind", ["many entries", "broken entry"])
def test_faults_of_searches_leave_a_read_as_it_is(app: App, token: str, kind: str) -> None:
    inject(app.ehr, path="/fhir/*", kind=kind)
    assert app.read("Practitioner/ada", token).json()["id"] == "ada"


def test_a_fault_may_hit_a_number_of_times(app: App, token: str) -> None:
    inject(app.ehr, path="/fhir/Task", kind="status", status=503, times=2)
    assert [app.read("Task", token).status_code for _ in range(3)] == [503, 503, 200]


def test_a_fault_may_be_for_one_method(app: App) -> None:
    inject(app.ehr, path="/oauth/token", kind="status", status=503, method="POST")
    assert app.redeem(app.code()).status_code == 503


def test_the_control_api_itself_has_no_faults(app: App) -> None:
    inject(app.ehr, path="*", kind="status", status=500)
    assert requests.delete(f"{app.ehr.base_url}/sandbox/faults", timeout=5).status_code == 204


@pytest.mark.parametrize(
    "fault", [{"path": "/x", "kind": "made-up"}, {"kind": "slow"}, {"path": "/x", "kind": "slow", "z": 1}]
)
def test_a_fault_that_there_is_not_is_refused(ehr: SandboxEhr, fault: dict[str, object]) -> None:
    assert requests.post(f"{ehr.base_url}/sandbox/faults", json=fault, timeout=5).status_code == 400
