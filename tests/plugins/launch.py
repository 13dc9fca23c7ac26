"""Fixtures of the launch client: a canned EHR on the loopback, and an app to launch."""

from collections.abc import Iterator

import pytest

from tests.launch.canned_ehr import CannedEhr, canned_ehr
from tests.launch.launching import LaunchedApp, make_app


@pytest.fixture
def ehr() -> Iterator[CannedEhr]:
    """An EHR that does everything right until told otherwise."""
    with canned_ehr() as running:
        yield running


@pytest.fixture
def other_host() -> Iterator[CannedEhr]:
    """Another host; most tests assert that nobody asks it anything."""
    with canned_ehr() as running:
        yield running


@pytest.fixture
def launched() -> LaunchedApp:
    """An app with the launch client and no EHR registered."""
    return make_app()
