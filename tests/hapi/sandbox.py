"""Whole launches through the sandbox EHR with HAPI behind it: our client, a strict EHR, a real FHIR server."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import requests

from launch import LaunchContext
from launch.stores import Registration
from tests.launch.launching import BASE_URL, make_app, query_of

CLIENT_ID = "preceptor"
CLIENT = {
    "client_id": CLIENT_ID,
    "name": "Preceptor",
    "auth": "public",
    "redirect_uris": [f"{BASE_URL}/launch/callback/ehr"],
    "launch_url": f"{BASE_URL}/launch",
}
SECONDS = 30
T = TypeVar("T")


@contextmanager
def sandbox_before(fhir: str, folder: Path) -> Iterator[str]:
    """Base URL of a sandbox EHR that serves what the FHIR server at `fhir` holds."""
    clients = folder / "clients.json"
    clients.write_text(json.dumps([CLIENT]), encoding="utf-8")
    command = [sys.executable, "-m", "launch.sandbox", "--port", "0", "--fhir", fhir, "--clients", str(clients)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready, _, url = process.stdout.readline().partition(" ")
            assert ready == "ready"
            yield url.strip().rstrip("/")
        finally:
            process.terminate()


def launch(sandbox: str, reading: Callable[[LaunchContext], T], **wanted: Any) -> T:
    """What `reading` gives inside one launch; `wanted`: person, encounter, task, intent ... as the chart has them."""
    read: list[T] = []
    launched = make_app()

    def on_launch(context: LaunchContext) -> str:
        read.append(reading(context))
        return "welcome"

    launched.settings["on_launch"] = on_launch
    iss = f"{sandbox}/fhir"
    launched.stores.registrations.add(
        Registration(id="sandbox", organization="lakeside", name="Sandbox", iss=iss, client_id=CLIENT_ID)
    )
    browser = launched.browser()
    begun = browser.client.get(chart_link(sandbox, wanted), base_url=BASE_URL)
    assert begun.status_code == 303, launched.errors
    came = browser.bring_back(query_of(authorize(begun.location)))
    assert came.status_code == 200, launched.errors
    return read[0]


def chart_link(sandbox: str, wanted: dict[str, Any]) -> str:
    """The address that the chart's sidebar would open."""
    made = post_json(f"{sandbox}/sandbox/launches", wanted)
    return str(made["launch_url"])


def authorize(url: str) -> str:
    """Where the EHR sends the browser back to."""
    with requests.Session() as http:
        http.trust_env = False
        return http.get(url, allow_redirects=False, timeout=SECONDS).headers["Location"]


def post_json(url: str, body: dict[str, Any]) -> dict[str, Any]:
    with requests.Session() as http:
        http.trust_env = False
        answer = http.post(url, json=body, timeout=SECONDS)
    answer.raise_for_status()
    said: dict[str, Any] = answer.json()
    return said
