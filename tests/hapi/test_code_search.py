"""A trainer's search for codes by words: ValueSet/$expand as a real HAPI FHIR server answers it."""

from collections.abc import Iterator

import pytest

from launch.fhir_session import FhirSession
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


def test_a_role_is_found_by_its_words(fhir: FhirSession) -> None:
    found = expand(fhir, "nurse", seconds=SECONDS)
    assert ("http://terminology.hl7.org/CodeSystem/practitioner-role", "nurse") in {(c.system, c.code) for c in found}
    assert all("nurse" in f"{code.display} {code.code}".casefold() for code in found)


def test_a_specialty_is_found_among_many(fhir: FhirSession) -> None:
    found = expand(fhir, "psych", seconds=SECONDS)
    assert {code.system for code in found} == {"http://snomed.info/sct"}
    assert len(found) <= MOST * len(VALUE_SETS)


def test_words_that_no_code_holds_find_nothing(fhir: FhirSession) -> None:
    assert expand(fhir, "zebra crossing", seconds=SECONDS) == ()
