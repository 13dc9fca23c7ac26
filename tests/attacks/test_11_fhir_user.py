"""Attack 11: a fhirUser, or an id in the launch context, that leads out of the FHIR base."""

import pytest

from launch.identity_errors import ContextRefused, FhirUserRefused, StaffOnly
from tests.launch.canned_ehr import CannedEhr
from tests.launch.launching import LaunchedApp

ELSEWHERE = [
    "{other}/fhir/Practitioner/1",
    "//evil.example/fhir/Practitioner/1",
    "https://evil.example/Practitioner/1",
    "{base}.evil.example/Practitioner/1",
    "{base}@evil.example/Practitioner/1",
    "{origin}/other/Practitioner/1",
    "{base}/../Practitioner/1",
    "{base}//Practitioner/1",
    "{base}/Practitioner/..",
    "/Practitioner/1",
    "/fhir/Practitioner/1",
    "../Practitioner/1",
    "Practitioner/../Patient/1",
    "Practitioner/..",
    "Practitioner/.",
    "Practitioner/%2e%2e",
    "Practitioner/..%2f1",
    "Practitioner%2f1",
    "Practitioner/1%2f..%2fPatient",
    "Practitioner\\1",
    "Practitioner/1?_include=*",
    "Practitioner/1#x",
    "Practitioner/1/",
    "Practitioner//1",
    "Practitioner/1/_history",
    "Practitioner/1/_history/..",
    "Practitioner/1/$everything",
    "Practitioner/1\n",
    "Practitioner/1 ",
    "Practitioner/é",
    "Practitioner/" + "1" * 65,
    "Practitioner",
    "practitioner/1",
    "Device/1",
    "Organization/1",
    "urn:uuid:0c0b0a09-0807-0605-0403-020100000000",
    "#practitioner",
]


def _filled(text: str, ehr: CannedEhr, other: CannedEhr) -> str:
    return text.replace("{base}", ehr.base).replace("{origin}", ehr.origin).replace("{other}", other.origin)


@pytest.mark.parametrize("forged", ELSEWHERE)
def test_a_fhir_user_elsewhere_is_refused_and_not_followed(
    launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr, forged: str
) -> None:
    launched.register(ehr)
    ehr.fhir_user = _filled(forged, ehr, other_host)
    assert launched.browser().launch(ehr).status_code == 403
    assert isinstance(launched.error, FhirUserRefused)
    assert other_host.seen == []
    assert launched.arrived == []


@pytest.mark.parametrize("name", ["encounter", "patient"])
@pytest.mark.parametrize("forged", ["..", ".", "a/b", "../x", "a%2fb", "a\\b", "a?b", "a b", "x" * 65, "é", 7, ["a"]])
def test_an_id_of_the_context_that_is_no_fhir_id_is_refused(
    launched: LaunchedApp, ehr: CannedEhr, name: str, forged: object
) -> None:
    launched.register(ehr)
    ehr.token_parameters[name] = forged
    assert launched.browser().launch(ehr).status_code == 403
    assert isinstance(launched.error, ContextRefused)
    assert launched.arrived == []


@pytest.mark.parametrize("forged", [*ELSEWHERE, 7, None, {"reference": "Task/1"}])
def test_a_fhir_context_that_leads_elsewhere_is_left_out(
    launched: LaunchedApp, ehr: CannedEhr, other_host: CannedEhr, forged: object
) -> None:
    launched.register(ehr)
    named = _filled(forged, ehr, other_host) if isinstance(forged, str) else forged
    ehr.token_parameters["fhirContext"] = [{"reference": named}, {"reference": "Task/good"}]
    assert launched.browser().launch(ehr).status_code == 200
    kept = {f"{one.resource_type}/{one.id}" for one in launched.context.fhir_context}
    assert kept - {"Device/1", "Organization/1"} == {"Task/good"}  # those two are references here, and no persons
    assert other_host.seen == []


@pytest.mark.parametrize("person", ["Patient/1", "RelatedPerson/1", "{base}/Patient/1", "Patient/1/_history/2"])
def test_a_patient_is_refused_politely(launched: LaunchedApp, ehr: CannedEhr, person: str) -> None:
    launched.register(ehr)
    ehr.fhir_user = person.replace("{base}", ehr.base)
    answer = launched.browser().launch(ehr)
    assert answer.status_code == 403
    assert isinstance(launched.error, StaffOnly)
    assert "This app is for staff" in answer.text
