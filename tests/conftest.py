"""What holds for every test: the shared fixtures, and that nothing is skipped where CI runs."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).with_name("plugins")

pytest.register_assert_rewrite("tests.plugins")  # before one plugin imports another
pytest_plugins = [f"tests.plugins.{path.stem}" for path in sorted(PLUGINS.glob("[a-z]*.py"))]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all of the HAPI tests: the server takes a gigabyte, so there is one."""
    for item in items:
        if item.get_closest_marker("hapi"):
            item.add_marker(pytest.mark.xdist_group("hapi"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed test: what was meant to be shown was not shown."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may be skipped: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that is skipped as a whole."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} skipped in CI: {report.longrepr}"
    return report
