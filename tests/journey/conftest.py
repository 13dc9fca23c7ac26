"""One site for the journeys of a module, on the synthetic people of fixtures/fhir."""

import pytest

from tests.plugins.servers import PutUp, Site


@pytest.fixture(scope="module")
def site(stand: PutUp) -> Site:
    """SQLite, one EHR."""
    return stand()
