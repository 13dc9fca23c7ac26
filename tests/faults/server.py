"""A server of our own, in a process group of its own, that can be killed at once."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.target import Target
from tests.plugins.servers import Running, answers, start


class Server:
    """A running target. Killed as a machine fails: all its processes at one moment, without a word."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def kill(self) -> None:
        """kill -9 to the whole group, and wait until none of it is left."""
        group = self._running.process.pid  # it leads a session of its own
        os.killpg(group, signal.SIGKILL)
        self._running.process.wait(30)
        deadline = time.monotonic() + 30
        while any(_runs(status, group) for status in Path("/proc").glob("[0-9]*/stat")):
            assert time.monotonic() < deadline, "a killed worker is still there"
            time.sleep(0.01)


@contextmanager
def running(target: Target, port: int, log: Path) -> Iterator[Server]:
    """The server, ready; killed at the end, if the test has not done so."""
    server = start(target.command(port), log=log, environment=target.environment(port))
    try:
        server.wait_for(lambda: answers(f"http://127.0.0.1:{port}{target.ready_path}"), seconds=60)
        yield Server(server)
    finally:
        if server.process.poll() is None:
            Server(server).kill()


def _runs(status: Path, group: int) -> bool:
    """A process of the group; zombies that nobody reaps (a container without an init) are dead all the same."""
    try:
        state, _parent, its_group = status.read_text().rpartition(")")[2].split()[:3]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return int(its_group) == group and state != "Z"
