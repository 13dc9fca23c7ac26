"""Each EHR style does what is known of that EHR: the table that the client must cope with."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import FrozenInstanceError
from typing import Any

import jwt
import pytest
import requests

from launch.sandbox.ehr import SandboxEhr
from launch.sandbox.identity import SigningKeys
from launch.sandbox.server import running_sandbox
from launch.sandbox.styles import STYLES
from tests.sandbox.conftest import EHR_KEY, App, registered, resources

REFRESHED = "launch openid fhirUser online_access user/Practitioner.rs user/PractitionerRole.rs user/Task.rs"


@contextmanager
def ehr_like(style: str) -> Iterator[SandboxEhr]:
    """A sandbox of this style with one public app."""
    clients = [registered("public", "public", scopes=f"{REFRESHED} user/*.rs")]
    with running_sandbox(resources=resources(), clients=clients, keys=SigningKeys(EHR_KEY), style=style) as ehr:
        yield ehr


@pytest.fixture
def ehr(request: pytest.FixtureRequest) -> Iterator[SandboxEhr]:
    """The style that the test is parametrized with."""
    with ehr_like(request.param) as running:
        yield running


def styled(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("ehr", names, indirect=True)


def document(ehr: SandboxEhr, path: str) -> dict[str, Any]:
    body: dict[str, Any] = requests.get(f"{ehr.fhir_base}{path}", timeout=5).json()
    return body


def smart(ehr: SandboxEhr) -> dict[str, Any]:
    return document(ehr, "/.well-known/smart-configuration")


def types(ehr: SandboxEhr) -> dict[str, list[str]]:
    """What the CapabilityStatement says: type -> interactions."""
    listed = document(ehr, "/metadata")["rest"][0]["resource"]
    return {one["type"]: [interaction["code"] for interaction in one["interaction"]] for one in listed}


def granted(ehr: SandboxEhr, scope: str = REFRESHED) -> dict[str, Any]:
    """The token response of a launch in which a Task is open."""
    return App(ehr).tokens(scope=scope, launch=App(ehr).launch(task="t1"), aud=ehr.iss)


def claims(answer: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = jwt.decode(answer["id_token"], options={"verify_signature": False})
    return read


def refresh(ehr: SandboxEhr, token: str) -> requests.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "public"}
    return requests.post(ehr.token_url, data=form, timeout=5)


def test_there_are_the_seven_of_the_table() -> None:
    assert list(STYLES) == ["plain", "epic", "oracle", "athena", "meditech", "openemr", "medplum"]


def test_a_style_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        STYLES["epic"].name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        STYLES["new"] = STYLES["epic"]  # type: ignore[index]


@styled("plain")
def test_plain_is_as_smart_says(ehr: SandboxEhr) -> None:
    answer = granted(ehr)
    assert smart(ehr)["issuer"] == claims(answer)["iss"] == ehr.iss
    assert answer["fhirContext"] == [{"reference": "Task/t1"}]
    assert set(types(ehr)["Task"]) == {"read", "search-type", "create", "update"}
    assert set(types(ehr)["Practitioner"]) == {"read", "search-type"}


@styled("epic", "oracle", "athena", "meditech", "openemr", "medplum")
def test_the_issuer_is_not_the_launch_iss(ehr: SandboxEhr) -> None:
    assert smart(ehr)["issuer"] != ehr.iss
    assert claims(granted(ehr))["iss"] != ehr.iss


@styled("epic", "athena", "meditech", "openemr", "medplum")
def test_the_issuer_of_id_tokens_is_the_advertised_one(ehr: SandboxEhr) -> None:
    assert claims(granted(ehr))["iss"] == smart(ehr)["issuer"]


@styled("oracle")
def test_oracle_writes_another_issuer_into_id_tokens_than_it_advertises(ehr: SandboxEhr) -> None:
    assert claims(granted(ehr))["iss"] not in (smart(ehr)["issuer"], ehr.iss)


@styled("athena")
def test_athenas_issuer_is_on_another_host(ehr: SandboxEhr) -> None:
    assert not smart(ehr)["issuer"].startswith(ehr.base_url)


@styled("epic")
def test_epic_says_next_to_nothing_of_scopes_and_grants_them(ehr: SandboxEhr) -> None:
    assert not [scope for scope in smart(ehr)["scopes_supported"] if scope.startswith("user/")]
    assert "user/Task.rs" in granted(ehr)["scope"].split()


@styled("epic")
def test_epics_fhir_user_is_absolute(ehr: SandboxEhr) -> None:
    assert claims(granted(ehr))["fhirUser"] == f"{ehr.fhir_base}/Practitioner/ada"


@styled("medplum")
def test_medplums_fhir_user_is_relative(ehr: SandboxEhr) -> None:
    assert claims(granted(ehr))["fhirUser"] == "Practitioner/ada"


@styled("oracle", "athena")
def test_no_role_and_no_task_is_there_to_read(ehr: SandboxEhr) -> None:
    assert not {"PractitionerRole", "Task", "AuditEvent"} & set(types(ehr))
    ehr.behaviour.trim_unsupported_scopes = False  # so that it is not the scope that refuses
    token = granted(ehr)["access_token"]
    assert App(ehr).read("PractitionerRole", token, practitioner="ada").status_code == 404
    assert App(ehr).read("Task/t1", token).status_code == 404


@styled("oracle")
def test_oracle_leaves_out_scopes_without_a_word(ehr: SandboxEhr) -> None:
    assert granted(ehr)["scope"].split() == ["launch", "openid", "fhirUser", "online_access", "user/Practitioner.rs"]


@styled("oracle")
def test_oracle_grants_nothing_for_a_wildcard(ehr: SandboxEhr) -> None:
    assert granted(ehr, "launch openid user/*.rs")["scope"].split() == ["launch", "openid"]


@styled("oracle")
def test_oracles_token_lives_570_seconds_and_refreshes_without_a_new_refresh_token(ehr: SandboxEhr) -> None:
    answer = granted(ehr)
    assert answer["expires_in"] == 570
    for _ in range(2):
        again = refresh(ehr, answer["refresh_token"]).json()
        assert again["access_token"] != answer["access_token"]
        assert "refresh_token" not in again


@styled("openemr")
def test_openemrs_refresh_token_serves_once(ehr: SandboxEhr) -> None:
    first = granted(ehr)["refresh_token"]
    assert refresh(ehr, first).json()["refresh_token"] != first
    assert refresh(ehr, first).status_code == 400


@styled("openemr")
def test_openemr_says_the_user_in_the_token_response_too(ehr: SandboxEhr) -> None:
    answer = granted(ehr)
    assert answer["fhirUser"] == claims(answer)["fhirUser"]


@styled("openemr")
def test_openemrs_launch_token_serves_once(ehr: SandboxEhr) -> None:
    launch = App(ehr).launch()
    assert App(ehr).tokens(launch=launch)["access_token"]
    assert "error=invalid_request" in App(ehr).authorize(launch=launch).headers["Location"]


@styled("meditech")
def test_meditech_reads_a_task_by_id_only_and_advertises_more(ehr: SandboxEhr) -> None:
    token = granted(ehr)["access_token"]
    assert "search-type" in types(ehr)["Task"]
    assert App(ehr).read("Task/t1", token).status_code == 200
    assert App(ehr).read("Task", token, owner="Practitioner/ada").status_code == 400
    assert App(ehr).read("PractitionerRole", token, practitioner="ada").status_code == 200


@styled("medplum")
def test_medplums_iss_ends_with_a_slash_and_so_must_aud(ehr: SandboxEhr) -> None:
    made = requests.post(f"{ehr.base_url}/sandbox/launches", json={"person": "ada"}, timeout=5).json()
    assert made["iss"] == f"{ehr.fhir_base}/"
    assert "error=invalid_request" in App(ehr).authorize(aud=ehr.fhir_base).headers["Location"]
    assert "code=" in App(ehr).authorize(aud=ehr.iss).headers["Location"]


@styled("medplum")
def test_medplum_names_the_task_in_fhir_context(ehr: SandboxEhr) -> None:
    assert granted(ehr)["fhirContext"] == [{"reference": "Task/t1"}]


@styled("epic", "oracle", "athena", "meditech", "openemr")
def test_no_other_names_the_task(ehr: SandboxEhr) -> None:
    answer = granted(ehr)
    assert not {"fhirContext", "appContext"} & set(answer)


def test_the_command_takes_a_style() -> None:
    command = [sys.executable, "-m", "launch.sandbox", "--port", "0", "--style", "oracle"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            base = process.stdout.readline().split()[1]
            settings = json.loads(requests.get(f"{base}sandbox/settings", timeout=5).text)
            assert settings["token_seconds"] == 570
        finally:
            process.terminate()
