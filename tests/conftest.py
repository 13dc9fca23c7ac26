"""What holds for every test: the shared fixtures, and that nothing is skipped where CI runs."""

import gc
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

PLUGINS = Path(__file__).with_name("plugins")
GROUPS = (
    ("hapi", "tests/hapi/"),  # the server takes a gigabyte, so there is one
    ("hapi", "tests/journey/test_the_journey.py"),
    ("hapi", "tests/journey/test_demo_on_hapi.py"),
    ("ehr faults", "tests/ehr/test_faults.py"),  # the table is compared when the last of them has run
    ("ehr sign-in faults", "tests/ehr/test_sign_in_faults.py"),
    ("ehr styles", "tests/ehr/test_styles.py"),
)
"""Tests that share a server: (group, beginning of the path)."""
BY_PARAMETER = ("tests/player/test_every_page.py",)
"""Tests that share what their parameter stands for: a page that somebody has gone to."""

# How long an example takes is the machine's affair; what it shows is not.
settings.register_profile("preceptor", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if os.environ.get("CI") != "true":  # there hypothesis has a profile of its own, which also derandomizes
    settings.load_profile("preceptor")

pytest.register_assert_rewrite("tests.plugins")  # before one plugin imports another
pytest_plugins = [f"tests.plugins.{path.stem}" for path in sorted(PLUGINS.glob("[a-z]*.py"))]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Each test goes to whichever process is free, but those of one group to one process, in which they share a server.

    By the path, since pytest-xdist 3.8 does not see its own `xdist_group` marks under pytest 9.
    """
    from xdist.scheduler import LoadScopeScheduling

    class InGroups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            if path in BY_PARAMETER:
                return f"{path} [{nodeid.partition('[')[2]}"
            return next((group for group, start in GROUPS if path.startswith(start)), nodeid)

    return InGroups(config, log)


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 20, 50)


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
