"""The reads of a launch against an EHR that answers, lies, stalls or breaks: what is known comes in time."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest
from sqlalchemy import select

from smart_app.fhir import rounds
from smart_app.organizations.models import LaunchReportRow
from smart_app.visits.models import Visit
from tests.fhir.records import PHYSICIAN, bundle, encounter, practitioner, role, task
from tests.launch.canned_ehr import Answer, Seen
from tests.plugins.app import RealApp, Visitor
from tests.timing import PAGE_SECONDS, quickest


def in_time(launch: Callable[[], Visitor], within: float = PAGE_SECONDS) -> tuple[float, Visitor]:
    return quickest(lambda: seconds_of(launch), lambda came: came[0], within=within)


def visit_of(app: RealApp, visitor: Visitor) -> Visit:
    with app.database.reading() as session:
        return session.scalars(select(Visit).where(Visit.id == visitor.visit)).one()


def seconds_of(launch: Callable[[], Visitor]) -> tuple[float, Visitor]:
    began = time.monotonic()
    visitor = launch()
    return time.monotonic() - began, visitor


def slow(seconds: float, body: Any) -> Callable[[Seen], Answer]:
    def answer(_: Seen) -> Answer:
        time.sleep(seconds)
        return Answer(body)

    return answer


def fhir_requests(app: RealApp) -> list[Seen]:
    return [seen for seen in app.ehr.seen if seen.path.startswith("/fhir/") and ".well-known" not in seen.path]


def test_the_reads_run_side_by_side(app: RealApp) -> None:
    app.launch()  # what is read once is read
    for path, body in (
        ("/fhir/Practitioner/prac-1", practitioner("prac-1")),
        ("/fhir/PractitionerRole", bundle(role("r", "prac-1"))),
        ("/fhir/Task", bundle(task("t", "Practitioner/prac-1", encounter={"reference": "Encounter/enc-4"}))),
        ("/fhir/Encounter/enc-4", encounter("enc-4")),
    ):
        app.ehr.answers[path] = slow(0.4, body)
    took, visitor = in_time(app.launch, within=1.2)
    assert took < 1.2
    assert visit_of(app, visitor).task_open is True


def test_a_practitioner_who_owns_the_task_takes_one_round(app: RealApp) -> None:
    app.records.add(task("t", "Practitioner/prac-1", encounter={"reference": "Encounter/enc-4"}))
    app.launch()
    assert sorted(seen.path.split("/")[2] for seen in fhir_requests(app)) == [
        "Encounter",
        "Practitioner",
        "PractitionerRole",
        "Task",
    ]


@pytest.mark.parametrize(
    "path", ["/fhir/Practitioner/prac-1", "/fhir/PractitionerRole", "/fhir/Task", "/fhir/Encounter/enc-4"]
)
def test_a_read_that_stalls_costs_its_own_answer_and_the_page_comes_in_time(app: RealApp, path: str) -> None:
    app.launch()
    app.ehr.answers[path] = slow(10, {})
    took, visitor = in_time(app.launch)
    assert took < PAGE_SECONDS
    assert visitor.get().status_code in (200, 303)
    assert any("no answer" in text or "time" in text for text in visit_of(app, visitor).missing)


def test_a_read_that_no_thread_was_free_for_is_told_in_the_report_as_well(
    app: RealApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of a search that has a next one goes on in a thread; on a busy machine that begins too late."""
    busy = ThreadPoolExecutor(1)
    free = threading.Event()
    busy.submit(free.wait)
    monkeypatch.setattr(rounds, "_POOL", busy)
    following = [{"relation": "next", "url": f"{app.ehr.base}/Task?page=2"}]
    app.ehr.answers["/fhir/Task"] = lambda _: Answer({**bundle(), "link": following})
    app.launch()
    free.set()
    busy.shutdown()
    app.write_reports()
    with app.database.reading() as session:
        steps = session.scalars(select(LaunchReportRow.steps)).one()
    told = [(step["outcome"], step["detail"]) for step in steps if step["name"] == "read tasks"]
    assert told == [("failed", "no answer in time")]


