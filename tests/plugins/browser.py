"""The system's Chromium, full (not headless-shell), with a profile whose cookie rules are stated.

We start it ourselves and let Playwright connect: Playwright's own flags switch
off parts of what is to be tested (storage partitioning among them).
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import BrowserContext, Playwright, expect, sync_playwright

from tests.plugins.proxy import ForwardProxy

Cookies = Literal["allowed", "third-party blocked", "all blocked"]
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # tests run as root in containers; all pages are ours
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--remote-debugging-port=0",
    "--window-size=1280,900",
    "--lang=en-GB",
)
PATIENCE_MS = 30_000
"""Two cores carry browser, EHR, app and the other worker's tests; what must be quick is measured by itself."""
HOW_TO_GET_IT = "No Chromium found. On Debian or Ubuntu: sudo apt-get install chromium"


def find_chromium() -> str | None:
    """Path of a full Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def preferences(cookies: Cookies, *, scripts: bool) -> dict[str, Any]:
    """The profile's Preferences file; without `scripts` the browser runs none, on any page."""
    profile: dict[str, Any] = {"cookie_controls_mode": 0 if cookies == "allowed" else 1}
    if cookies == "all blocked":
        profile["default_content_setting_values"] = {"cookies": 2}
    if not scripts:
        profile.setdefault("default_content_setting_values", {})["javascript"] = 2
    return {"profile": profile, "browser": {"enable_spellchecking": False}}


@dataclass(frozen=True, kw_only=True)
class Browser:
    """A running Chromium with one window's worth of state."""

    context: BrowserContext
    proxy: ForwardProxy
    """Everything the browser asked for went through it."""
    process: subprocess.Popen[bytes]


OpenBrowser = Callable[..., Browser]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as driver:
        yield driver


@pytest.fixture
def open_browser(playwright: Playwright, tmp_path: Path) -> Iterator[OpenBrowser]:
    """Start a browser, with the arguments of :func:`running_browser`; all are stopped at the test's end."""
    if find_chromium() is None:
        pytest.skip(HOW_TO_GET_IT)
    with ExitStack() as stack:

        def start(**wanted: Any) -> Browser:
            return stack.enter_context(running_browser(playwright, tmp_path, **wanted))

        yield start


@contextmanager
def running_browser(
    driver: Playwright,
    folder: Path,
    *,
    cookies: Cookies = "third-party blocked",
    knows_partitioned: bool = True,
    scripts: bool = True,
    flags: tuple[str, ...] = (),
) -> Iterator[Browser]:
    """A Chromium with a fresh profile below `folder`."""
    chromium = find_chromium()
    if chromium is None:
        raise FileNotFoundError(HOW_TO_GET_IT)
    profile = Path(tempfile.mkdtemp(prefix="profile-", dir=folder))
    (profile / "Default").mkdir()
    (profile / "Default" / "Preferences").write_text(json.dumps(preferences(cookies, scripts=scripts)))
    with ExitStack() as stack:
        proxy = ForwardProxy(strip_partitioned=not knows_partitioned)
        stack.callback(proxy.stop)
        process = _start_chromium(chromium, profile, proxy, flags)
        stack.callback(_stop, process)
        remote = driver.chromium.connect_over_cdp(f"http://127.0.0.1:{_port(profile, process)}")
        stack.callback(remote.close)
        context = remote.contexts[0]
        context.set_default_timeout(PATIENCE_MS)
        yield Browser(context=context, proxy=proxy, process=process)


def _start_chromium(
    chromium: str, profile: Path, proxy: ForwardProxy, flags: tuple[str, ...]
) -> subprocess.Popen[bytes]:
    route = (f"--proxy-server=http://{proxy.address}", "--proxy-bypass-list=<-loopback>")
    with (profile / "chromium.log").open("wb") as log:
        return subprocess.Popen(
            [chromium, *FLAGS, *route, *flags, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    """The port that Chromium chose for its driver; RuntimeError where it does not come up in 30 s."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return int((profile / "DevToolsActivePort").read_text().split()[0])
        except (FileNotFoundError, IndexError):
            time.sleep(0.05)
    raise RuntimeError(f"Chromium did not start: {(profile / 'chromium.log').read_text()[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
