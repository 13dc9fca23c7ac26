"""The control API: launches, settings, hits, registrations."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from launch.sandbox.ehr import SandboxEhr
from tests.sandbox.conftest import App, registered


def control(ehr: SandboxEhr, method: str, path: str, **body: object) -> requests.Response:
    """A call of the control API."""
    return requests.request(method, f"{ehr.base_url}/sandbox/{path}", json=body, timeout=5)


def test_a_launch_url_has_iss_and_launch_and_its_place(ehr: SandboxEhr) -> None:
    made = control(ehr, "POST", "launches", person="ada", placement="inbox").json()
    parts = urlsplit(made["launch_url"])
    assert parts.path == "/launch/inbox"
    assert parse_qs(parts.query) == {"iss": [ehr.fhir_base], "launch": [made["launch"]]}


def test_a_standalone_launch_url_has_iss_only(ehr: SandboxEhr) -> None:
    made = control(ehr, "POST", "launches", person="ada", standalone=True).json()
    assert parse_qs(urlsplit(made["launch_url"]).query) == {"iss": [ehr.fhir_base]}


@pytest.mark.parametrize("wanted", [{}, {"person": "ada", "made_up": 1}, {"person": "ada", "client_id": "stranger"}])
def test_a_launch_that_makes_no_sense_is_refused(ehr: SandboxEhr, wanted: dict[str, object]) -> None:
    assert control(ehr, "POST", "launches", **wanted).status_code == 400


def test_a_form_of_another_origin_turns_no_knob(ehr: SandboxEhr) -> None:
    answer = requests.post(f"{ehr.base_url}/sandbox/launches", data={"person": "ada"}, timeout=5)
    assert answer.status_code == 400


def test_settings_are_changed_and_read_back(ehr: SandboxEhr) -> None:
    assert control(ehr, "PATCH", "settings", id_token_seconds=5, omit_fhir_user=True).json()["id_token_seconds"] == 5
    assert requests.get(f"{ehr.base_url}/sandbox/settings", timeout=5).json()["omit_fhir_user"] is True


def test_an_unknown_setting_changes_nothing(ehr: SandboxEhr) -> None:
    assert control(ehr, "PATCH", "settings", id_token_seconds=5, made_up=1).status_code == 400
    assert ehr.behaviour.id_token_seconds == 300


def test_hits_are_counted_by_method_and_path(app: App) -> None:
    control(app.ehr, "DELETE", "hits")
    token = app.tokens()["access_token"]
    app.read("Task", token, owner="Practitioner/ada")
    seen = requests.get(f"{app.ehr.base_url}/sandbox/hits", timeout=5).json()
    assert seen["counts"] == {"GET /oauth/authorize": 1, "POST /oauth/token": 1, "GET /fhir/Task": 1}
    assert seen["requests"][-1]["query"] == "owner=Practitioner%2Fada"
    assert token not in str(seen)


def test_an_app_can_be_registered_while_it_runs(ehr: SandboxEhr) -> None:
    assert control(ehr, "POST", "clients", **registered("late", "public")).status_code == 201
    app = App(ehr, client_id="late")
    assert app.redeem(app.code(), client_id="late").status_code == 200


@pytest.mark.parametrize(
    "entry",
    [
        {},
        registered("x", "made-up"),
        registered("x", "private_key_jwt"),
        registered("x", "private_key_jwt", jwks={"keys": []}, jwks_uri="http://localhost/jwks"),
        registered("x", "client_secret_basic"),
    ],
)
def test_a_bad_registration_is_refused(ehr: SandboxEhr, entry: dict[str, object]) -> None:
    assert control(ehr, "POST", "clients", **entry).status_code == 400


def test_resources_can_be_put_in(app: App) -> None:
    new = {"resourceType": "Practitioner", "id": "new"}
    assert control(app.ehr, "POST", "resources", resources=[new]).status_code == 201
    assert app.read("Practitioner/new", app.tokens()["access_token"]).json() == new


def test_every_token_can_be_ended(app: App) -> None:
    token = app.tokens()["access_token"]
    assert control(app.ehr, "POST", "tokens/revoke").json() == {"revoked": 1}
    assert app.read("Task", token).status_code == 401


def test_every_secret_given_out_is_told_to_the_test_that_looks_for_it(app: App) -> None:
    tokens = app.tokens()
    issued = control(app.ehr, "POST", "tokens/issued").json()
    assert issued["access token"] == [tokens["access_token"]]
    assert issued["id_token"] == [tokens["id_token"]]
    assert len(issued["code"]) == 1


def test_a_page_of_another_origin_is_not_told_them(app: App) -> None:
    app.tokens()
    answer = requests.post(f"{app.ehr.base_url}/sandbox/tokens/issued", data={"any": "form"}, timeout=5)
    assert answer.status_code == 400
    assert requests.get(f"{app.ehr.base_url}/sandbox/tokens/issued", timeout=5).status_code == 405


def test_the_signing_key_can_be_changed(ehr: SandboxEhr) -> None:
    before = requests.get(ehr.jwks_url, timeout=5).json()["keys"][0]["kid"]
    kept = control(ehr, "POST", "keys", keep_old=False).json()["keys"]
    assert [key["kid"] for key in kept] != [before]
