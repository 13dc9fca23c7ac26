"""A trainer's search for codes by words: ValueSet/$expand as a real HAPI FHIR server answers it."""

from collections.abc import Iterator

import pytest

from launch.fhir_session import FhirReadError, FhirSession
from launch.outbound import Door
from smart_app.fhir.expanding import MOST, VALUE_SETS, expand

pytestmark = pytest.mark.hapi
SECONDS = 60.0
"""Its first expansion makes the terminology's index."""


@pytest.fixture(scope="module")
def fhir(hapi: str) -> Iterator[FhirSession]:
    session = FhirSession(base=hapi, access_token="not-looked-at", door=Door())
    yield session
    session.close()


def test_a_specialty_is_found_among_many(fhir: FhirSession) -> None:
    found = expand(fhir, "psych", seconds=SECONDS)
    assert {code.system for code in found} == {"http://snomed.info/sct"}
    assert len(found) <= MOST * len(VALUE_SETS)


def test_where_the_server_lacks_a_terminology_the_rest_is_still_found(fhir: FhirSession) -> None:
    """HAPI as it comes knows no SNOMED CT by filter, so it expands the specialties and refuses the roles."""
    refused = [value_set for value_set in VALUE_SETS if not is_expanded(fhir, value_set)]
    assert refused == ["http://hl7.org/fhir/ValueSet/practitioner-role"]
    assert expand(fhir, "dermatology", seconds=SECONDS)


def is_expanded(fhir: FhirSession, value_set: str) -> bool:
    try:
        fhir.get_json("ValueSet/$expand", {"url": value_set}, deadline=SECONDS)
    except FhirReadError:
        return False
    return True


def test_words_that_no_code_holds_find_nothing(fhir: FhirSession) -> None:
    assert expand(fhir, "zebra crossing", seconds=SECONDS) == ()
