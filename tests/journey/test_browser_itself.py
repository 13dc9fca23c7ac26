"""The browser under the journeys does what its name says; else the journeys would show nothing."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from tests.plugins.browser import Cookies, OpenBrowser
from tests.serving import TestServer

pytestmark = pytest.mark.browser
PARTITIONED = "__Host-a=1; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
PLAIN = "__Host-b=1; Path=/; Secure; HttpOnly; SameSite=None"


class Pages(BaseHTTPRequestHandler):
    """/ frames localhost's /set, which sets two cookies and goes to /seen."""

    def do_GET(self) -> None:
        assert isinstance(self.server, TestServer)
        port = self.server.server_port
        self.send_response(302 if self.path == "/set" else 200)
        if self.path == "/set":
            self.send_header("Set-Cookie", PARTITIONED)
            self.send_header("Set-Cookie", PLAIN)
            self.send_header("Location", "/seen")
        body = {
            "/": f'<iframe src="http://localhost:{port}/set"></iframe>',
            "/seen": f"<p>cookies:{self.headers.get('Cookie', '')}</p><b></b>"
            "<script>document.querySelector('b').textContent='script'</script>",
        }.get(self.path, "")
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def port() -> Iterator[int]:
    server = TestServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("cookies", "knows_partitioned", "expected"),
    [
        ("allowed", True, {"__Host-a=1", "__Host-b=1"}),
        ("third-party blocked", True, {"__Host-a=1"}),
        ("third-party blocked", False, {""}),
        ("all blocked", True, {""}),
    ],
)
def test_a_cross_site_frame_keeps_only_the_cookies_that_the_profile_allows(
    open_browser: OpenBrowser, port: int, cookies: Cookies, knows_partitioned: bool, expected: set[str]
) -> None:
    browser = open_browser(cookies=cookies, knows_partitioned=knows_partitioned)
    page = browser.context.new_page()
    page.goto(f"http://127.0.0.1:{port}/")
    seen = page.frame_locator("iframe").locator("p").inner_text()
    assert set(seen.removeprefix("cookies:").split("; ")) == expected


def test_scripts_can_be_switched_off(open_browser: OpenBrowser, port: int) -> None:
    browser = open_browser(scripts=False)
    page = browser.context.new_page()
    page.goto(f"http://127.0.0.1:{port}/")
    frame = page.frame_locator("iframe")
    frame.locator("p").wait_for()
    assert frame.locator("b").inner_text() == ""


def test_the_proxy_lists_every_address(open_browser: OpenBrowser, port: int) -> None:
    browser = open_browser()
    page = browser.context.new_page()
    page.goto(f"http://127.0.0.1:{port}/")
    page.frame_locator("iframe").locator("p").wait_for()
    assert f"http://localhost:{port}/seen" in [passed.url for passed in browser.proxy.passed]
