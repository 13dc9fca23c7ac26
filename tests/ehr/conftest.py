"""One hospital for all tests of a module: seven EHRs, one app."""

from collections.abc import Iterator

import pytest

from tests.ehr.hospital import Hospital, open_hospital


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory, key_file_template: bytes) -> Iterator[Hospital]:
    """The product and seven EHRs."""
    with open_hospital(tmp_path_factory.mktemp("hospital"), key_file_template) as opened:
        yield opened


@pytest.fixture(autouse=True)
def no_fault_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test begins with EHRs that work."""
    yield
    if "hospital" in request.fixturenames:
        for ehr in request.getfixturevalue("hospital").ehrs.values():
            ehr.faults.clear()
