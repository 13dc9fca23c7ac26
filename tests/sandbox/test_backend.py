"""SMART Backend Services against SMART 2.2, "Backend Services", with assertions forged by another library."""

import time
from typing import Any

import jwt
import pytest
import requests

from launch.sandbox.clients import client_from_json
from launch.sandbox.ehr import SandboxEhr
from tests.sandbox.conftest import App, ConfidentialApp, public_jwks, registered

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPES = "system/PractitionerRole.rs system/Task.cru"


class BackendApp(ConfidentialApp):
    """An app with nobody before it."""

    def ask(self, scope: str | None = SCOPES, **changes: Any) -> requests.Response:
        """A token request; a None takes a field out, `assertion` replaces the good one."""
        assertion = changes.pop("assertion", None) or self.assertion()
        form = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion,
            **changes,
        }
        sent = {name: value for name, value in form.items() if value is not None}
        return requests.post(self.ehr.token_url, data=sent, timeout=5)

    def token(self, scope: str = SCOPES) -> str:
        answer = self.ask(scope)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def write(self, method: str, path: str, token: str, body: Any, **headers: str) -> requests.Response:
        return requests.request(
            method,
            f"{self.ehr.fhir_base}/{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}", **{n.replace("_", "-"): v for n, v in headers.items()}},
            timeout=5,
        )


@pytest.fixture
def backend(ehr: SandboxEhr) -> BackendApp:
    entry = registered("backend", "private_key_jwt", jwks=public_jwks(), backend_scopes=SCOPES)
    ehr.clients["backend"] = client_from_json(entry)
    return BackendApp(ehr, client_id="backend")


def error(answer: requests.Response) -> str:
    assert answer.status_code in (400, 401), answer.text
    return str(answer.json()["error"])


def test_a_token_is_given_with_no_refresh_token_no_person_and_no_context(backend: BackendApp) -> None:
    answer = backend.ask().json()
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope"}
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] <= 300
    assert answer["scope"].split() == SCOPES.split()


@pytest.mark.parametrize("alg", ["ES384", "RS384"])
def test_both_algorithms_are_taken(backend: BackendApp, alg: str) -> None:
    assert backend.ask(assertion=backend.assertion(alg=alg)).status_code == 200


def test_an_assertion_serves_once(backend: BackendApp) -> None:
    assertion = backend.assertion()
    assert backend.ask(assertion=assertion).status_code == 200
    assert error(backend.ask(assertion=assertion)) == "invalid_client"


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) + 3600},
        {"exp": None},
        {"exp": int(time.time()) - 60},
        {"aud": "https://elsewhere.example/token"},
        {"jti": None},
        {"iss": "somebody-else"},
        {"sub": "somebody-else"},
        {"kid": "unknown"},
        {"kid": None},
        {"typ": "at+jwt"},
    ],
)
def test_a_wrong_assertion_gets_no_token(backend: BackendApp, changes: dict[str, Any]) -> None:
    assert error(backend.ask(assertion=backend.assertion(**changes))) == "invalid_client"


def test_without_an_assertion_there_is_no_token(backend: BackendApp) -> None:
    assert (
        error(backend.ask(client_assertion=None, client_assertion_type=None, client_id="backend")) == "invalid_client"
    )


def test_an_app_that_is_not_registered_for_it_gets_no_token(signing_app: ConfidentialApp) -> None:
    other = BackendApp(signing_app.ehr, client_id="signing")
    assert error(other.ask()) == "unauthorized_client"


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("system/Task.cruds", "system/Task.cru"),
        ("system/Task.rs system/Patient.rs", "system/Task.r"),
        ("system/PractitionerRole.read", "system/PractitionerRole.read"),
    ],
)
def test_no_more_is_granted_than_is_registered(backend: BackendApp, asked: str, granted: str) -> None:
    assert backend.ask(asked).json()["scope"] == granted


@pytest.mark.parametrize("asked", [None, "", "system/Patient.rs", "user/Task.rs", "openid", "system/Task.rs?code=x"])
def test_where_nothing_is_left_the_scope_is_refused(backend: BackendApp, asked: str | None) -> None:
    assert error(backend.ask(asked)) == "invalid_scope"


def test_a_person_never_grants_a_system_scope(backend: BackendApp) -> None:
    code = backend.code(scope="openid user/Task.rs system/Task.cru")
    granted = backend.redeem_with(code, backend.assertion()).json()["scope"]
    assert "system/" not in granted


def test_a_backend_may_not_be_public() -> None:
    with pytest.raises(ValueError, match="private_key_jwt only"):
        client_from_json(registered("open", "public", backend_scopes=SCOPES))


def task(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Task", "status": "requested", "intent": "order", **more}


def test_a_task_is_created_and_read_back(backend: BackendApp) -> None:
    token = backend.token()
    made = backend.write("POST", "Task", token, task(owner={"reference": "Practitioner/ada"}))
    assert made.status_code == 201
    assert made.headers["ETag"] == 'W/"1"'
    read = backend.read(f"Task/{made.json()['id']}", token)
    assert read.json()["owner"] == {"reference": "Practitioner/ada"}


def test_a_second_create_with_the_same_identifier_finds_the_first(backend: BackendApp) -> None:
    token = backend.token()
    body = task(identifier=[{"system": "urn:x", "value": "1"}])
    answers = [backend.write("POST", "Task", token, body, If_None_Exist="identifier=urn:x|1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["id"] == answers[1].json()["id"]


def test_an_update_of_an_older_version_is_refused(backend: BackendApp) -> None:
    token = backend.token()
    made = backend.write("POST", "Task", token, task()).json()
    path = f"Task/{made['id']}"
    first = backend.write("PUT", path, token, {**made, "priority": "urgent"}, If_Match='W/"1"')
    assert (first.status_code, first.headers["ETag"]) == (200, 'W/"2"')
    assert backend.write("PUT", path, token, {**made, "status": "completed"}, If_Match='W/"1"').status_code == 412
    assert backend.read(path, token).json()["status"] == "requested"


def test_nothing_but_the_types_for_it_is_written(backend: BackendApp) -> None:
    body = {"resourceType": "Practitioner", "id": "ada"}
    assert backend.write("PUT", "Practitioner/ada", backend.token(), body).status_code == 405


def test_a_token_without_the_action_writes_nothing(backend: BackendApp, app: App) -> None:
    assert backend.write("POST", "Task", backend.token("system/Task.r"), task()).status_code == 403
    assert backend.write("POST", "Task", app.tokens()["access_token"], task()).status_code == 403


def test_the_token_ends_after_its_time(backend: BackendApp) -> None:
    backend.ehr.behaviour.backend_seconds = 0
    answer = backend.ask()
    assert backend.read("PractitionerRole/ada-role", answer.json()["access_token"]).status_code == 401


def test_discovery_names_the_grant(backend: BackendApp) -> None:
    found = requests.get(f"{backend.ehr.fhir_base}/.well-known/smart-configuration", timeout=5).json()
    assert "client_credentials" in found["grant_types_supported"]


def test_the_assertion_is_not_a_token(backend: BackendApp) -> None:
    assertion = backend.assertion()
    assert jwt.get_unverified_header(assertion)["typ"] == "JWT"
    assert backend.read("PractitionerRole/ada-role", assertion).status_code == 401
