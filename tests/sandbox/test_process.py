"""The sandbox as a process of its own: its command line, its independence of the client, a server behind it."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from flask import Flask, Response, request
from werkzeug.serving import make_server

from launch.sandbox.server import running_sandbox
from tests.sandbox.conftest import App, registered, resources

OWN = ("launch", "launch.sandbox")
FIXTURES = Path(__file__).parents[2] / "fixtures" / "fhir"


def test_with_the_sandbox_started_no_module_of_the_client_is_loaded() -> None:
    """Started, launched from, read from, and its chart shown: all of its own code has run."""
    program = """
import sys, json
from launch.sandbox.server import running_sandbox
import urllib.request
client = json.loads(sys.argv[1])
with running_sandbox(resources=json.loads(sys.argv[2]), clients=[client]) as ehr:
    for path in ("/", "/fhir/metadata", "/fhir/.well-known/smart-configuration", "/oauth/jwks"):
        urllib.request.urlopen(ehr.base_url + path, timeout=5).read()
print(json.dumps([name for name in sys.modules if name.split(".")[0] in ("launch", "smart_app", "sqlalchemy")]))
"""
    arguments = [json.dumps(registered("public", "public")), json.dumps(resources())]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout)
    assert "launch.sandbox.oauth" in loaded
    assert [name for name in loaded if name not in OWN and not name.startswith("launch.sandbox.")] == []


def test_the_command_says_when_it_is_ready_and_stops_when_told(tmp_path: Path) -> None:
    clients = tmp_path / "clients.json"
    clients.write_text(json.dumps([registered("public", "public")]))
    command = [
        sys.executable,
        "-m",
        "launch.sandbox",
        "--port",
        "0",
        "--fixtures",
        str(FIXTURES),
        "--clients",
        str(clients),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("ready http://127.0.0.1:")
        assert "Sandbox EHR" in requests.get(said.split()[1], timeout=5).text
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(5) == 0


@pytest.mark.parametrize(
    "arguments", [["--clients", "/nowhere.json"], ["--host", "203.0.113.7"], ["--fhir", "x", "--fixtures", "y"]]
)
def test_a_mistake_in_the_arguments_is_said_and_exits_with_2(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "launch.sandbox", "--port", "0", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert "sandbox" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def other_server() -> Iterator[str]:
    """An FHIR server without authorization that pages at its base, as HAPI does."""
    served = Flask("other")

    @served.get("/r4/<path:anything>")
    @served.get("/r4")
    def answer(anything: str = "") -> Response:
        base = request.host_url + "r4"
        if anything == "Task/gone":
            outcome = {"resourceType": "OperationOutcome", "issue": [{"code": "deleted", "diagnostics": "It is gone."}]}
            return Response(json.dumps(outcome), 410)
        kind, mark = ("Task", "first") if anything else ("Patient", "second")
        entries = [{"fullUrl": f"{base}/{kind}/{mark}", "resource": {"resourceType": kind, "id": mark}}]
        links = [{"relation": "next", "url": f"{base}?_getpages=abc"}] if anything else []
        return Response(json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries, "link": links}))

    server = make_server("127.0.0.1", 0, served, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.port}/r4"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_server_behind_the_sandbox_is_read_through_token_and_scope(other_server: str) -> None:
    with running_sandbox(fhir=other_server, clients=[registered("public", "public")]) as ehr:
        app = App(ehr)
        assert app.read("Task", "").status_code == 401
        token = app.tokens()["access_token"]
        assert app.read("Patient", token).status_code == 403
        body = app.read("Task", token).json()
        assert body["entry"][0]["fullUrl"] == f"{ehr.fhir_base}/Task/first"
        assert body["link"] == [{"relation": "next", "url": f"{ehr.fhir_base}?_getpages=abc"}]


def test_a_page_of_the_server_behind_holds_only_what_the_scopes_say(other_server: str) -> None:
    with running_sandbox(fhir=other_server, clients=[registered("public", "public")]) as ehr:
        app = App(ehr)
        assert requests.get(f"{ehr.fhir_base}?_getpages=abc", timeout=5).status_code == 401
        token = app.tokens()["access_token"]
        answer = requests.get(f"{ehr.fhir_base}?_getpages=abc", headers={"Authorization": f"Bearer {token}"}, timeout=5)
        assert answer.json()["entry"] == []


def test_the_outcome_of_the_server_behind_comes_through(other_server: str) -> None:
    with running_sandbox(fhir=other_server, clients=[registered("public", "public")]) as ehr:
        app = App(ehr)
        answer = app.read("Task/gone", app.tokens()["access_token"])
        assert answer.status_code == 410
        assert answer.json()["issue"][0]["diagnostics"] == "It is gone."


def test_a_server_behind_that_is_down_is_told_as_such() -> None:
    with running_sandbox(fhir="http://127.0.0.1:9/r4", clients=[registered("public", "public")]) as ehr:
        app = App(ehr)
        answer = app.read("Task", app.tokens()["access_token"])
        assert answer.status_code == 502
        assert answer.json()["issue"][0]["code"] == "transient"
