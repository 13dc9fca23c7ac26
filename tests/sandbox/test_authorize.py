"""The authorization endpoint against SMART 2.2 "Obtain authorization code", RFC 6749, 7636, 9207 and 9700."""

import html
import re
import threading

import pytest
import requests

from launch.sandbox.ehr import SandboxEhr
from tests.sandbox.conftest import REDIRECT, SCOPES, App, answer_of


def test_an_ehr_launch_signs_its_person_in_silently(app: App) -> None:
    answer = answer_of(app.authorize())
    assert answer["code"]
    assert answer["state"] == "the-state"


def test_the_answer_says_who_issued_it(app: App) -> None:
    assert answer_of(app.authorize())["iss"] == app.ehr.fhir_base


def test_an_answer_without_iss_can_be_had(app: App) -> None:
    app.ehr.behaviour.send_iss = False
    assert "iss" not in answer_of(app.authorize())


def test_the_sign_in_page_posts_the_request_with_the_person(app: App) -> None:
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', app.authorize(launch=None).text)
    form = {name: html.unescape(value) for name, value in fields} | {"person": "Practitioner/ada"}
    posted = requests.post(app.ehr.authorize_url, data=form, allow_redirects=False, timeout=5)
    assert app.redeem(answer_of(posted)["code"]).status_code == 200


def test_a_launch_token_used_twice_is_refused(app: App) -> None:
    launch = app.launch()
    app.authorize(launch=launch)
    assert answer_of(App(app.ehr).authorize(launch=launch))["error"] == "invalid_request"


def test_a_launch_token_serves_one_of_many_at_once(app: App) -> None:
    launch, answers = app.launch(), []
    senders = [
        threading.Thread(target=lambda: answers.append(answer_of(App(app.ehr).authorize(launch=launch))))
        for _ in range(8)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(answers) == 8
    assert sum("code" in answer for answer in answers) == 1


def test_an_expired_launch_token_is_refused(app: App) -> None:
    app.ehr.behaviour.launch_seconds = 0
    assert answer_of(app.authorize())["error"] == "invalid_request"


def test_a_launch_token_of_another_app_is_refused_and_not_used_up(app: App) -> None:
    launch = App(app.ehr, client_id="basic").launch()
    assert answer_of(app.authorize(launch=launch))["error"] == "invalid_request"
    assert "code" in answer_of(App(app.ehr, client_id="basic").authorize(launch=launch))


def test_a_refused_request_does_not_use_the_launch_up(app: App) -> None:
    launch = app.launch()
    assert "error" in answer_of(app.authorize(launch=launch, aud="http://elsewhere.example/fhir"))
    assert "code" in answer_of(app.authorize(launch=launch))


@pytest.mark.parametrize(
    "challenge",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": None},
        {"code_challenge": "short"},
    ],
    ids=["none", "no method, which means plain", "plain", "method only", "malformed"],
)
def test_without_pkce_by_s256_nothing_is_given(app: App, challenge: dict[str, str | None]) -> None:
    answer = answer_of(app.authorize(**challenge))
    assert answer["error"] == "invalid_request"
    assert answer["state"] == "the-state"


@pytest.mark.parametrize("aud", [None, "http://elsewhere.example/fhir", "/fhir"])
def test_another_aud_is_refused(app: App, aud: str | None) -> None:
    assert answer_of(app.authorize(aud=aud))["error"] == "invalid_request"


def test_an_aud_with_a_slash_more_is_refused(app: App) -> None:
    assert answer_of(app.authorize(aud=f"{app.ehr.fhir_base}/"))["error"] == "invalid_request"


@pytest.mark.parametrize(
    "redirect_uri",
    [None, "http://evil.example/", f"{REDIRECT}/", f"{REDIRECT}?x=1", REDIRECT.upper(), 'http://localhost/"<é>'],
)
def test_an_unregistered_redirect_uri_gets_a_page_and_no_redirect(app: App, redirect_uri: str | None) -> None:
    refused = app.authorize(redirect_uri=redirect_uri)
    assert refused.status_code == 400
    assert "Location" not in refused.headers
    assert "redirect_uri" in refused.text


def test_an_unknown_app_gets_a_page_and_no_redirect(app: App) -> None:
    refused = app.authorize(client_id="stranger")
    assert refused.status_code == 400
    assert "Location" not in refused.headers


def test_a_repeated_parameter_is_refused(app: App) -> None:
    assert app.authorize(state=["one", "two"]).status_code == 400


@pytest.mark.parametrize("response_type", [None, "token", "code token", 'x"y'])
def test_another_response_type_is_refused(app: App, response_type: str | None) -> None:
    assert answer_of(app.authorize(response_type=response_type))["error"] == "unsupported_response_type"


def test_a_request_without_state_is_refused(app: App) -> None:
    assert answer_of(app.authorize(state=None))["error"] == "invalid_request"


@pytest.mark.parametrize("scope", [None, "", "user/Device.rs patient/Observation.rs"])
def test_a_request_for_nothing_that_can_be_granted_is_refused(app: App, scope: str | None) -> None:
    assert answer_of(app.authorize(scope=scope))["error"] == "invalid_scope"


def test_a_nonce_used_twice_is_refused(app: App) -> None:
    app.authorize()
    assert answer_of(app.authorize())["error"] == "invalid_request"


def test_a_standalone_launch_asks_who_signs_in(app: App) -> None:
    page = app.authorize(launch=None)
    assert page.status_code == 200
    assert "Ada Sample (Physician)" in page.text
    assert "Ben Sample (no role in the EHR)" in page.text
    assert "Set-Cookie" not in page.headers


def test_the_sign_in_page_may_send_its_form_on_to_the_app_only(app: App) -> None:
    policy = app.authorize(launch=None).headers["Content-Security-Policy"]
    assert "form-action 'self' http://localhost:8000;" in policy


def test_the_ehr_can_be_told_to_refuse(ehr: SandboxEhr) -> None:
    ehr.behaviour.refuse_with = "access_denied"
    assert answer_of(App(ehr).authorize())["error"] == "access_denied"


def test_scopes_are_trimmed_to_what_the_app_is_registered_for(app: App) -> None:
    granted = app.tokens(scope=f"{SCOPES} user/Device.rs user/Task.cruds patient/Observation.rs")["scope"].split()
    assert set(granted) == set(SCOPES.split())