def test_a_sign_in_that_was_slow_leaves_less_time_for_the_reads(app: RealApp) -> None:
    app.launch()
    app.ehr.answers["/fhir/Task"] = slow(10, {})

    def slowly_signed(claims: dict[str, Any]) -> str:
        time.sleep(2.0)
        return app.ehr.sign(claims)

    app.ehr.make_id_token = slowly_signed
    took, visitor = in_time(app.launch)
    assert took < PAGE_SECONDS
    assert any("no answer" in text or "time" in text for text in visit_of(app, visitor).missing)


TWENTY_THOUSAND = json.dumps(bundle(*({"resourceType": "Wombat", "id": str(n)} for n in range(20_000)))).encode()
"""Made once: the EHR here is a thread of the app's own process, and what it takes is missing there."""
BROKEN: dict[str, Callable[[Seen], Answer]] = {
    "500": lambda _: Answer({"resourceType": "OperationOutcome"}, 500),
    "401": lambda _: Answer({}, 401),
    "403": lambda _: Answer({}, 403),
    "404": lambda _: Answer({}, 404),
    "truncated": lambda _: Answer(b'{"resourceType": "Bundle", "entry": [{'),
    "html": lambda _: Answer(b"<html>down for maintenance</html>"),
    "a list": lambda _: Answer(b"[1, 2]"),
    "empty": lambda _: Answer(b""),
    "wrong type": lambda _: Answer({"resourceType": "Patient", "id": "canary"}),
    "null entries": lambda _: Answer({"resourceType": "Bundle", "entry": [None, 7, {"resource": None}, {}]}),
    "entry is no list": lambda _: Answer({"resourceType": "Bundle", "entry": {"resource": {}}}),
    "deep": lambda _: Answer(b'{"resourceType":' * 3000 + b"1" + b"}" * 3000),
    "20k entries": lambda _: Answer(TWENTY_THOUSAND),
    "circle": lambda seen: Answer(
        bundle(link=[{"relation": "next", "url": f"http://{seen.headers['Host']}{seen.path}"}])
    ),
    "next elsewhere": lambda _: Answer(bundle(link=[{"relation": "next", "url": "https://other.example/fhir/Task"}])),
}


@pytest.mark.parametrize("how", BROKEN)
def test_whatever_breaks_a_usable_page_comes_in_time(app: RealApp, how: str) -> None:
    for path in ("/fhir/Practitioner/prac-1", "/fhir/PractitionerRole", "/fhir/Task", "/fhir/Encounter/enc-4"):
        app.ehr.answers[path] = BROKEN[how]
    took, visitor = in_time(app.launch)
    assert took < PAGE_SECONDS
    visitor.post("welcome")
    assert visitor.get().status_code == 303  # to the role question
    assert visitor.get("role").status_code == 200


def test_a_bad_entry_hides_no_other(app: RealApp) -> None:
    good = task("t", "Practitioner/prac-1", "session-note", encounter={"reference": "Encounter/enc-4"})
    bad = [{"resourceType": "Wombat"}, {"resourceType": "Task"}, {**good, "id": "../x"}, {**good, "status": 7}]
    app.ehr.answers["/fhir/Task"] = lambda _: Answer(bundle(*bad, good))
    assert visit_of(app, app.launch()).task_codes == ["urn:preceptor:task|session-note"]


def test_a_task_on_the_second_page_is_found(app: RealApp) -> None:
    good = task("t", "Practitioner/prac-1", encounter={"reference": "Encounter/enc-4"})

    def pages(seen: Seen) -> Answer:
        if "page=2" in seen.query:
            return Answer(bundle(good))
        following = f"{app.ehr.base}/Task?page=2"
        return Answer(bundle(task("x", "Practitioner/prac-1"), link=[{"relation": "next", "url": following}]))

    app.ehr.answers["/fhir/Task"] = pages
    assert visit_of(app, app.launch()).task_open is True


