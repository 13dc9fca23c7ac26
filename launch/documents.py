"""JSON documents of an EHR (discovery, key sets): fetched seldom, shared by the workers.

Three layers: this process for a minute, the store that all workers share, the EHR.
One thread of a process fetches, the others wait for it. Where the EHR does not
answer, a copy of at most a day serves on.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from launch.outbound import DOCUMENT_BYTES, BadStatus, Door, OutboundError, json_object, prepared
from launch.stores import CachedDocument, MetadataCache, Registration

FRESH_FOR = timedelta(hours=1)
STALE_FOR = timedelta(days=1)
REFETCH_AFTER = timedelta(minutes=1)
_IN_PROCESS = timedelta(minutes=1)

Read = TypeVar("Read")
Fetch = Callable[[Door, str], dict[str, Any]]
"""How the document of a URL is got. Raises :class:`launch.outbound.OutboundError`."""


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


def fetch_json(door: Door, url: str, *, accept: str = "application/json", cap: int = DOCUMENT_BYTES) -> dict[str, Any]:
    """The JSON object at `url`. Raises :class:`launch.outbound.OutboundError`."""
    response = door.send(prepared("GET", url, {"Accept": accept}), cap=cap)
    if response.status_code != 200:
        raise BadStatus(response.status_code)
    return json_object(response.content)


class Documents:
    """Cached fetching; safe to use from several threads."""

    def __init__(self, *, door: Door, cache: MetadataCache, clock: Callable[[], datetime] = now) -> None:
        self._door = door
        self._cache = cache
        self._clock = clock
        self._held: dict[tuple[str, str], tuple[datetime, CachedDocument]] = {}
        self._understood: dict[str, tuple[Registration, CachedDocument, Any]] = {}
        self._tried: dict[tuple[str, str], datetime] = {}
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, registration_id: str, url: str, fetch: Fetch = fetch_json) -> CachedDocument:
        """The document at `url`, at most an hour old, or a day where the EHR does not answer.

        Raises :class:`launch.outbound.OutboundError`.
        """
        key = (registration_id, url)
        held = self._held.get(key)
        if held and self._clock() - held[0] < _IN_PROCESS:
            return held[1]
        with self._lock(key):
            held = self._held.get(key)
            if held and self._clock() - held[0] < _IN_PROCESS:
                return held[1]
            return self._hold(key, self._shared_or_fetched(key, fetch))

    def refetch(self, registration_id: str, url: str) -> CachedDocument:
        """A newer copy than the one held, asked for at most once a minute; else the one held."""
        key = (registration_id, url)
        with self._lock(key):
            held = self._cache.get(*key)
            if held and self._clock() - held.fetched_at < REFETCH_AFTER:
                return self._hold(key, held)
            tried = self._tried.get(key)
            if held and tried and self._clock() - tried < REFETCH_AFTER:
                return held
            return self._hold(key, self._fetch(key, fetch_json))

    def understood(self, registration: Registration, document: CachedDocument, read: Callable[[], Read]) -> Read:
        """What `read` makes of this document for this registration: worked out once while both stay as they are."""
        known = self._understood.get(registration.id)
        if known is None or known[0] != registration or known[1] is not document:
            known = self._understood[registration.id] = (registration, document, read())
        result: Read = known[2]
        return result

    def _shared_or_fetched(self, key: tuple[str, str], fetch: Fetch) -> CachedDocument:
        shared = self._cache.get(*key)
        age = self._clock() - shared.fetched_at if shared else None
        if shared and age is not None and age < FRESH_FOR:
            return shared
        try:
            return self._fetch(key, fetch)
        except OutboundError:
            if shared and age is not None and age < STALE_FOR:
                return shared
            raise

    def _fetch(self, key: tuple[str, str], fetch: Fetch) -> CachedDocument:
        self._tried[key] = self._clock()
        document = CachedDocument(body=fetch(self._door, key[1]), fetched_at=self._clock())
        self._cache.put(*key, document)
        return document

    def _hold(self, key: tuple[str, str], document: CachedDocument) -> CachedDocument:
        self._held[key] = (self._clock(), document)
        return document

    def _lock(self, key: tuple[str, str]) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(key, threading.Lock())
