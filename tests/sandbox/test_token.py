"""The token endpoint against SMART 2.2 "Obtain access token", RFC 6749 4.1.3, RFC 7636 4.6, OpenID Connect Core."""

import json
import threading
import time
from typing import Any

import jwt
import pytest
import requests

from launch.sandbox.ehr import SandboxEhr
from tests.sandbox.conftest import REDIRECT, SCOPES, SECRET, App


def refusal(response: requests.Response) -> str:
    """The OAuth error of a refused token request."""
    assert response.status_code in (400, 401), response.text
    assert response.headers["Cache-Control"] == "no-store"
    return str(response.json()["error"])


def claims_of(app: App, tokens: dict[str, Any]) -> dict[str, Any]:
    """The id_token's claims, checked as a client checks them."""
    keys = jwt.PyJWKSet.from_dict(requests.get(app.ehr.jwks_url, timeout=5).json())
    key = keys[jwt.get_unverified_header(tokens["id_token"])["kid"]]
    return dict(
        jwt.decode(
            tokens["id_token"], key.key, algorithms=["RS256"], audience=app.client_id, issuer=app.ehr.token_issuer
        )
    )


def test_a_public_app_with_its_verifier_gets_a_token(app: App) -> None:
    answer = app.redeem(app.code())
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 3600


def test_a_code_used_twice_is_refused(app: App) -> None:
    code = app.code()
    app.redeem(code)
    assert refusal(app.redeem(code)) == "invalid_grant"


def test_a_code_used_twice_ends_the_token_of_the_first_use(app: App) -> None:
    code = app.code()
    token = app.redeem(code).json()["access_token"]
    assert app.read("Task", token).status_code == 200
    app.redeem(code)
    assert app.read("Task", token).status_code == 401


