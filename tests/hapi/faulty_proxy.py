"""A proxy before a FHIR server that behaves as public sandboxes do on a bad day.

It throttles (seconds, a date, an absurd number), answers with HTML pages, cuts answers off, serves old search
results once, and mixes strangers' and broken entries into search results. Deterministic: by counting requests.
"""

import email.utils
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import requests

from tests.serving import TestServer

PAGE = b"<!doctype html><title>503</title><h1>The server is taking a rest</h1>"
STRANGER = {"resourceType": "Task", "id": "stranger", "status": "requested", "intent": "order", "meta": {"tag": []}}
BROKEN: list[Any] = [{"resource": None}, {"resource": {"resourceType": "Task", "id": [1]}}, "text"]


@dataclass
class FaultyProxy:
    """Stands before `target`."""

    target: str
    did: Counter[str] = field(default_factory=Counter)
    deleted: list[str] = field(default_factory=list)
    """Paths of all DELETE requests, as they came."""

    refuses: set[str] = field(default_factory=set)
    """Beginnings of requests, say "DELETE Task/1", that are answered with 503 each time."""

    def __post_init__(self) -> None:
        self._count, self._writes = 0, 0
        self._searches: dict[str, tuple[int, bytes]] = {}
        self._lock = threading.Lock()
        self._http = requests.Session()
        self._http.trust_env = False
        self.server = TestServer(("127.0.0.1", 0), self._handler())
        self.base = f"http://127.0.0.1:{self.server.server_port}/fhir"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self) -> None:
                proxy.serve(self)

            do_GET = do_PUT = do_POST = do_DELETE = serve

            def log_message(self, format: str, *args: object) -> None:
                """Silent."""

        return Handler

    def serve(self, asked: BaseHTTPRequestHandler) -> None:
        """One request: a fault, or the server's answer, spoiled or not."""
        body = asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        with self._lock:
            self._count += 1
            number = self._count
        if asked.command == "DELETE":
            self.deleted.append(asked.path.removeprefix("/fhir/"))
        if any(f"{asked.command} {asked.path.removeprefix('/fhir/')}".startswith(each) for each in self.refuses):
            return _answer(asked, 503, b"{}", {"Content-Type": "application/json"})
        if number % 5 == 0:
            return self._throttle(asked, number // 5)
        if number % 7 == 0:
            self.did["HTML"] += 1
            return _answer(asked, 503 if number % 2 else 200, PAGE, {"Content-Type": "text/html"})
        status, content = self._forward(asked, body)
        if number % 11 == 0:
            self.did["cut off"] += 1
            return _answer(asked, status, content, {}, promise=len(content) + 10)
        return _answer(asked, status, content, {"Content-Type": "application/fhir+json"})

    def _throttle(self, asked: BaseHTTPRequestHandler, number: int) -> None:
        self.did["429"] += 1
        date = email.utils.formatdate(time.time() + 1, usegmt=True)
        _answer(
            asked,
            429,
            b"{}",
            {"Retry-After": ("1", date, "1000000000")[number % 3], "Content-Type": "application/json"},
        )

    def _forward(self, asked: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes]:
        path = asked.path.removeprefix("/fhir")
        headers = {
            "Accept": "application/fhir+json",
            "Content-Type": "application/fhir+json",
            "Cache-Control": "no-cache",
        }
        answer = self._http.request(asked.command, self.target + path, data=body or None, headers=headers, timeout=60)
        content = answer.content.replace(self.target.encode(), self.base.encode())
        if asked.command != "GET":
            self._writes += 1
        elif "?" in path and answer.ok and "metadata" not in path:
            content = self._aged(path, self._dirtied(content))
        return answer.status_code, content

    def _aged(self, path: str, content: bytes) -> bytes:
        """The answer from before the last write, once for each search."""
        with self._lock:
            writes, before = self._searches.get(path, (self._writes, content))
            self._searches[path] = (self._writes, content)
        if writes == self._writes:
            return content
        self.did["stale"] += 1
        return before

    def _dirtied(self, content: bytes) -> bytes:
        bundle = json.loads(content)
        if bundle.get("resourceType") != "Bundle":
            return content
        self.did["dirty"] += 1
        bundle["entry"] = [*BROKEN, {"resource": STRANGER}, *(bundle.get("entry") or [])]
        return json.dumps(bundle).encode()


@contextmanager
def faulty_proxy(target: str) -> Iterator[FaultyProxy]:
    """Running for as long as the block lasts."""
    proxy = FaultyProxy(target)
    thread = threading.Thread(target=proxy.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.server.shutdown()
        proxy.server.server_close()
        thread.join(timeout=5)


def _answer(
    asked: BaseHTTPRequestHandler, status: int, content: bytes, headers: dict[str, str], *, promise: int | None = None
) -> None:
    asked.send_response(status)
    for name, value in headers.items():
        asked.send_header(name, value)
    asked.send_header("Content-Length", str(promise or len(content)))
    if promise:
        asked.close_connection = True
        asked.send_header("Connection", "close")
    asked.end_headers()
    asked.wfile.write(content)
