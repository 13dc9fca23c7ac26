"""FHIR read and search behind token and scope: RFC 6750, SMART 2.2 scopes, FHIR R4 search."""

from typing import Any

import pytest
import requests

from tests.sandbox.conftest import App


@pytest.fixture
def token(app: App) -> str:
    """A token with the plain scopes."""
    return str(app.tokens()["access_token"])


def ids(response: requests.Response) -> list[str]:
    """Ids of a searchset's entries, in order."""
    assert response.status_code == 200, response.text
    return [entry["resource"]["id"] for entry in response.json().get("entry", [])]


def outcome(response: requests.Response) -> str:
    """The issue code of an OperationOutcome."""
    body = response.json()
    assert body["resourceType"] == "OperationOutcome"
    return str(body["issue"][0]["code"])


def test_without_a_token_nothing_is_read(app: App) -> None:
    answer = app.read("Practitioner/ada", "")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="sandbox"'
    assert outcome(answer) == "login"


def test_an_unknown_token_is_named_invalid(app: App) -> None:
    answer = app.read("Practitioner/ada", "made-up")
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_basic_credentials_are_no_token(app: App) -> None:
    answer = requests.get(f"{app.ehr.fhir_base}/Practitioner/ada", auth=("netrc", "entry"), timeout=5)
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["Patient/p1", "Patient", "Encounter", "Device/d1", "Organization"])
def test_what_the_scopes_do_not_say_is_forbidden(app: App, token: str, path: str) -> None:
    answer = app.read(path, token)
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert outcome(answer) == "forbidden"


@pytest.mark.parametrize("path", ["Practitioner/ada", "Practitioner/ada/_history/1", "Encounter/e1"])
def test_what_the_scopes_say_is_read(app: App, token: str, path: str) -> None:
    answer = app.read(path, token)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/fhir+json"
    assert answer.json()["id"] == path.split("/")[1]


def test_what_is_not_there_is_told_as_an_outcome(app: App, token: str) -> None:
    answer = app.read("Practitioner/nobody", token)
    assert answer.status_code == 404
    assert outcome(answer) == "not-found"


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({"owner": "Practitioner/ada"}, ["t1"]),
        ({"owner": "ada"}, ["t1"]),
        ({"owner:Practitioner": "ada"}, ["t1"]),
        ({"owner": "http://any.example/fhir/Practitioner/ada"}, ["t1"]),
        ({"owner": "Practitioner/ada,PractitionerRole/ada-role"}, ["t1", "t2"]),
        ({"owner": "Practitioner/ben", "status": "requested,in-progress"}, []),
        ({"status": "requested"}, ["t1", "t2"]),
        ({"encounter": "Encounter/e1"}, ["t2"]),
        ({"code": "reply-to-message"}, ["t1"]),
        ({"code": "urn:preceptor:task|reply-to-message"}, ["t1"]),
        ({"code": "urn:preceptor:task|"}, ["t1"]),
        ({"code": "other|reply-to-message"}, []),
        ({"_id": "t1,t3"}, ["t1", "t3"]),
    ],
    ids=str,
)
def test_tasks_are_found(app: App, token: str, search: dict[str, str], found: list[str]) -> None:
    assert ids(app.read("Task", token, **search)) == found


def test_a_role_is_found_with_its_practitioner(app: App, token: str) -> None:
    answer = app.read(
        "PractitionerRole", token, practitioner="Practitioner/ada", _include="PractitionerRole:practitioner"
    )
    assert ids(answer) == ["ada-role", "ada"]
    assert [entry["search"]["mode"] for entry in answer.json()["entry"]] == ["match", "include"]


def test_a_role_is_found_by_specialty(app: App, token: str) -> None:
    assert ids(app.read("PractitionerRole", token, specialty="http://nucc.org/provider-taxonomy|207Q00000X")) == [
        "ada-role"
    ]


def test_an_include_does_not_reach_what_the_scopes_do_not_say(app: App) -> None:
    token = app.tokens(scope="launch openid user/PractitionerRole.rs")["access_token"]
    answer = app.read("PractitionerRole", token, _include="PractitionerRole:practitioner")
    assert ids(answer) == ["ada-role"]


def test_encounters_are_found_by_participant_where_search_is_granted(app: App) -> None:
    app.ehr.clients["public"].scopes += " user/Encounter.rs"
    token = app.tokens(scope="launch user/Encounter.rs")["access_token"]
    assert ids(app.read("Encounter", token, participant="Practitioner/ada")) == ["e1"]
    assert ids(app.read("Encounter", token, participant="Practitioner/ben")) == []