def test_a_server_that_ignores_the_search_gives_nobody_elses_role_or_task(app: RealApp) -> None:
    here: dict[str, Any] = {"encounter": {"reference": "Encounter/enc-4"}}
    app.ehr.answers["/fhir/PractitionerRole"] = lambda _: Answer(bundle(role("r", "other", PHYSICIAN)))
    app.ehr.answers["/fhir/Task"] = lambda _: Answer(
        bundle(
            task("t", "Practitioner/other", **here),
            task("u", "Practitioner/prac-1", **here, status="completed"),
        )
    )
    visit = visit_of(app, app.launch())
    assert (visit.job_roles, visit.task_open, visit.frequent_task_codes) == ([], False, [])


def test_tasks_that_a_role_owns_take_a_second_round(app: RealApp) -> None:
    app.records.add(task("t", "PractitionerRole/role-prac-1", encounter={"reference": "Encounter/enc-4"}))
    assert visit_of(app, app.launch()).task_open is True


@pytest.mark.parametrize("reference", ["PractitionerRole/role-prac-1", "Person/person-1"])
def test_a_role_or_a_person_leads_to_the_practitioner(app: RealApp, reference: str) -> None:
    person = {"resourceType": "Person", "id": "person-1", "link": [{"target": {"reference": "Practitioner/prac-1"}}]}
    app.records.add(person, task("t", "Practitioner/prac-1", encounter={"reference": "Encounter/enc-4"}))
    app.ehr.fhir_user = reference
    visit = visit_of(app, app.launch())
    assert (visit.job_roles, visit.task_open) == (["nurse"], True)


def test_a_task_in_fhir_context_goes_before_the_encounters(app: RealApp) -> None:
    app.records.add(
        task("named", "Practitioner/other", "session-note", status="completed"),
        task("t", "Practitioner/prac-1", encounter={"reference": "Encounter/enc-4"}),
    )
    app.ehr.token_parameters["fhirContext"] = [{"reference": "Task/named"}]
    assert visit_of(app, app.launch()).task_codes == ["urn:preceptor:task|session-note"]


@pytest.mark.parametrize("said", ["Task/named", "named", "urn:preceptor:task|session-note"])
def test_a_task_in_app_context_is_open(app: RealApp, said: str) -> None:
    app.records.add(task("named", "Practitioner/other", "session-note"))
    app.ehr.token_parameters["appContext"] = f'{{"task": "{said}"}}'
    assert visit_of(app, app.launch()).task_codes == ["urn:preceptor:task|session-note"]


def test_scopes_that_were_not_granted_are_not_tried(app: RealApp) -> None:
    app.ehr.token_parameters["scope"] = "openid fhirUser user/Practitioner.rs user/Encounter.r"
    app.launch()
    asked = {seen.path.split("/")[2] for seen in fhir_requests(app)}
    assert asked == {"Practitioner", "Encounter"}


def test_no_request_names_the_patient_and_searches_ask_for_no_element_that_does(app: RealApp) -> None:
    app.records.add(task("t", "PractitionerRole/role-prac-1"))
    app.launch()
    for seen in fhir_requests(app):
        assert "patient" not in (seen.path + seen.query).lower()
        assert "pat-9" not in seen.path + seen.query
        elements = parse_qs(seen.query).get("_elements", [""])[0].split(",")
        assert not {"for", "description", "note", "input"} & set(elements)
        assert seen.path.count("/") == 3 or elements != [""]


def test_every_read_asks_for_fresh_data(app: RealApp) -> None:
    app.launch()
    assert {seen.headers.get("Cache-Control") for seen in fhir_requests(app)} == {"no-cache"}
