"""Rate limits of several workers: counted together with Redis, apart without it, and open where Redis is away."""

import http.client
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from tests.plugins.redis_server import StartRedis
from tests.plugins.servers import App, PutUp, Site, free_port

LIMIT = 10
ONE = ("--workers", "1")


@pytest.fixture(scope="module")
def site(stand: PutUp) -> Site:
    return stand()


@contextmanager
def served(site: Site, *options: str, **settings: str) -> Iterator[App]:
    """A process of its own on the site's database, as on another machine."""
    said = {"PRECEPTOR_LAUNCHES_PER_MINUTE": str(LIMIT), **settings}
    app = replace(site.app, port=free_port(), running=None, settings=said)
    app.serve(*options)
    try:
        yield app
    finally:
        app.stop()


def launches(app: App, site: Site, number: int) -> Counter[int]:
    """What so many launches in a row are answered with."""
    query = urlencode({"iss": site.ehr.fhir_base, "launch": "launch-token"})
    statuses: Counter[int] = Counter()
    for _ in range(number):
        connection = http.client.HTTPConnection("localhost", app.port, timeout=30)
        connection.request("GET", f"/launch?{query}")
        answer = connection.getresponse()
        statuses[answer.status] += 1
        if answer.status == 429:
            assert int(answer.headers["Retry-After"]) > 0
        connection.close()
    return statuses


def test_with_redis_two_workers_share_one_limit(site: Site, start_redis: StartRedis) -> None:
    shared = {"PRECEPTOR_REDIS_URL": start_redis().url}
    with served(site, *ONE, **shared) as first, served(site, *ONE, **shared) as second:
        assert launches(first, site, LIMIT - 3) == {303: LIMIT - 3}
        assert launches(second, site, LIMIT - 3) == {303: 3, 429: LIMIT - 6}
        assert launches(first, site, 2) == {429: 2}


def test_without_redis_each_worker_counts_for_itself_and_serve_says_so(site: Site) -> None:
    with served(site, *ONE) as first, served(site) as two_workers:
        assert launches(first, site, LIMIT - 3) == {303: LIMIT - 3}
        assert launches(two_workers, site, LIMIT - 3) == {303: LIMIT - 3}
        assert "PRECEPTOR_REDIS_URL is not set" in two_workers.log.read_text()


def test_where_redis_is_away_the_app_still_opens_and_still_has_a_limit(site: Site, start_redis: StartRedis) -> None:
    redis = start_redis()
    with served(site, PRECEPTOR_REDIS_URL=redis.url) as app:
        assert launches(app, site, 1) == {303: 1}
        redis.stop()
        statuses = launches(app, site, 3 * LIMIT)
    assert set(statuses) == {303, 429}
    assert statuses[303] <= 2 * LIMIT, "two workers, each for itself"
