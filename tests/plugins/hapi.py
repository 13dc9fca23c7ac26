"""One HAPI FHIR server for the whole test run, with the synthetic organization loaded.

PRECEPTOR_HAPI_BASE names one that already runs (`make hapi` prints its address): then none is started.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fixtures.load import load
from hapi import local_server


@pytest.fixture(scope="session")
def hapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of a HAPI FHIR R4 server that holds fixtures/fhir. In CI a skip here is a failure."""
    running = os.environ.get("PRECEPTOR_HAPI_BASE")
    if running:
        load(running.rstrip("/"))
        yield running.rstrip("/")
        return
    if missing := local_server.find_missing_tools():
        pytest.skip(missing)
    local_server.build()
    with started(tmp_path_factory.mktemp("hapi") / "server.log") as base:
        load(base)
        yield base


@contextmanager
def started(log: Path) -> Iterator[str]:
    """A server of our own, ended by its own handle."""
    try:
        with log.open("wb") as errors:
            server = local_server.start(errors=errors)
    except local_server.ServerFailed as failure:
        raise local_server.ServerFailed(f"{failure}: {log.read_text(encoding='utf-8')[-3000:]}") from failure
    try:
        yield server.base
    finally:
        server.stop()
