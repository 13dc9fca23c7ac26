"""The whole launch, from the chart to the app."""

import pytest

from tests.launch.canned_ehr import CannedEhr
from tests.launch.launching import LaunchedApp


@pytest.mark.parametrize("auth", ["public", "private_key_jwt"])
def test_a_launch_from_the_chart_arrives_with_person_and_context(
    launched: LaunchedApp, ehr: CannedEhr, auth: str
) -> None:
    launched.register(ehr, auth=auth)
    assert launched.browser().launch(ehr).text == "welcome"
    context = launched.context
    assert context.fhir_user is not None
    assert context.fhir_user.reference == "Practitioner/prac-1"
    assert (context.issuer, context.subject) == (ehr.issuer, "user-77")
    assert (context.encounter, context.patient_present, context.standalone) == ("enc-4", True, False)
    assert launched.report.outcome == "launched"


def test_the_app_reads_fhir_with_the_token_of_the_launch(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    launched.settings["on_launch"] = lambda context: context.fhir.get_json("Practitioner/prac-1")["resourceType"]
    assert launched.browser().launch(ehr).text == "Practitioner"
    seen = ehr.last("/fhir/Practitioner/prac-1")
    assert seen.headers["Authorization"] == "Bearer canned-access-token"
    assert seen.headers["Accept"] == "application/fhir+json"
    assert seen.headers["Cache-Control"] == "no-cache"
