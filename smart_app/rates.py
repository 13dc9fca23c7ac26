"""How often: launches by registration and writes by visit are counted; 429 with Retry-After beyond.

Never by address: a hospital is one address. In memory each worker counts for itself; with
PRECEPTOR_REDIS_URL all workers count together, and where Redis is away each counts for itself again.
"""

import threading
import time
from collections.abc import Callable

from flask import Flask, abort, request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from smart_app.config import Settings
from smart_app.security import belongs_to_a_visit

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_REDIS_SECONDS = 0.25
_REDIS_REST_SECONDS = 10.0


def limit_rates(app: Flask, settings: Settings, registration_of: Callable[[str], str | None]) -> None:
    """Install it. `registration_of`: key of the registration with this issuer, or None."""
    launches = RateLimitItemPerMinute(settings.launches_per_minute)
    writes = RateLimitItemPerMinute(settings.writes_per_minute)
    counter = Counter(settings.redis_url)

    @app.before_request
    def count() -> None:
        if request.path.startswith("/launch"):
            callback = (request.view_args or {}).get("callback")
            issuer = None if callback else registration_of(request.values.get("iss", ""))
            allowed = counter.hit(launches, f"callback/{callback}" if callback else f"registration/{issuer}")
        elif belongs_to_a_visit() and request.method not in _SAFE_METHODS:
            allowed = counter.hit(writes, f"visit/{(request.view_args or {}).get('visit', 'none')}")
        else:
            return
        if not allowed:
            abort(429)


class Counter:
    """Hits in windows of a minute: shared where there is a Redis that answers, else of this process."""

    def __init__(self, redis_url: str = "") -> None:
        """`redis_url`: empty where each worker counts for itself."""
        self._here = FixedWindowRateLimiter(MinuteStorage())
        self._shared = FixedWindowRateLimiter(_redis(redis_url)) if redis_url else None
        self._rests_until = 0.0

    def hit(self, item: RateLimitItem, key: str) -> bool:
        """Count one; false where it was one too many."""
        if self._shared is not None and time.monotonic() >= self._rests_until:
            try:
                return self._shared.hit(item, key)
            except StorageError:
                # The app still opens, and does not wait for Redis at every request.
                self._rests_until = time.monotonic() + _REDIS_REST_SECONDS
        return self._here.hit(item, key)


class MinuteStorage(Storage):
    """Counts of this process, all forgotten with the window.

    The library's own MemoryStorage starts a thread at every hit to forget what has ended; under load
    that is a tenth of what a launch costs (docs/adr/0012).
    """

    STORAGE_SCHEME = ["preceptor-minute"]  # noqa: RUF012 - the library declares it so

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: str) -> None:
        """`uri`: of no use here."""
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._ends = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        """None are raised."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count `amount` more; gives the count in this window. `expiry`: seconds a window lasts."""
        with self._lock:
            self._forget(expiry)
            self._counts[key] = count = self._counts.get(key, 0) + amount
            return count

    def get(self, key: str) -> int:
        """The count in this window."""
        return self._counts.get(key, 0) if time.time() < self._ends else 0

    def get_expiry(self, key: str) -> float:
        """When this window ends, in seconds of time.time()."""
        return self._ends

    def check(self) -> bool:
        """Whether it can count: always."""
        return True

    def reset(self) -> int:
        """Forget all counts; gives how many there were."""
        with self._lock:
            forgotten, self._counts = len(self._counts), {}
        return forgotten

    def clear(self, key: str) -> None:
        """Forget one."""
        with self._lock:
            self._counts.pop(key, None)

    def _forget(self, expiry: float) -> None:
        now = time.time()
        if now >= self._ends:
            self._counts.clear()
            self._ends = now + expiry


def _redis(url: str) -> Storage:
    times = {"socket_connect_timeout": _REDIS_SECONDS, "socket_timeout": _REDIS_SECONDS}
    return storage_from_string(url, wrap_exceptions=True, **times)  # type: ignore[arg-type,return-value]
