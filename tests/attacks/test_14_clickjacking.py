"""Attack 14: a page that is not a registered EHR frames ours, error pages included. In a real browser."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Frame, expect

from tests.plugins.browser import Browser, OpenBrowser
from tests.plugins.servers import PutUp, Site
from tests.serving import TestServer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(stand: PutUp) -> Site:
    return stand()


@pytest.fixture
def stranger() -> Iterator[str]:
    """Origin of a page that frames whatever `?frame=` says."""

    class Framing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = parse_qs(urlsplit(self.path).query).get("frame", ["about:blank"])[0]
            body = f'<iframe name="prey" src="{address.replace("&", "&amp;")}"></iframe>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = TestServer(("127.0.0.1", 0), Framing)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def framed(browser: Browser, parent: str, address: str) -> Frame:
    """The frame of a page of `parent` that frames `address`."""
    page = browser.context.new_page()
    page.goto(f"{parent}/?frame={quote(address, safe='')}")
    page.wait_for_load_state("networkidle")
    frame = page.frame(name="prey")
    assert frame is not None
    return frame


def launch_address(site: Site) -> str:
    launch = site.ehr.control("launches", {"person": "prac-okafor-physician", "task": "task-okafor-reply"})
    return str(launch["launch_url"])


def shows_nothing_of_ours(frame: Frame) -> bool:
    """Chromium puts its own error page in the place of a page that refuses its parent."""
    return frame.url.startswith("chrome-error:") or frame.locator("main, form").count() == 0


def test_a_stranger_cannot_frame_a_launch(site: Site, open_browser: OpenBrowser, stranger: str) -> None:
    assert shows_nothing_of_ours(framed(open_browser(), stranger, launch_address(site)))


@pytest.mark.parametrize(
    "path",
    [
        "/launch?iss=https%3A%2F%2Fnobody.example%2Ffhir&launch=x",
        "/launch",
        "/launch/callback/lakeside?error=access_denied&state=x",
        "/launch/callback/lakeside?code=x&state=x",
        "/v/00000000-0000-0000-0000-000000000000/",
        "/no-such-page",
    ],
)
def test_a_stranger_cannot_frame_an_error_page(site: Site, open_browser: OpenBrowser, stranger: str, path: str) -> None:
    assert shows_nothing_of_ours(framed(open_browser(), stranger, f"{site.app.base_url}{path}"))


def test_a_stranger_cannot_frame_a_visit_that_is_open(site: Site, open_browser: OpenBrowser, stranger: str) -> None:
    browser = open_browser(cookies="allowed")
    page = browser.context.new_page()
    page.goto(launch_address(site))
    expect(page.get_by_role("heading", level=1)).to_have_text("What Preceptor is")
    assert shows_nothing_of_ours(framed(browser, stranger, page.url))


def test_the_registered_ehr_may_frame_it(site: Site, open_browser: OpenBrowser) -> None:
    page = open_browser().context.new_page()
    page.goto(f"{site.ehr.url}?person=Practitioner/prac-okafor-physician&open=Task/task-okafor-reply")
    expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_have_text("What Preceptor is")
