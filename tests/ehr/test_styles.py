"""Every EHR style launches the product to a tutorial fitting the role, or to the role question; the report says why."""

from collections.abc import Iterator

import pytest

from launch.sandbox.styles import STYLES
from tests.ehr.hospital import BASE_URL, Arrival, Hospital, open_hospital, pins_of, roles_of, sandbox_like
from tests.ehr.workflows import WORKFLOWS, Workflow
from tests.timing import PAGE_SECONDS, quickest

HANDOFF = next(workflow for workflow in WORKFLOWS if workflow.code == "shift-handoff")
ASKED = "no job role from the EHR: the learner is asked"
BY_CLASS = "no open task: the class of the encounter is used"

# Written by hand: what each style leaves out, and what the product does instead. With the Task open in the chart.
FALLBACKS = {
    "plain": [],
    "epic": [],
    "oracle": ["scope not granted: user/PractitionerRole.rs", "scope not granted: user/Task.rs", ASKED, BY_CLASS],
    "athena": ["roles: HTTP 404", "tasks: HTTP 404", ASKED, BY_CLASS],
    "meditech": ["tasks: HTTP 400", "tasks of the role: HTTP 400", BY_CLASS],
    "openemr": ["tasks: HTTP 404", "tasks of the role: HTTP 404", BY_CLASS],
    "medplum": [],
}
OUTCOMES = {
    "plain": "tutorial for role and task",
    "epic": "tutorial for role and task",
    "oracle": "role question",
    "athena": "role question",
    "meditech": "tutorial for the role",
    "openemr": "tutorial for the role",
    "medplum": "tutorial for role and task",
}


def opened(hospital: Hospital, style: str, workflow: Workflow = HANDOFF, **more: str) -> Arrival:
    """The app beside this workflow's chart."""
    return hospital.launch(style, person=workflow.person, encounter=workflow.encounter, task=workflow.task, **more)


def fits(came: Arrival, workflow: Workflow) -> bool:
    """The first tutorial is the open task's own; where no task is known, one for the role."""
    if came.visit is not None and came.visit.task_open:
        return came.tutorials[0] == workflow.tutorial
    return bool({workflow.role, "everyone"} & roles_of(came.tutorials[0]))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("workflow", [w for w in WORKFLOWS if w.encounter], ids=lambda workflow: workflow.code)
def test_a_launch_ends_at_the_tutorial_or_at_the_role_question(
    hospital: Hospital, style: str, workflow: Workflow
) -> None:
    came = quickest(lambda: opened(hospital, style, workflow), lambda came: came.seconds)
    assert (came.status, came.report.outcome, came.outcome) == (200, "launched", OUTCOMES[style])
    assert sorted(came.report.missing) == sorted(FALLBACKS[style])
    assert came.asks_the_role or fits(came, workflow)
    assert came.seconds < PAGE_SECONDS


@pytest.mark.parametrize("style", STYLES)
def test_a_launch_without_an_encounter_falls_back_further(hospital: Hospital, style: str) -> None:
    """Scheduling is done without an encounter: only a named Task, or the person's other work, tells what is open."""
    desk = next(workflow for workflow in WORKFLOWS if workflow.encounter is None)
    came = opened(hospital, style, desk)
    last = {
        "plain": [],
        "medplum": [],
        "epic": ["no open task: the person's other tasks are used"],
    }.get(style, ["no open task: the job role alone is used"])
    assert sorted(came.report.missing) == sorted([text for text in FALLBACKS[style] if text != BY_CLASS] + last)
    assert came.asks_the_role or fits(came, desk)


@pytest.fixture(scope="module")
def own_hospital(tmp_path_factory: pytest.TempPathFactory, key_file_template: bytes) -> Iterator[Hospital]:
    """What people say of their role stays said, so they say it elsewhere than in the hospital of the other tests."""
    with open_hospital(tmp_path_factory.mktemp("own"), key_file_template) as opened_here:
        yield opened_here


@pytest.mark.parametrize("style", ["oracle", "athena"])
@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.code)
def test_once_the_role_is_said_the_place_of_the_launch_leads_to_the_tutorial(
    own_hospital: Hospital, style: str, workflow: Workflow
) -> None:
    hospital = own_hospital
    first = opened(hospital, style, workflow)
    assert first.visit is not None
    headers = {"Sec-Fetch-Site": "same-origin", "X-Preceptor": "1"}
    where = f"/v/{first.visit.id}/role"
    said = first.browser.post(where, data={"role": workflow.role}, headers=headers, base_url=BASE_URL)
    assert said.status_code == 303
    came = opened(hospital, style, workflow, placement=workflow.place)
    assert came.visit is not None
    assert (came.visit.job_roles, came.visit.role_declared) == ([workflow.role], True)
    assert fits(came, workflow)
    assert workflow.tutorial in came.tutorials
    assert "no job role from the EHR: the declared one is used" in came.report.missing
    assert [text for text in came.report.missing if text.startswith("no open task: the place of the launch")]


def test_where_a_task_is_read_by_id_only_a_launch_that_names_it_opens_it(hospital: Hospital) -> None:
    ehr = hospital.ehrs["meditech"]
    ehr.behaviour.task_in = "appContext"
    try:
        came = opened(hospital, "meditech")
    finally:
        ehr.behaviour.task_in = "nowhere"
    assert came.outcome == "tutorial for role and task"
    assert came.report.missing == ["tasks: HTTP 400"]


def test_a_user_in_the_token_response_is_not_believed(hospital: Hospital) -> None:
    ehr = hospital.ehrs["openemr"]
    ehr.behaviour.token_response = {"fhirUser": "Practitioner/prac-okafor-physician"}
    try:
        came = opened(hospital, "openemr")
    finally:
        ehr.behaviour.token_response = {}
    assert came.visit is not None
    assert came.visit.job_roles == ["nurse"], "the nurse that the id_token names, not the physician beside it"


def test_an_issuer_that_was_neither_advertised_nor_registered_ends_the_launch(hospital: Hospital) -> None:
    with sandbox_like("oracle", hospital, name="unpinned") as ehr:
        hospital.register(ehr, name="unpinned")
        came = opened(hospital, "unpinned")
        del hospital.ehrs["unpinned"]
    assert came.outcome == "a page that says why"
    assert came.report.error == "IdTokenIssuerWrong"
    assert came.report.reference in came.page


def test_only_oracle_needs_more_than_the_usual_registration(hospital: Hospital) -> None:
    assert [name for name, ehr in hospital.ehrs.items() if pins_of(ehr)] == ["oracle"]
