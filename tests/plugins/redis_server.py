"""Redis for tests: a server of our own that keeps nothing on disk."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.plugins.servers import Running, free_port, listens, start

HOW_TO_GET_IT = "no Redis here: install it (Debian: apt-get install redis-server; macOS: brew install redis)"


@dataclass(frozen=True, kw_only=True)
class RedisServer:
    """A running server."""

    url: str
    running: Running

    def stop(self) -> None:
        """As if its machine were gone."""
        self.running.stop()


StartRedis = Callable[[], RedisServer]


@pytest.fixture(scope="module")
def start_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartRedis]:
    """Start a server; all are stopped at the module's end."""
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(HOW_TO_GET_IT)
        pytest.skip(HOW_TO_GET_IT)
    with ExitStack() as stack:

        def up() -> RedisServer:
            port, folder = free_port(), tmp_path_factory.mktemp("redis")
            command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
            server = RedisServer(url=f"redis://127.0.0.1:{port}/0", running=start(command, log=folder / "log"))
            stack.callback(server.stop)
            server.running.wait_for(lambda: listens("127.0.0.1", port))
            return server

        yield up
