"""Attack 27: planted values go through the whole journey and are found nowhere afterwards, on both databases."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from launch.sandbox.memory import Code, Memory, Token
from launch.sandbox.server import running_sandbox
from tests.journey.clinician import HOME, Clinician
from tests.journey.traces import find_traces
from tests.plugins.browser import OpenBrowser
from tests.plugins.servers import ROOT, App, Ehr, client_entry, prepare, register

pytestmark = pytest.mark.browser
PLANTED = {
    "patient id": "canary-patient-7f1c",
    "family name": "Canaryfamily",
    "given name": "Canarygiven",
    "birth date": "1931-07-19",
    "Task id": "canary-task-52aa",
    "Task description": "canary description of the task",
    "Task note": "canary note of the task",
    "Task input": "canary input of the task",
    "Encounter id": "canary-encounter-90de",
    "encounter reason": "canary reason of the encounter",
    "clinician's name": "Okafor",
    "intent that is a sentence": "canary intent of a sentence",
    "intent that looks like a word": "canary-intent-jane-doe-1931",
}


def planted_resources() -> list[dict[str, object]]:
    """A chart full of canaries."""
    patient = {"reference": f"Patient/{PLANTED['patient id']}", "display": PLANTED["family name"]}
    encounter = {"reference": f"Encounter/{PLANTED['Encounter id']}"}
    return [
        {
            "resourceType": "Patient",
            "id": PLANTED["patient id"],
            "name": [{"family": PLANTED["family name"], "given": [PLANTED["given name"]]}],
            "birthDate": PLANTED["birth date"],
        },
        {
            "resourceType": "Encounter",
            "id": PLANTED["Encounter id"],
            "status": "in-progress",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": patient,
            "reasonCode": [{"text": PLANTED["encounter reason"]}],
        },
        {
            "resourceType": "Task",
            "id": PLANTED["Task id"],
            "status": "in-progress",
            "intent": "order",
            "code": {"coding": [{"system": "urn:preceptor:task", "code": "reply-to-message"}]},
            "description": PLANTED["Task description"],
            "note": [{"text": PLANTED["Task note"]}],
            "input": [{"type": {"text": "message"}, "valueString": PLANTED["Task input"]}],
            "for": patient,
            "encounter": encounter,
            "owner": {"reference": "Practitioner/prac-okafor-physician"},
        },
    ]


@dataclass(kw_only=True)
class Watched:
    """The app, and an EHR in this process, so that its codes and tokens can be read."""

    app: App
    ehr: Ehr
    tokens: list[Token] = field(default_factory=list)
    codes: list[Code] = field(default_factory=list)


@pytest.fixture
def watched(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    app = App(folder=tmp_path, database_url=database_url)
    with ExitStack() as stack:
        clients: list[Mapping[str, Any]] = [client_entry(app, "lakeside")]
        sandbox = stack.enter_context(running_sandbox(fixtures=ROOT / "fixtures" / "fhir", clients=clients))
        sandbox.behaviour.ignore_elements = True  # it sends whole resources, whatever is asked for
        sandbox.behaviour.task_in = "nowhere"  # so Tasks are searched
        ehr = Ehr(name="Lakeside chart", host="127.0.0.1", port=int(sandbox.base_url.rpartition(":")[2]))
        ehr.control("resources", {"resources": planted_resources()})
        site = Watched(app=app, ehr=ehr)
        listen(monkeypatch, sandbox.memory, site)
        prepare(app)
        register(app, ehr)
        stack.callback(app.stop)
        app.serve()
        yield site


def listen(monkeypatch: pytest.MonkeyPatch, memory: Memory, site: Watched) -> None:
    """Note every code and token that the EHR gives out."""
    add_token, add_code = memory.add_token, memory.add_code

    def noting_token(token: Token) -> None:
        site.tokens.append(token)
        add_token(token)

    def noting_code(code: Code) -> None:
        site.codes.append(code)
        add_code(code)

    monkeypatch.setattr(memory, "add_token", noting_token)
    monkeypatch.setattr(memory, "add_code", noting_code)


def test_planted_values_and_every_secret_of_the_launch_are_found_nowhere(
    watched: Watched, open_browser: OpenBrowser
) -> None:
    clinician = Clinician(browser=open_browser(), ehr=watched.ehr)
    clinician.opens_the_chart(task=f"Task/{PLANTED['Task id']}", intent=PLANTED["intent that is a sentence"])
    clinician.sees(HOME)
    clinician.opens_the_chart(task=f"Patient/{PLANTED['patient id']}", intent=PLANTED["intent that looks like a word"])
    clinician.sees(HOME)
    clinician.opens_the_chart(task=f"Task/{PLANTED['Task id']}", intent=PLANTED["intent that looks like a word"])
    clinician.opens_the_first_tutorial()
    clinician.goes_through_the_parts_to_the_end()
    clinician.says_i_used_it_on_this_task()
    clinician.presses("My record")
    clinician.sees("Everything recorded about you")
    secrets = secrets_of_the_launch(watched, clinician)
    assert {"access token", "code", "nonce", "launch", "state"} <= {name.partition(" #")[0] for name in secrets}
    assert find_traces({**PLANTED, **secrets}, app=watched.app, browser=clinician.browser) == []


def secrets_of_the_launch(watched: Watched, clinician: Clinician) -> dict[str, str]:
    """Everything secret that went between browser, app and EHR, by its name."""
    found: list[tuple[str, str]] = [("access token", token.access_token) for token in watched.tokens]
    found += [("code", code.code) for code in watched.codes]
    found += [("nonce", code.nonce or "") for code in watched.codes]
    for passed in clinician.browser.proxy.passed:
        query = parse_qs(urlsplit(passed.url).query)
        found += [(name, value) for name in ("launch", "state") for value in query.get(name, [])]
    found += [(f"cookie {cookie['name'][:13]}", cookie["value"]) for cookie in clinician.browser.context.cookies()]
    return {f"{name} #{number}": value for number, (name, value) in enumerate(found) if value}


on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What the browser keeps does not depend on the server's database."""


@on_one_database
def test_the_browsers_history_keeps_no_code(watched: Watched, open_browser: OpenBrowser) -> None:
    page = open_browser(cookies="allowed").context.new_page()
    launch = watched.ehr.control("launches", {"person": "prac-okafor-physician"})
    page.goto(str(launch["launch_url"]))
    expect(page.locator("footer.foot")).to_be_visible()
    entries = page.context.new_cdp_session(page).send("Page.getNavigationHistory")["entries"]
    kept = [entry["url"] for entry in entries if entry["url"].startswith(watched.app.base_url)]
    assert kept
    assert [url for url in kept if urlsplit(url).query] == []


@on_one_database
def test_the_address_holds_no_code_while_the_sign_in_is_under_way(watched: Watched, open_browser: OpenBrowser) -> None:
    page = open_browser(cookies="allowed").context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    # The reply gets no page for an answer: what stands there goes on standing.
    page.route(
        "**/launch/callback/*",
        lambda route: route.fulfill(status=204) if route.request.method == "POST" else route.continue_(),
    )
    launch = watched.ehr.control("launches", {"person": "prac-okafor-physician"})
    page.goto(str(launch["launch_url"]), wait_until="commit")
    page.wait_for_timeout(1000)
    assert any("/launch/callback/" in url and "code=" in url for url in asked)
    assert urlsplit(page.url).path.startswith("/launch/callback/")
    assert urlsplit(page.url).query == ""
