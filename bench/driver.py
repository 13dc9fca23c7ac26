"""A frugal browser for the measurements: follows a launch to its last page over kept-alive connections."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode, urljoin, urlsplit

import pycurl

INPUT = re.compile(rb'<input[^>]*\bname="([^"]+)"[^>]*\bvalue="([^"]*)"')
ACTION = re.compile(rb'<form[^>]*\baction="([^"]*)"')


@dataclass(frozen=True, kw_only=True)
class Page:
    """An answer."""

    url: str
    status: int
    location: str | None
    body: bytes


@dataclass(kw_only=True)
class Window:
    """One browser window: its connections and, for one launch, its cookies.

    libcurl sends and receives, so that the browser's own work is a small part of what is measured.
    """

    curl: pycurl.Curl = field(default_factory=pycurl.Curl)
    cookies: dict[str, str] = field(default_factory=dict)
    head: list[bytes] = field(default_factory=list)
    body: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        """What is the same for every request is said once."""
        for option, value in (
            (pycurl.PROXY, ""),
            (pycurl.TIMEOUT, 30),
            (pycurl.HEADERFUNCTION, self.head.append),
            (pycurl.WRITEFUNCTION, self.body.append),
        ):
            self.curl.setopt(option, value)

    def ask(self, url: str, *, form: dict[str, str] | None = None) -> Page:
        """One request; cookies go to the app alone (it is the only one that sets any)."""
        headers = ["Accept: text/html"]
        self.head.clear()
        self.body.clear()
        if self.cookies:
            headers.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if form is None:
            self.curl.setopt(pycurl.HTTPGET, 1)
        else:
            parts = urlsplit(url)
            headers += ["Sec-Fetch-Site: same-origin", f"Origin: {parts.scheme}://{parts.netloc}"]
            self.curl.setopt(pycurl.POSTFIELDS, urlencode(form))
        self.curl.setopt(pycurl.URL, url.partition("#")[0])
        self.curl.setopt(pycurl.HTTPHEADER, headers)
        self.curl.perform()
        location = None
        for line in self.head:
            name, _, value = line.decode("latin-1").partition(":")
            if name.lower() == "location":
                location = value.strip()
            elif name.lower() == "set-cookie":
                cookie, _, held = value.strip().partition("=")
                self.cookies[cookie] = held.partition(";")[0]
        status = self.curl.getinfo(pycurl.RESPONSE_CODE)
        return Page(url=url, status=status, location=location, body=b"".join(self.body))

    def follow(self, page: Page) -> Page:
        """Redirects, to their end."""
        while page.location:
            page = self.ask(urljoin(page.url, page.location))
        return page

    def close(self) -> None:
        """Close the connections."""
        self.curl.close()


def send_form(window: Window, page: Page) -> Page:
    """Press the page's button, as the callback page's script does."""
    action = ACTION.search(page.body)
    form = {unescape(name.decode()): unescape(value.decode()) for name, value in INPUT.findall(page.body)}
    form |= {"script": "1"} if b"callback.js" in page.body else {}
    target = urljoin(page.url, unescape(action[1].decode()) if action and action[1] else urlsplit(page.url).path)
    return window.ask(target, form=form)


def launch_ours(window: Window, base: str, iss: str) -> Page:
    """GET /launch -> EHR -> callback page -> its POST, which the visit's page answers."""
    window.cookies.clear()
    page = window.follow(window.ask(f"{base}/launch?{urlencode({'iss': iss, 'launch': 'bench'})}"))
    return window.follow(send_form(window, page))


def launch_peer(window: Window, base: str, iss: str) -> Page:
    """GET /launch -> EHR -> the callback's page."""
    window.cookies.clear()
    return window.follow(window.ask(f"{base}/launch?{urlencode({'iss': iss, 'launch': 'bench'})}"))


Launch = Callable[[Window, str, str], Page]


def run_launches(launch: Launch, base: str, iss: str, *, count: int, windows: int, expect: bytes) -> list[float]:
    """Do `count` launches from `windows` windows at once; seconds of each. RuntimeError where one goes wrong."""
    took: list[float] = []
    wrong: list[str] = []
    left = iter(range(count))
    lock = threading.Lock()

    def work() -> None:
        window = Window()
        while not wrong:
            with lock:
                if next(left, None) is None:
                    break
            started = time.perf_counter()
            page = launch(window, base, iss)
            took.append(time.perf_counter() - started)
            if page.status != 200 or expect not in page.body:
                wrong.append(f"{page.url}: {page.status} {page.body[:1500].decode(errors='replace')}")
        window.close()

    threads = [threading.Thread(target=work) for _ in range(windows)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong or len(took) < count:
        raise RuntimeError(f"a launch went wrong: {wrong[:1]}")
    return took
