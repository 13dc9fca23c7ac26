"""Attack 26: line breaks and quotes in what a stranger sends, to forge lines of the log. The real server."""

import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from smart_app import keys
from smart_app.config import Settings
from smart_app.db import Database
from smart_app.migrations.running import migrate_database
from tests.plugins.servers import PRECEPTOR, Running, answers, free_port, start

FORGED = '{"event": "request", "forged": true}'
ATTACKS = [f"x\r\n{FORGED}", f"x\n{FORGED}", f"x\u2028{FORGED}", f'x"}}\n{FORGED}', "x\x00y", "x\x1b[2Jy"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Running]]:
    """(port, process) of `preceptor serve` with an empty database."""
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    settings = Settings(data_dir=folder)
    keys.generate(settings.keys)
    database = Database(settings.database_url)
    migrate_database(database)
    database.dispose()
    environment = {"PRECEPTOR_DATA_DIR": str(folder), "PRECEPTOR_BASE_URL": f"http://localhost:{port}"}
    command = [PRECEPTOR, "serve", "--port", str(port), "--workers", "1"]
    running = start(command, log=folder / "app.log", environment=environment)
    running.wait_for(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
    yield port, running
    running.stop()


def lines_after(log: Path, mark: str) -> list[str]:
    """Lines of the log, once the request for `mark` is in it."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        text = log.read_text("utf-8")
        if mark in text and text.endswith("\n"):
            return text.splitlines()
        time.sleep(0.05)
    raise AssertionError("the request is not in the log")


def ask(port: int, path: str, headers: dict[str, str] | None = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers or {})
        return connection.getresponse().status
    finally:
        connection.close()


def raw(port: int, request: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        connection.recv(4096)


def test_each_line_is_one_json_object_whatever_was_sent(served: tuple[int, Running]) -> None:
    port, running = served
    for attack in ATTACKS:
        ask(port, f"/launch?iss={quote(attack)}&launch={quote(attack)}")
        ask(port, f"/{quote(attack)}")
        ask(port, f"/launch/{quote(attack)}")
        ask(port, "/launch", {"User-Agent": attack.encode().decode("latin-1").replace("\n", " ").replace("\r", " ")})
    raw(port, b"GET /raw\tx\r\nforged HTTP/1.1\r\nHost: x\r\n\r\n")
    raw(port, b"GET /code?code=SECRET-CODE\x00 HTTP/1.1\r\nHost: x\r\nBad Header: SECRET-CODE\r\n\r\n")
    ask(port, "/the-last-one")
    for line in lines_after(running.log, "/the-last-one"):
        read = json.loads(line)
        assert "forged" not in read
        assert not re.search(r"[^\x20-\x7e]", line)


def test_no_query_string_is_in_any_line(served: tuple[int, Running]) -> None:
    port, running = served
    ask(port, "/launch?iss=https://canary-issuer.example/fhir&launch=CANARY-LAUNCH")
    ask(port, "/launch/callback/ehr?code=CANARY-CODE&state=CANARY-STATE", {"Referer": "http://x/?code=CANARY-REFERER"})
    ask(port, "/nowhere?code=CANARY-CODE")
    raw(port, b"GET /bad?code=CANARY-CODE HTTP/9.9\r\nHost: x\r\n\r\n")
    raw(port, b"GET /bad?code=CANARY-CODE HTTP/1.1\r\nHost: x\r\nno colon CANARY-CODE\r\n\r\n")
    ask(port, "/the-very-last-one")
    lines_after(running.log, '"path": "/launch/callback/ehr"')  # written after its answer was sent
    text = "\n".join(lines_after(running.log, "/the-very-last-one"))
    assert "CANARY" not in text
    assert "canary-issuer" not in text
    assert '"path": "/launch/callback/ehr"' in text
