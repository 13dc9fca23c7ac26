"""Attack 25: bodies that are too large, too deep, not a number, or say a key twice, to every route that takes one.

Each is answered with 413 or 400 (or, where the route reads no body, with what it always answers), never with 500,
and never slowly.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from smart_app.organizations.permissions import Permission
from smart_app.security import MAX_BODY
from tests.launch.canned_ehr import CannedEhr
from tests.plugins.app import BASE_URL, OUR_PAGE, RealApp, Visitor, real_app
from tests.plugins.studio import give

TWENTY_MEGABYTES = 20 * 1024 * 1024
FORM, JSON, FILES = "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=b"
ANSWERS = frozenset({200, 204, 303, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422})
"""A page, back to the page, or words of ours."""
DEEP = b"[" * 100_000
"""A parser that recurses falls over."""
BODIES = {
    "deep JSON": (DEEP, JSON),
    "deep, as a form": (b"x=" + DEEP, FORM),
    "deep, as a form's names": (b"a" + b"[a]" * 20_000 + b"=1", FORM),
    "NaN": (b'{"about": NaN, "seconds": Infinity, "page": -Infinity}', JSON),
    "NaN in a form": (b"about=NaN&seconds=Infinity&due=NaN&version=1e999&target=-0&page=NaN", FORM),
    "a key twice": (b'{"key": "a", "key": "b"}', JSON),
    "a key twice in a form": (b"key=a&key=b&role=nurse&role=x&form_token=a&form_token=b&name=a&name=b", FORM),
    "no UTF-8": (b"name=%ff%fe&title=\xff\xfe&reason=%ed%a0%80&words=%00", FORM),
    "a NUL in every field": (b"name=%00&title=%00&host=%00&system=%00&code=%00&id=%00&job_role=%00", FORM),
    "thousands of fields": (b"&".join(b"f%d=1" % n for n in range(9_000)), FORM),
    "a form that ends in the middle": (b'--b\r\nContent-Disposition: form-data; name="x', FILES),
    "parts without end": (b"--b\r\n" * 10_000, FILES),
    "a file without a name": (b'--b\r\nContent-Disposition: form-data; filename="x"\r\n\r\nx\r\n--b--\r\n', FILES),
    "a file that is none": (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.zip"\r\n\r\nnot a zip\r\n--b--\r\n',
        FILES,
    ),
    "an unknown charset": (b"name=x", FORM + "; charset=utf-7"),
    "a type of nonsense": (b"x" * 100, "nonsense"),
}
"""Name -> (body, content type)."""


def paths(app: RealApp, visitor: Visitor) -> list[str]:
    """Every route that takes a POST, with made-up parts where the route has variables."""
    found = []
    for rule in app.app.url_map.iter_rules():
        if "POST" in (rule.methods or ()):
            path = rule.rule.replace("<uuid:visit>", str(visitor.visit))
            path = re.sub(r"<uuid:[^>]+>", str(uuid4()), path)
            path = re.sub(r"<int:[^>]+>", "1", path)
            found.append(re.sub(r"<[^>]+>", "inbox-draft-reply", path))
    # Signing out comes last: it ends the visit that the others need.
    return sorted(found, key=lambda path: (path.endswith("/leave"), path))


@pytest.fixture
def app(database_url: str, tmp_path: Path, key_path: Path, ehr: CannedEhr) -> Iterator[RealApp]:
    """As ever, without the limit of writes a minute; a fault of ours is answered as in production."""
    for made in real_app(
        database_url, tmp_path, key_path, ehr, writes_per_minute=1_000_000, launches_per_minute=1_000_000
    ):
        made.app.config["PROPAGATE_EXCEPTIONS"] = False
        yield made


@pytest.fixture
def everyone(app: RealApp) -> Visitor:
    """A visit with every permission, so that each route reads what is sent."""
    return launched(app)


def launched(app: RealApp) -> Visitor:
    visitor = app.launch()
    give(app, visitor, *Permission)
    return visitor


def post(visitor: Visitor, path: str, body: bytes, content_type: str, **more: object) -> TestResponse:
    return visitor.client.post(
        path, data=body, headers={**OUR_PAGE, "Content-Type": content_type}, base_url=BASE_URL, **more
    )


def test_there_are_routes_of_the_player_the_launch_and_the_studio(app: RealApp, everyone: Visitor) -> None:
    starts = {path.split("/")[1] for path in paths(app, everyone)}
    assert {"v", "launch", "studio"} <= starts
    assert len(paths(app, everyone)) > 40


@pytest.mark.parametrize("content_type", [FORM, JSON, FILES])
def test_twenty_megabytes_are_refused_unread(app: RealApp, everyone: Visitor, content_type: str) -> None:
    body = b"x" * TWENTY_MEGABYTES
    answers = {path: post(everyone, path, body, content_type).status_code for path in paths(app, everyone)}
    assert {path: status for path, status in answers.items() if status != 413} == {}


def test_a_length_that_is_not_told_is_no_way_around_it(app: RealApp, everyone: Visitor) -> None:
    """Chunked: no Content-Length to look at."""
    chunks = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    body = b"name=" + b"x" * TWENTY_MEGABYTES
    answers = {
        path: post(everyone, path, body, FORM, environ_overrides=chunks).status_code for path in paths(app, everyone)
    }
    assert {path: status for path, status in answers.items() if status != 411} == {}


def test_only_routes_that_take_files_take_more_than_the_small_limit(app: RealApp) -> None:
    large = {
        endpoint: view.most_bytes  # type: ignore[attr-defined]
        for endpoint, view in app.app.view_functions.items()
        if hasattr(view, "most_bytes")
    }
    assert max(large.values(), default=MAX_BODY) < TWENTY_MEGABYTES
    assert all(endpoint.startswith("studio.") for endpoint in large)


def test_no_body_makes_an_error_of_ours_or_takes_long(app: RealApp, everyone: Visitor) -> None:
    odd, slow = [], []
    for name, (body, content_type) in BODIES.items():
        visitor = launched(app)
        for path in paths(app, visitor):
            status, seconds = post_timed(visitor, path, body, content_type)
            # Threads of the test's own and the collector of garbage may fall into one try, not into three.
            again = (post_timed(visitor, path, body, content_type)[1] for _ in range(2))
            slow += [(name, path)] if seconds > 2 and min(again) > 2 else []
            odd += [(name, path, status)] if status not in ANSWERS and not asks_the_ehr(path, status) else []
    assert odd == []
    assert slow == []


def post_timed(visitor: Visitor, path: str, body: bytes, content_type: str) -> tuple[int, float]:
    """Status, and seconds of this process's own work, whatever else the machine does."""
    began = time.process_time()
    status = post(visitor, path, body, content_type).status_code
    return status, time.process_time() - began


def asks_the_ehr(path: str, status: int) -> bool:
    """The one route that asks the EHR, which is not there: it says so with 502, in words."""
    return path.endswith("/roster/ehr") and status == 502
