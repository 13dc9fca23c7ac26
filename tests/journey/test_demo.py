"""`preceptor demo` itself: it starts, prints one URL, that URL shows a chart with Preceptor beside it, and it stops."""

import re
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.clinician import HOME, Clinician
from tests.plugins.browser import OpenBrowser
from tests.plugins.servers import PRECEPTOR, Ehr, Running, free_port, listens, start

pytestmark = pytest.mark.browser
SECONDS_TO_START = 180
SECONDS_TO_STOP = 40


class Demo:
    """The command, running."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port, self.ehr_port = free_port(), free_port()
        self.data = folder / "data"
        where = ["--port", str(self.port), "--ehr-port", str(self.ehr_port), "--data", str(self.data)]
        command = [PRECEPTOR, "demo", *where, "--no-browser", *options]
        self.running: Running = start(command, log=folder / "demo.log")

    @property
    def said(self) -> str:
        return self.running.log.read_text()

    def url(self) -> str:
        """The one URL that it prints, when it has printed it."""
        self.running.wait_for(lambda: "\nOpen http" in self.said, seconds=SECONDS_TO_START)
        (url,) = re.findall(r"^Open (\S+)$", self.said, re.M)
        return str(url)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(tmp_path)
    yield demo
    demo.running.stop()


def test_it_starts_shows_a_launch_and_stops_when_it_is_told_to(demo: Demo, open_browser: OpenBrowser) -> None:
    url = demo.url()
    assert url == f"http://127.0.0.1:{demo.ehr_port}/"
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=30) as answer:
        assert f"http://localhost:{demo.port}/launch?" in answer.read().decode()
    then_somebody_launches(demo, open_browser)
    demo.running.process.send_signal(signal.SIGTERM)
    assert demo.running.process.wait(SECONDS_TO_STOP) == 0
    assert demo.said.rstrip().endswith("Stopped.")
    assert not listens("127.0.0.1", demo.port)
    assert not listens("127.0.0.1", demo.ehr_port)


def then_somebody_launches(demo: Demo, open_browser: OpenBrowser) -> None:
    clinician = Clinician(
        browser=open_browser(), ehr=Ehr(name="Lakeside demo EHR", host="127.0.0.1", port=demo.ehr_port)
    )
    clinician.opens_the_chart()
    clinician.sees(HOME)
    assert clinician.picks()
    clinician.opens_the_first_tutorial()
