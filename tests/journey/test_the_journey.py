"""The journey, whole, on a real FHIR server: in a cross-site frame, with third-party cookies blocked."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.journey.clinician import PHYSICIAN, REPLY, Clinician
from tests.journey.traces import find_traces
from tests.plugins.browser import OpenBrowser
from tests.plugins.servers import PutUp, Site

pytestmark = [pytest.mark.browser, pytest.mark.hapi]
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "fhir"


@pytest.fixture
def site(stand: PutUp, hapi: str) -> Site:
    return stand(fhir=hapi)


def test_from_the_chart_to_i_used_it(site: Site, open_browser: OpenBrowser) -> None:
    clinician = given_a_physician_with_a_message_to_answer(site, open_browser)
    when_the_chart_is_opened(clinician)
    then_the_first_tutorial_fits_role_and_task(clinician)
    on_home = tutorials_on_home(clinician)
    when_the_tutorial_is_gone_through_to_its_end(clinician)
    when_the_physician_says_i_used_it_on_this_task(clinician)
    then_the_export_holds_exactly_these_rows(site, on_home)
    then_patient_and_secrets_are_found_nowhere(site, clinician)


def given_a_physician_with_a_message_to_answer(site: Site, open_browser: OpenBrowser) -> Clinician:
    return Clinician(browser=open_browser(cookies="third-party blocked"), ehr=site.ehr, person=PHYSICIAN)


def when_the_chart_is_opened(clinician: Clinician) -> None:
    clinician.opens_the_chart()
    clinician.sees("For you now")
    frame = clinician.page.frame(name="app-1")
    assert frame is not None
    assert frame.url.startswith("http://localhost:")
    assert clinician.page.url.startswith("http://127.0.0.1:")


def then_the_first_tutorial_fits_role_and_task(clinician: Clinician) -> None:
    lead = clinician.sidebar().locator(".picks .lead")
    assert REPLY in (lead.locator("form[action*='/open']").get_attribute("action") or "")
    why = lead.locator(".why").inner_text().lower()
    assert "physician" in why or "your role" in why
    assert "task" in why


def tutorials_on_home(clinician: Clinician) -> list[str]:
    """Ids of the tutorials that home shows, as their buttons have them."""
    opening = clinician.sidebar().locator(".picks form[action$='/open']")
    addresses = [form.get_attribute("action") or "" for form in opening.all()]
    assert 1 <= len(addresses) == len(clinician.picks()) <= 3
    return [address.split("/")[-2] for address in addresses]


def when_the_tutorial_is_gone_through_to_its_end(clinician: Clinician) -> None:
    clinician.page.wait_for_timeout(2500)  # "shown" means two seconds in view
    clinician.opens_the_first_tutorial()
    assert clinician.goes_through_the_parts_to_the_end() == 6


def when_the_physician_says_i_used_it_on_this_task(clinician: Clinician) -> None:
    clinician.says_i_used_it_on_this_task()


def then_the_export_holds_exactly_these_rows(site: Site, on_home: list[str]) -> None:
    rows = site.export()
    told = sorted((row["type"], row["object_id"] if row["type"] != "step completed" else row["step"]) for row in rows)
    parts = ("why", "how", "watch-for", "verify", "try-it", "when-not")
    assert on_home[0] == REPLY
    expected = [("learner present", None), ("tutorial opened", REPLY)]
    expected += [("tutorial shown", tutorial) for tutorial in on_home]
    expected += [("step completed", part) for part in parts]
    expected += [("tutorial finished", REPLY), ("AI feature used", REPLY)]
    assert sorted(map(str, told)) == sorted(map(str, expected))
    then_each_row_says_what_it_may(rows)


def then_each_row_says_what_it_may(rows: list[dict[str, Any]]) -> None:
    used = next(row for row in rows if row["type"] == "AI feature used")
    assert used["grade"] == "self"
    assert used["mode"] == "real"
    assert len({row["learner"] for row in rows}) == 1
    for row in rows:
        if row["type"] in ("learner present", "tutorial shown"):
            assert "T00:00:00" in row["occurred_at"]  # the day alone


def then_patient_and_secrets_are_found_nowhere(site: Site, clinician: Clinician) -> None:
    planted = patient_of_the_chart() | secrets_of_the_launch(site, clinician)
    kinds = {name.partition(" #")[0] for name in planted}
    assert {"launch token", "code", "nonce", "access token", "id_token", "cookie"} <= kinds
    assert find_traces(planted, app=site.app, browser=clinician.browser) == []


def secrets_of_the_launch(site: Site, clinician: Clinician) -> dict[str, str]:
    """What the EHR gave out, and what the browser holds for the app, by its name."""
    issued = site.ehr.control("tokens/issued", {})
    found = [(kind, secret) for kind, secrets in issued.items() for secret in secrets]
    found += [("cookie", cookie["value"]) for cookie in clinician.browser.context.cookies()]
    return {f"{name} #{number}": value for number, (name, value) in enumerate(found)}


def patient_of_the_chart() -> dict[str, str]:
    """What the chart shows on the patient and the Task, by its name."""
    patient, task = resource("40-patients.json", "pat-obi"), resource("60-tasks.json", "task-okafor-reply")
    return {
        "family name": patient["name"][0]["family"],
        "given name": patient["name"][0]["given"][0],
        "birth date": patient["birthDate"],
        "patient id": patient["id"],
        "record number": patient["identifier"][0]["value"],
        "Task description": task["description"][:40],
        "Task id": task["id"],
        "Encounter id": task["encounter"]["reference"].partition("/")[2],
        "clinician's name": "Okafor",
        "clinician's id": "prac-okafor-physician",
    }


def resource(file: str, id: str) -> dict[str, Any]:
    """One resource of a bundle of fixtures/fhir."""
    entries = json.loads((FIXTURES / file).read_text())["entry"]
    found: dict[str, Any] = next(entry["resource"] for entry in entries if entry["resource"]["id"] == id)
    return found
