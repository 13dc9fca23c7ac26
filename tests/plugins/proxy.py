"""A forward proxy between the browser and everything: it logs, and can take `Partitioned` out of cookies.

With `Partitioned` stripped the browser behaves like one that does not know the
attribute. Hosts and ports stay as they are, so origins and sites do too.
"""

import http.client
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from tests.serving import TestServer

HOP_BY_HOP = {"connection", "proxy-connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
PARTITIONED = re.compile(r";\s*Partitioned\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A request that went through the proxy."""

    method: str
    url: str
    referer: str
    status: int
    answer: dict[str, str]
    """Headers of the answer, lower case; of repeated ones the last."""
    size: int
    """Bytes of the answer's body as sent (compressed where it was)."""


@dataclass(kw_only=True)
class ForwardProxy:
    """Speaks plain HTTP only; closes each connection after its answer."""

    strip_partitioned: bool = False
    passed: list[Passed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = TestServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        """HOST:PORT, as `--proxy-server` takes it."""
        return f"127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        """Close it."""
        self.server.shutdown()
        self.server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                proxy.forward(self)

            do_GET = do_POST = do_HEAD = do_OPTIONS = do_PUT = do_DELETE = forward

            def do_CONNECT(self) -> None:
                self.send_error(403)  # nothing here speaks TLS, and nothing leaves this machine

            def log_message(self, format: str, *args: object) -> None:
                """Silent: `passed` is the log."""

        return Handler

    def forward(self, browser: BaseHTTPRequestHandler) -> None:
        """Pass one request on and its answer back."""
        target = urlsplit(browser.path)
        if target.hostname not in ("127.0.0.1", "127.0.0.2", "localhost"):
            browser.send_error(403)
            return
        body = browser.rfile.read(int(browser.headers.get("Content-Length") or 0))
        connection = http.client.HTTPConnection(target.hostname, target.port or 80, timeout=60)
        try:
            connection.putrequest(
                browser.command,
                target._replace(scheme="", netloc="").geturl() or "/",
                skip_host=True,
                skip_accept_encoding=True,
            )
            for name, value in browser.headers.items():
                if name.lower() not in HOP_BY_HOP:
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            browser.send_error(502)
            return
        finally:
            connection.close()
        self.passed.append(
            Passed(
                method=browser.command,
                url=browser.path,
                referer=browser.headers.get("Referer", ""),
                status=answer.status,
                answer={name.lower(): value for name, value in answer.getheaders()},
                size=len(content),
            )
        )
        self._answer(browser, answer, content)

    def _answer(self, browser: BaseHTTPRequestHandler, answer: http.client.HTTPResponse, content: bytes) -> None:
        browser.close_connection = True
        browser.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie" and self.strip_partitioned:
                value = PARTITIONED.sub("", value)
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                browser.send_header(name, value)
        if answer.status not in (204, 304):
            browser.send_header("Content-Length", str(len(content)))
        browser.send_header("Connection", "close")
        try:
            browser.end_headers()
            if browser.command != "HEAD":
                browser.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the browser went on to another page
