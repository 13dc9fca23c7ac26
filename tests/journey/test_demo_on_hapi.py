"""`preceptor demo --fhir URL`: the same demo, with the tasks and people of another FHIR server behind its EHR."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.test_demo import Demo, then_somebody_launches
from tests.plugins.browser import OpenBrowser

pytestmark = [pytest.mark.browser, pytest.mark.hapi]


@pytest.fixture
def demo(tmp_path: Path, hapi: str) -> Iterator[Demo]:
    demo = Demo(tmp_path, "--fhir", hapi)
    yield demo
    demo.running.stop()


def test_the_demo_before_a_fhir_server_shows_a_launch_up_to_a_tutorial(demo: Demo, open_browser: OpenBrowser) -> None:
    demo.url()
    then_somebody_launches(demo, open_browser)
