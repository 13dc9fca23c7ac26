"""One HAPI FHIR server for the whole test run, with the synthetic organization loaded.

PRECEPTOR_HAPI_BASE names one that already runs (`make hapi` prints its address): then none is started.
`--fhir-base URL` runs instead, and only, the tests that are fit for a base that strangers use (test_public_base.py).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fixtures.load import load
from hapi import local_server
from tests.hapi.faulty_proxy import FaultyProxy, faulty_proxy

SAW = "what the run against a public base saw"
TOLD = pytest.StashKey[list[str]]()
"""What it saw, once its fixture has ended."""
LOOPBACK = ["127.0.0.1", "127.0.0.2", "localhost", "::1"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--fhir-base`."""
    parser.addoption("--fhir-base", metavar="URL", help="run the tests for public FHIR R4 bases against this one")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Against a public base only what is fit for it runs, and only there that host may be reached."""
    base = config.getoption("--fhir-base")
    if not base:
        return
    fit = [item for item in items if _is_fit_for_strangers(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in fit])
    items[:] = fit
    for item in items:
        item.add_marker(pytest.mark.allow_hosts([*LOOPBACK, urlsplit(base).hostname]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """The last test of a run carries what the run saw, whatever became of it: reports reach the summary everywhere."""
    try:
        yield
    finally:
        if TOLD in item.session.stash:
            item.user_properties.append((SAW, item.session.stash[TOLD]))
            del item.session.stash[TOLD]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a run against a public base saw."""
    reports = [r for group in terminalreporter.stats.values() for r in group if isinstance(r, pytest.TestReport)]
    for lines in [value for report in reports for name, value in report.user_properties if name == SAW][:1]:
        terminalreporter.section(SAW)
        for line in lines:
            terminalreporter.write_line(line)


def _is_fit_for_strangers(item: pytest.Item) -> bool:
    names = set(getattr(item, "fixturenames", ()))
    return "fhir_base" in names and not names & {"bad_day", "hapi"}


@pytest.fixture(scope="session")
def fhir_base(request: pytest.FixtureRequest) -> str:
    """The base of `--fhir-base`; else the local HAPI on a bad day."""
    said: str | None = request.config.getoption("--fhir-base")
    if said:
        return said
    proxy: FaultyProxy = request.getfixturevalue("bad_day")
    return proxy.base


@pytest.fixture(scope="session")
def bad_day(hapi: str, stranger: str) -> Iterator[FaultyProxy]:
    """A proxy before the local HAPI that does what public sandboxes do."""
    with faulty_proxy(hapi) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def stranger(hapi: str) -> str:
    """Somebody else's resource on the local HAPI: one of the fixtures."""
    return "Practitioner/prac-okafor-physician"


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
