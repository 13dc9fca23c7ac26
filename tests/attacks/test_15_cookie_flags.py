"""Attack 15: a cookie that scripts, other hosts, plain HTTP or other partitions can read."""

from datetime import timedelta

import pytest
import time_machine
from werkzeug.test import TestResponse

from tests.plugins.app import RealApp

FLAGS = ("Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned")


def every_cookie_of(answer: TestResponse) -> list[str]:
    return answer.headers.getlist("Set-Cookie")


def check(cookies: list[str]) -> None:
    assert cookies
    for cookie in cookies:
        parts = cookie.split("; ")
        assert parts[0].startswith("__Host-")
        assert not any(part.startswith("Domain") for part in parts)
        assert [flag for flag in FLAGS if flag not in parts] == []


def test_the_launch_cookie_has_every_flag(app: RealApp) -> None:
    check(every_cookie_of(app.begin(app.browser())))


def test_the_visit_cookie_has_every_flag_and_the_launch_cookie_goes_with_them(app: RealApp) -> None:
    visitor = app.browser()
    answer = app.finish(visitor, app.begin(visitor))
    check(every_cookie_of(answer))
    assert {cookie[:13] for cookie in every_cookie_of(answer)} == {"__Host-visit-", "__Host-launch"}


def test_the_renewed_cookie_has_every_flag(app: RealApp) -> None:
    with time_machine.travel("2026-11-23T08:00:00+00:00", tick=True) as clock:
        visitor = app.launch()
        clock.shift(timedelta(minutes=5))
        check(every_cookie_of(visitor.get()))


def test_signing_out_takes_the_cookie_away_with_every_flag(app: RealApp) -> None:
    answer = app.launch().post("leave")
    check(every_cookie_of(answer))
    assert all("Max-Age=0" in cookie for cookie in every_cookie_of(answer))


@pytest.mark.parametrize("path", ["/healthz", "/launch", "/nothing-here", "/.well-known/jwks.json"])
def test_no_other_page_sets_a_cookie(app: RealApp, path: str) -> None:
    assert every_cookie_of(app.browser().get(path)) == []