def test_only_the_elements_asked_for_come(app: App, token: str) -> None:
    entry = app.read("Task", token, _id="t1", _elements="code,status").json()["entry"][0]
    assert set(entry["resource"]) == {"resourceType", "id", "meta", "code", "status"}
    assert entry["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"


def test_an_ehr_that_ignores_elements_sends_all(app: App, token: str) -> None:
    app.ehr.behaviour.ignore_elements = True
    entry = app.read("Task", token, _id="t1", _elements="code,status").json()["entry"][0]
    assert entry["resource"]["description"] == "Free text"


def test_pages_are_linked_until_all_was_seen(app: App, token: str) -> None:
    answer = app.read("Task", token, _count=2)
    seen = ids(answer)
    links = {link["relation"]: link["url"] for link in answer.json()["link"]}
    assert links["next"].startswith(f"{app.ehr.fhir_base}/Task?")
    following = requests.get(links["next"], headers={"Authorization": f"Bearer {token}"}, timeout=5)
    seen += ids(following)
    assert seen == ["t1", "t2", "t3"]
    assert "next" not in {link["relation"] for link in following.json()["link"]}


def test_a_search_may_be_posted(app: App, token: str) -> None:
    answer = requests.post(
        f"{app.ehr.fhir_base}/Task/_search",
        data={"owner": "Practitioner/ada"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=5,
    )
    assert ids(answer) == ["t1"]


@pytest.mark.parametrize(
    "search", [{"made-up": "1"}, {"status:not": "done"}, {"_count": "many"}, {"_include": "Task:made-up"}], ids=str
)
def test_a_search_that_is_not_understood_is_refused(app: App, token: str, search: dict[str, str]) -> None:
    answer = app.read("Task", token, **search)
    assert answer.status_code == 400
    assert outcome(answer) == "not-supported"


def test_a_resource_type_this_ehr_does_not_have_is_told(app: App, token: str) -> None:
    app.ehr.behaviour.change({"unsupported_types": ["Task"]})
    answer = app.read("Task", token)
    assert answer.status_code == 404
    assert outcome(answer) == "not-supported"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_of_a_person_is_written(app: App, token: str, method: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.request(method, f"{app.ehr.fhir_base}/Practitioner/ada", json={}, headers=headers, timeout=5)
    assert answer.status_code == 405


def document(app: App, path: str) -> Any:
    """A document that needs no token."""
    answer = requests.get(f"{app.ehr.fhir_base}/{path}", timeout=5)
    assert answer.status_code == 200
    return answer.json()


def test_discovery_has_what_smart_requires(app: App) -> None:
    found = document(app, ".well-known/smart-configuration")
    assert found["authorization_endpoint"] == app.ehr.authorize_url
    assert found["token_endpoint"] == app.ehr.token_url
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["issuer"] == app.ehr.fhir_base
    assert found["jwks_uri"] == app.ehr.jwks_url
    required = {
        "launch-ehr",
        "launch-standalone",
        "client-public",
        "client-confidential-asymmetric",
        "sso-openid-connect",
    }
    assert required <= set(found["capabilities"])
    assert {"RS384", "ES384"} == set(found["token_endpoint_auth_signing_alg_values_supported"])


def test_discovery_can_be_changed_for_tests(app: App) -> None:
    app.ehr.behaviour.discovery = {"code_challenge_methods_supported": ["plain"], "jwks_uri": None}
    found = document(app, ".well-known/smart-configuration")
    assert found["code_challenge_methods_supported"] == ["plain"]
    assert "jwks_uri" not in found


def test_openid_discovery_names_the_same_issuer_and_keys(app: App) -> None:
    found = document(app, ".well-known/openid-configuration")
    assert (found["issuer"], found["jwks_uri"]) == (app.ehr.fhir_base, app.ehr.jwks_url)


def test_the_published_keys_hold_no_private_part(app: App) -> None:
    keys = requests.get(app.ehr.jwks_url, timeout=5).json()["keys"]
    assert keys
    assert all(not {"d", "p", "q"} & set(key) for key in keys)


def test_the_capability_statement_names_the_oauth_endpoints(app: App) -> None:
    extension = document(app, "metadata")["rest"][0]["security"]["extension"][0]["extension"]
    uris = {entry["url"]: entry["valueUri"] for entry in extension}
    assert uris["token"] == app.ehr.token_url
