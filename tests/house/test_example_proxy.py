"""The nginx block of docs/operating.md logs no launch, and lets through what the app takes."""

import re
from pathlib import Path

from flask import Flask

from tests.plugins.app import RealApp

ROOT = Path(__file__).resolve().parents[2]
UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
TELLS_THE_QUERY = {"request", "request_uri", "args", "query_string", "is_args", "http_referer", "request_body"}
"""nginx's variables that hold a query, a body or the address of the page before; $arg_... and $cookie_... too."""


def example() -> str:
    """The block, without its comments."""
    (found,) = re.findall(r"```nginx\n(.*?)```", (ROOT / "docs/operating.md").read_text(), re.S)
    return re.sub(r"#.*", "", str(found))


def most_bytes(app: Flask) -> int:
    """What the view with the largest limit of its own takes."""
    return max(getattr(view, "most_bytes", 0) for view in app.view_functions.values())


def test_its_log_holds_no_query_and_no_referer() -> None:
    (logged,) = re.findall(r"log_format\s+preceptor\s+([^;]+);", example())
    named = set(re.findall(r"\$(\w+)", logged))
    assert "uri" in named
    assert named & TELLS_THE_QUERY == set()
    assert [name for name in named if name.startswith(("arg_", "cookie_", "http_", "sent_http_"))] == []


def test_each_access_log_is_written_in_that_format() -> None:
    logs = re.findall(r"access_log\s+([^;]+);", example())
    assert logs
    assert all(log.split()[1:] == ["preceptor"] for log in logs)


def test_its_error_log_does_not_write_request_lines() -> None:
    (log,) = re.findall(r"error_log\s+([^;]+);", example())
    assert log.split()[1:] == ["crit"]


def test_it_lets_through_the_largest_file_that_a_page_takes(app: RealApp) -> None:
    (number, unit) = re.findall(r"client_max_body_size\s+(\d+)([kmg]?);", example())[0]
    assert most_bytes(app.app) > 1024**2
    assert int(number) * UNITS[unit] >= most_bytes(app.app)
