"""The client against an authorization server that it shares no code with, and that is strict: Authlib's."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
import time_machine

from launch.authorization import LONGEST_ADDRESS
from launch.fhir_session import FhirRefused
from launch.sandbox.ehr import SandboxEhr
from launch.sandbox.identity import SigningKeys
from launch.sandbox.server import running_sandbox
from launch.stores import Registration
from launch.tokens import RelaunchNeeded, Tokens
from tests.conformance.test_authorize_post import fields_of
from tests.launch.launching import BASE_URL, Browser, LaunchedApp

AUTHS = ("public", "client_secret_basic", "private_key_jwt")
SECRET = "a:strange secret+100%"
SCOPES = (
    "launch openid fhirUser online_access user/Practitioner.rs user/PractitionerRole.rs user/Person.r "
    "user/Encounter.r user/Task.rs user/Task.cu"
)
KEYS = SigningKeys().newest
ADA: list[Mapping[str, Any]] = [
    {"resourceType": "Practitioner", "id": "ada", "name": [{"given": ["Ada"], "family": "Sample"}]}
]


@pytest.fixture
def sandbox(launched: LaunchedApp) -> Iterator[SandboxEhr]:
    """A sandbox EHR that knows the app three times: once for each way of authentication."""
    common = {"name": "App", "redirect_uris": [f"{BASE_URL}/launch/callback/ehr"], "launch_url": f"{BASE_URL}/launch"}
    own: list[dict[str, Any]] = [{}, {"client_secret": SECRET}, {"jwks": launched.keys.public_jwks()}]
    clients: list[Mapping[str, Any]] = [
        {**common, "client_id": auth, "auth": auth, "scopes": SCOPES, **more}
        for auth, more in zip(AUTHS, own, strict=True)
    ]
    with running_sandbox(resources=ADA, clients=clients, keys=SigningKeys(KEYS)) as running:
        yield running


def launch(launched: LaunchedApp, ehr: SandboxEhr, auth: Any) -> Browser:
    """A launch of Ada's, through the real endpoints; keeps its token as "v"."""
    if not launched.stores.registrations.rows:
        launched.stores.registrations.add(
            Registration(
                id="sandbox",
                organization="org-1",
                name="Sandbox",
                iss=ehr.fhir_base,
                client_id=auth,
                auth=auth,
                client_secret=SECRET,
                extra_scopes=("user/Task.cu", "online_access"),
            )
        )
    ends = datetime.now(UTC) + timedelta(hours=1)
    launched.settings["on_launch"] = lambda context: str(context.keep_token("v", ends))
    made = requests.post(f"{ehr.base_url}/sandbox/launches", json={"client_id": auth, "person": "ada"}, timeout=5)
    browser = launched.browser()
    query = urlencode({"iss": ehr.fhir_base, "launch": made.json()["launch"]})
    begun = browser.client.get(f"/launch?{query}", base_url=BASE_URL)
    if begun.status_code == 200:  # a page that posts
        answer = requests.post(ehr.authorize_url, data=fields_of(begun), allow_redirects=False, timeout=5)
    else:
        answer = requests.get(begun.location, allow_redirects=False, timeout=5)
    reply = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
    done = browser.bring_back(reply)
    assert done.text == "True", (done.text, launched.errors)
    return browser


def tokens_of(launched: LaunchedApp) -> Tokens:
    tokens: Tokens = launched.extension.client.tokens
    return tokens


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("rotates", [True, False])
def test_launch_refresh_and_revoke(launched: LaunchedApp, sandbox: SandboxEhr, auth: str, rotates: bool) -> None:
    """Each way of authentication, at the code exchange, at three refreshes and at the revocation."""
    sandbox.behaviour.change({"rotate_refresh_tokens": rotates, "token_seconds": 2})
    with time_machine.travel(datetime.now(UTC)) as clock:  # both sides live in this process
        launch(launched, sandbox, auth)
        tokens, used = tokens_of(launched), set()
        for _ in range(3):
            session = tokens.fhir("v")
            assert session.get_json("Practitioner/ada")["id"] == "ada"
            used.add(session._authorization)
            clock.shift(1.6)
        assert len(used) == 3
        last = tokens.fhir("v")
        tokens.end(["v"])
        with pytest.raises(FhirRefused):
            last.get_json("Practitioner/ada")
        with pytest.raises(RelaunchNeeded):
            tokens.fhir("v")


def test_a_long_request_is_posted(launched: LaunchedApp, sandbox: SandboxEhr, monkeypatch: pytest.MonkeyPatch) -> None:
    """authorize-post, which the sandbox advertises."""
    monkeypatch.setattr("launch.authorization.LONGEST_ADDRESS", 100)
    assert LONGEST_ADDRESS == 2_000
    launch(launched, sandbox, "public")
    step = next(step for step in launched.report.steps if step["name"] == "authorization")
    assert step["outcome"] == "fell back"