def test_a_code_sent_by_eight_at_once_serves_at_most_one(app: App) -> None:
    code, answers = app.code(), []
    senders = [threading.Thread(target=lambda: answers.append(app.redeem(code))) for _ in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sum(answer.status_code == 200 for answer in answers) <= 1
    for answer in answers:
        if answer.status_code == 200:
            assert app.read("Task", answer.json()["access_token"]).status_code == 401


def test_an_expired_code_is_refused(app: App) -> None:
    app.ehr.behaviour.code_seconds = 0
    assert refusal(app.redeem(app.code())) == "invalid_grant"


def test_an_unknown_code_is_refused(app: App) -> None:
    assert refusal(app.redeem("made-up")) == "invalid_grant"


def test_another_verifier_is_refused_and_uses_the_code_up(app: App) -> None:
    code = app.code()
    assert refusal(app.redeem(code, code_verifier="x" * 43)) == "invalid_grant"
    assert refusal(app.redeem(code)) == "invalid_grant"


def test_a_missing_verifier_is_refused(app: App) -> None:
    assert refusal(app.redeem(app.code(), code_verifier=None)) == "invalid_request"


@pytest.mark.parametrize("redirect_uri", [None, f"{REDIRECT}/", "http://evil.example/"])
def test_another_redirect_uri_than_the_codes_is_refused(app: App, redirect_uri: str | None) -> None:
    assert refusal(app.redeem(app.code(), redirect_uri=redirect_uri)) == "invalid_grant"


def test_an_unknown_app_is_refused(app: App) -> None:
    assert refusal(app.redeem(app.code(), client_id="stranger")) == "invalid_client"


def test_no_app_at_all_is_refused(app: App) -> None:
    assert refusal(app.redeem(app.code(), client_id=None)) == "invalid_client"


def test_a_code_of_another_app_is_refused_and_not_used_up(app: App) -> None:
    code = app.code()
    other = App(app.ehr, client_id="basic", verifier=app.verifier)
    assert refusal(other.redeem(code, basic=("basic", SECRET))) == "invalid_grant"
    assert app.redeem(code).status_code == 200


def test_a_public_app_that_sends_a_secret_is_refused(app: App) -> None:
    assert refusal(app.redeem(app.code(), client_secret="made-up")) == "invalid_client"


def test_a_public_app_that_sends_basic_credentials_is_refused(app: App) -> None:
    assert refusal(app.redeem(app.code(), basic=("public", "made-up"))) == "invalid_client"


def test_an_app_with_a_secret_gets_a_token(ehr: SandboxEhr) -> None:
    app = App(ehr, client_id="basic")
    assert app.redeem(app.code(), basic=("basic", SECRET)).status_code == 200


@pytest.mark.parametrize("basic", [None, ("basic", "wrong"), ("basic", "")])
def test_an_app_with_a_secret_cannot_do_without_it(ehr: SandboxEhr, basic: tuple[str, str] | None) -> None:
    app = App(ehr, client_id="basic")
    assert refusal(app.redeem(app.code(), basic=basic, client_id="basic")) == "invalid_client"


@pytest.mark.parametrize("grant_type", [None, "password", 'x"y'])
def test_another_grant_type_is_refused(app: App, grant_type: str | None) -> None:
    assert refusal(app.redeem(app.code(), grant_type=grant_type)) == "unsupported_grant_type"


def test_an_app_that_people_launch_is_no_backend_service(app: App) -> None:
    assert refusal(app.redeem(app.code(), grant_type="client_credentials")) == "invalid_client"


def test_the_token_endpoint_takes_post_only(ehr: SandboxEhr) -> None:
    assert requests.get(ehr.token_url, timeout=5).status_code == 405


def test_the_context_of_an_ehr_launch_comes_with_the_token(app: App) -> None:
    launch = app.launch(patient="p1", encounter="e1", task="t1", intent="reply-to-message", tenant="lakeside")
    tokens = app.tokens(launch=launch)
    assert tokens["patient"] == "p1"
    assert tokens["encounter"] == "e1"
    assert tokens["intent"] == "reply-to-message"
    assert tokens["fhirContext"] == [{"reference": "Task/t1"}]
    assert tokens["need_patient_banner"] is True
    assert tokens["tenant"] == "lakeside"
    assert tokens["smart_style_url"].startswith(app.ehr.fhir_base)


def test_the_task_may_come_as_app_context_instead(app: App) -> None:
    app.ehr.behaviour.task_in = "appContext"
    tokens = app.tokens(launch=app.launch(task="t1"))
    assert json.loads(tokens["appContext"]) == {"task": "Task/t1"}
    assert "fhirContext" not in tokens


def test_without_the_scope_launch_no_context_comes(app: App) -> None:
    tokens = app.tokens(launch=app.launch(patient="p1"), scope="openid user/Task.rs")
    assert "patient" not in tokens


def test_a_standalone_launch_has_no_context_and_no_scope_launch(app: App) -> None:
    tokens = app.tokens(launch=None, person="Practitioner/ada")
    assert not {"patient", "encounter", "intent", "fhirContext", "need_patient_banner"} & set(tokens)
    assert "launch" not in tokens["scope"].split()


def test_a_standalone_launch_gives_the_patient_that_was_chosen(app: App) -> None:
    scope = f"{SCOPES} launch/patient"
    tokens = app.tokens(launch=None, person="Practitioner/ada", patient="Patient/p1", scope=scope)
    assert tokens["patient"] == "p1"


def test_the_id_token_names_person_nonce_and_app(app: App) -> None:
    claims = claims_of(app, app.tokens())
    assert claims["fhirUser"] == f"{app.ehr.fhir_base}/Practitioner/ada"
    assert claims["nonce"] == app.nonce
    assert claims["aud"] == "public"
    assert 0 < claims["exp"] - time.time() <= 300


def test_the_subject_is_stable_and_differs_between_people(app: App) -> None:
    ada = claims_of(app, app.tokens())["sub"]
    again = App(app.ehr)
    assert claims_of(again, again.tokens())["sub"] == ada
    other = App(app.ehr)
    assert claims_of(other, other.tokens(launch=other.launch(person="ben")))["sub"] != ada


@pytest.mark.parametrize(
    ("setting", "fhir_user"),
    [
        ({"fhir_user_form": "relative"}, "Practitioner/ada"),
        ({"fhir_user_form": "versioned"}, "{base}/Practitioner/ada/_history/1"),
        ({"fhir_user_kind": "PractitionerRole"}, "{base}/PractitionerRole/ada-role"),
        ({"fhir_user_kind": "Person", "fhir_user_form": "relative"}, "Person/ada-person"),
        ({"omit_fhir_user": True}, None),
    ],
)
def test_fhir_user_comes_in_the_kind_and_form_asked_for(
    app: App, setting: dict[str, Any], fhir_user: str | None
) -> None:
    app.ehr.behaviour.change(setting)
    expected = fhir_user.format(base=app.ehr.fhir_base) if fhir_user else None
    assert claims_of(app, app.tokens()).get("fhirUser") == expected


def test_a_launch_may_say_any_fhir_user(app: App) -> None:
    tokens = app.tokens(launch=app.launch(fhir_user="Patient/p1"))
    assert claims_of(app, tokens)["fhirUser"] == "Patient/p1"


def test_without_the_scope_fhir_user_no_one_is_named(app: App) -> None:
    assert "fhirUser" not in claims_of(app, app.tokens(scope="launch openid user/Task.rs"))


def test_without_the_scope_openid_no_id_token_comes(app: App) -> None:
    assert "id_token" not in app.tokens(scope="launch user/Task.rs")


def test_an_old_id_token_stays_good_after_a_rotation_that_keeps_the_key(app: App) -> None:
    tokens = app.tokens()
    app.ehr.keys.rotate(keep_old=True)
    assert claims_of(app, tokens)["sub"]
    again = App(app.ehr).tokens()
    assert jwt.get_unverified_header(again["id_token"])["kid"] != jwt.get_unverified_header(tokens["id_token"])["kid"]


def test_claims_can_be_changed_and_taken_out_for_tests(app: App) -> None:
    app.ehr.behaviour.id_token_claims = {"azp": "other", "nonce": None}
    claims = claims_of(app, app.tokens())
    assert claims["azp"] == "other"
    assert "nonce" not in claims


def test_a_refresh_token_comes_only_where_it_was_asked_for(app: App) -> None:
    assert "refresh_token" not in app.tokens()
    assert "refresh_token" in App(app.ehr).tokens(scope=f"{SCOPES} offline_access")


def refresh(app: App, refresh_token: str) -> requests.Response:
    """A refresh by a public app."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": app.client_id}
    return requests.post(app.ehr.token_url, data=form, timeout=5)


def test_a_refresh_gives_a_new_token_of_the_same_scope(app: App) -> None:
    first = app.tokens(scope=f"{SCOPES} offline_access")
    second = refresh(app, first["refresh_token"]).json()
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert set(second["scope"].split()) == set(first["scope"].split())
    assert app.read("Task", second["access_token"]).status_code == 200


def test_a_rotated_refresh_token_used_again_ends_the_whole_grant(app: App) -> None:
    first = app.tokens(scope=f"{SCOPES} offline_access")
    second = refresh(app, first["refresh_token"]).json()
    assert refusal(refresh(app, first["refresh_token"])) == "invalid_grant"
    assert app.read("Task", second["access_token"]).status_code == 401
    assert refusal(refresh(app, second["refresh_token"])) == "invalid_grant"


def test_an_ehr_that_does_not_rotate_sends_no_new_refresh_token(app: App) -> None:
    app.ehr.behaviour.rotate_refresh_tokens = False
    first = app.tokens(scope=f"{SCOPES} offline_access")
    for _ in range(2):
        assert "refresh_token" not in refresh(app, first["refresh_token"]).json()


def test_a_revoked_token_is_over(app: App) -> None:
    token = app.tokens()["access_token"]
    requests.post(app.ehr.revoke_url, data={"token": token, "client_id": "public"}, timeout=5).raise_for_status()
    assert app.read("Task", token).status_code == 401


def test_a_token_is_over_after_its_time(app: App) -> None:
    app.ehr.behaviour.token_seconds = 1
    token = app.tokens()["access_token"]
    assert app.read("Task", token).status_code == 200
    time.sleep(1.1)
    assert app.read("Task", token).status_code == 401
