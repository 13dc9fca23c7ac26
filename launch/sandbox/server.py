"""Serving the sandbox EHR: in the background of a test, or for a whole process."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from launch.sandbox.app import create_sandbox_app
from launch.sandbox.clients import client_from_json
from launch.sandbox.ehr import SandboxEhr
from launch.sandbox.fhir_source import FhirSource, RemoteServer, StoredResources
from launch.sandbox.identity import SigningKeys
from launch.sandbox.styles import STYLES


class _Quiet(WSGIRequestHandler):
    """No access log: its lines would carry launch tokens and codes."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return


def make_source(*, fixtures: Path | None, fhir: str | None) -> FhirSource:
    """Resources of a folder of bundles, or of an R4 server; an empty store where neither is said."""
    if fhir:
        return RemoteServer(fhir)
    return StoredResources.from_folder(fixtures) if fixtures else StoredResources([])


def bind(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    source: FhirSource,
    clients: list[Mapping[str, Any]],
    keys: SigningKeys | None = None,
    style: str = "plain",
) -> tuple[SandboxEhr, BaseWSGIServer]:
    """An EHR and its listening, threaded server (port 0: a free one).

    ValueError: a client is badly registered. KeyError: there is no such style.
    """
    registered = [client_from_json(entry) for entry in clients]
    listener = socket.create_server((host, port), backlog=128)
    actual = listener.getsockname()[1]
    ehr = SandboxEhr(
        base_url=f"http://{host}:{actual}",
        source=source,
        keys=keys or SigningKeys(),
        clients={client.client_id: client for client in registered},
    )
    STYLES[style].apply(ehr)
    app = create_sandbox_app(ehr)
    server = make_server(host, actual, app, threaded=True, request_handler=_Quiet, fd=listener.detach())
    return ehr, server


@contextmanager
def running_sandbox(
    *, host: str = "127.0.0.1", port: int = 0, fixtures: Path | None = None, fhir: str | None = None,
    resources: list[Mapping[str, Any]] | None = None, clients: list[Mapping[str, Any]] | None = None,
    keys: SigningKeys | None = None, style: str = "plain",
) -> Iterator[SandboxEhr]:  # fmt: skip
    """A sandbox EHR on a thread of this process for as long as the block lasts."""
    source = StoredResources(resources) if resources is not None else make_source(fixtures=fixtures, fhir=fhir)
    ehr, server = bind(host=host, port=port, source=source, clients=clients or [], keys=keys, style=style)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="sandbox-ehr", daemon=True)
    thread.start()
    try:
        yield ehr
    finally:
        ehr.faults.clear()
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
