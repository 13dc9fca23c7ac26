"""What is taken of a resource, and that one bad element costs that element only."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smart_app.fhir import projecting
from tests.fhir.records import NURSE, SCT, TASKS, concept, encounter, practitioner, role, task

BASE = "https://ehr.example/fhir"
TODAY = date(2026, 11, 23)


def facts_of(resource: dict[str, Any]) -> Any:
    return projecting.role_facts(resource, practitioner="p", base=BASE, today=TODAY)


def test_a_practitioner_gives_npi_and_qualifications_and_no_name() -> None:
    resource = practitioner(
        "p",
        identifier=[{"system": projecting.NPI_SYSTEM, "value": "9999000001"}, {"value": "x"}],
        qualification=[{"code": concept(SCT, NURSE)}],
    )
    found = projecting.person_facts(resource)
    assert found is not None
    assert (found.npi, found.qualifications) == ("9999000001", ((SCT, NURSE),))
    assert "Canary" not in repr(found)


def test_a_task_gives_codes_and_nothing_of_the_patient() -> None:
    found = projecting.task_facts(task("t", "Practitioner/p", note=[{"text": "Canary"}], input=[]), base=BASE)
    assert found is not None
    assert found.codes == ((TASKS, "shift-handoff"),)
    assert "anary" not in repr(found)


@pytest.mark.parametrize(
    ("element", "bad"),
    [
        ("period", {"end": "08:00"}),
        ("period", {"start": "2026-01-01T08:00"}),
        ("period", "soon"),
        ("specialty", [{"coding": [{"system": 7, "code": {}}]}]),
        ("specialty", "text"),
        ("availableTime", [{"availableStartTime": "08:00"}]),
        ("telecom", [{"value": ""}]),
        ("notAnElement", {"x": 1}),
        ("active", "yes"),
        ("meta", {"lastUpdated": "2026-11-23T08:00"}),
    ],
)
def test_a_bad_optional_element_costs_that_element_only(element: str, bad: Any) -> None:
    found = facts_of({**role("r", "p"), element: bad})
    assert found is not None
    assert found.codes == ((SCT, NURSE),)
    assert found.active is True


def test_a_bad_coding_costs_that_coding_only() -> None:
    codings = [{"system": SCT, "code": ""}, {"code": " "}, None, 7, {"system": SCT, "code": NURSE}]
    found = facts_of({**role("r", "p"), "code": [{"coding": codings}]})
    assert found is not None
    assert found.codes == ((SCT, NURSE),)


@pytest.mark.parametrize("end", ["2025", "2026-10", "2026-11-22", "2026-11-22T23:59:59Z"])
def test_a_role_whose_period_ended_is_not_active(end: str) -> None:
    assert facts_of(role("r", "p", period={"end": end})).active is False


@pytest.mark.parametrize("end", ["2026", "2026-11", "2026-11-23", "2027-01-01T00:00:00Z"])
def test_a_role_whose_period_goes_on_is_active(end: str) -> None:
    assert facts_of(role("r", "p", period={"end": end})).active is True


@pytest.mark.parametrize(
    "reference", ["Practitioner/other", "https://other.example/fhir/Practitioner/p", "Practitioner/p/../q", "p", ""]
)
def test_somebody_elses_role_is_not_taken(reference: str) -> None:
    assert facts_of(role("r", "p", practitioner={"reference": reference})) is None


def test_absolute_and_versioned_references_are_read() -> None:
    for reference in (f"{BASE}/Practitioner/p", "Practitioner/p/_history/3"):
        assert facts_of(role("r", "p", practitioner={"reference": reference})) is not None


def test_an_encounter_gives_its_class_alone() -> None:
    assert projecting.encounter_class(encounter("e", "AMB")) == "AMB"
    assert projecting.encounter_class({**encounter("e"), "class": {"code": "Mrs Canary"}}) is None
    assert projecting.encounter_class({**encounter("e"), "status": "open"}) == "IMP"


def test_a_person_leads_to_its_practitioner() -> None:
    links = [{"target": {"reference": "Patient/x"}}, {"target": {"reference": "Practitioner/p"}}]
    assert projecting.linked_practitioner({"resourceType": "Person", "id": "x", "link": links}, base=BASE) == "p"


def deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"extension": [value]}
    return value


def test_deep_nesting_and_unknown_types_raise_nothing() -> None:
    assert facts_of({**role("r", "p"), "extension": [deep(900)]}) is not None
    assert facts_of({**role("r", "p"), "code": [deep(900)]}) is not None
    assert projecting.task_facts({"resourceType": "Wombat", "id": "x"}, base=BASE) is None


NAMES = (
    "resourceType",
    "id",
    "code",
    "coding",
    "system",
    "status",
    "owner",
    "reference",
    "period",
    "end",
    "class",
    "link",
)
json_values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


# A busy machine takes long to make the first example; that says nothing of the projection.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES), json_values, max_size=8), st.sampled_from(("Task", "PractitionerRole")))
def test_nothing_that_a_server_sends_raises(resource: dict[str, Any], resource_type: str) -> None:
    sent = {**resource, "resourceType": resource_type, "id": "x", "practitioner": {"reference": "Practitioner/p"}}
    projecting.task_facts(sent, base=BASE)
    facts_of(sent)
    projecting.practitioner_of(sent, base=BASE)
    projecting.encounter_class({**sent, "resourceType": "Encounter"})
    projecting.person_facts({**sent, "resourceType": "Practitioner"})
    projecting.linked_practitioner({**sent, "resourceType": "Person"}, base=BASE)
