"""Obligations: Context."""

from typing import Any

import pytest

from tests.launch.canned_ehr import CannedEhr
from tests.launch.launching import LaunchedApp


def _launched(launched: LaunchedApp, ehr: CannedEhr, **parameters: Any) -> None:
    launched.register(ehr)
    ehr.token_parameters |= parameters
    assert launched.browser().launch(ehr).text == "welcome"


def test_a_patient_is_noted_as_present_and_dropped(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Context: `patient` is noted as present or absent and never stored."""
    _launched(launched, ehr, patient="canary-patient")
    assert launched.context.patient_present is True
    assert "canary-patient" not in repr(launched.context) + repr(vars(launched.context)) + repr(launched.report)


def test_without_patient_and_encounter_there_are_none(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Context: `patient` is noted as present or absent."""
    _launched(launched, ehr, patient=None, encounter="")
    assert (launched.context.patient_present, launched.context.encounter) == (False, None)


def test_fhir_context_keeps_its_roles(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Context: `fhirContext` with roles (Task references feed the task context)."""
    _launched(
        launched,
        ehr,
        fhirContext=[
            {"reference": "Task/t-1"},
            {"reference": f"{ehr.base}/ImagingStudy/i-1", "role": "https://example.org/role"},
            {"canonical": "http://example.org/Questionnaire/1"},
        ],
    )
    kept = [(one.resource_type, one.id, one.role) for one in launched.context.fhir_context]
    assert kept == [("Task", "t-1", "launch"), ("ImagingStudy", "i-1", "https://example.org/role")]
    assert any("fhirContext" in text for text in launched.report.missing)


@pytest.mark.parametrize("sent", ['{"task": "Task/1"}', {"task": "Task/1"}])
def test_app_context_is_an_object_or_the_text_of_one(launched: LaunchedApp, ehr: CannedEhr, sent: Any) -> None:
    """Context: `appContext.task` is one of the ways to the open task."""
    _launched(launched, ehr, appContext=sent)
    assert launched.context.app_context == {"task": "Task/1"}


@pytest.mark.parametrize(
    "parameters",
    [
        {"appContext": "not JSON"},
        {"appContext": "[1]"},
        {"appContext": "[" * 8_000},
        {"appContext": "x" * 100_000},
        {"appContext": 7},
        {"intent": ["x"]},
        {"intent": "x" * 1_000},
        {"intent": "a\nb"},
        {"tenant": {"x": 1}},
        {"smart_style_url": 7},
        {"fhirContext": "Task/1"},
        {"fhirContext": [None, 7, [], {}]},
        {"fhirContext": [{"reference": "Task/1"}] * 60},
    ],
)
def test_a_malformed_part_costs_that_part_only(
    launched: LaunchedApp, ehr: CannedEhr, parameters: dict[str, Any]
) -> None:
    """Context: an unreadable part is left out and named in the report."""
    _launched(launched, ehr, **parameters)
    assert any(next(iter(parameters)) in text for text in launched.report.missing)
    assert launched.context.encounter == "enc-4"


def test_intent_tenant_banner_and_style_arrive(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Context: `intent`, `tenant`, `need_patient_banner`, `smart_style_url`."""
    style = f"{ehr.origin}/style.json"
    _launched(launched, ehr, intent="reply-to-message", tenant="north", need_patient_banner=True, smart_style_url=style)
    context = launched.context
    assert (context.intent, context.tenant) == ("reply-to-message", "north")
    assert (context.need_patient_banner, context.smart_style_url) == (True, style)
    assert ehr.hits("/style.json") == 0


def test_the_placement_of_the_launch_address_arrives(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Context: `/launch/<placement>`, a place in the EHR's screens."""
    launched.register(ehr)
    browser = launched.browser()
    begun = browser.open_from_ehr(ehr, place="/launch/inbox")
    browser.bring_back(ehr.authorize(begun.location))
    assert launched.context.placement == "inbox"
    assert browser.open_from_ehr(ehr, place="/launch/In%20Box").status_code == 404
