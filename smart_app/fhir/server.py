"""One read by fhirclient, through the pinned session of the launch.

fhirclient sends a bearer token to any absolute URL that it is given, follows redirects and knows no
deadline. So it never holds the token: its session is replaced by one that hands the URL to
:class:`launch.fhir_session.FhirSession`, which reaches nothing but the registered base.
fhirclient is not thread-safe: each read makes a server object of its own.
"""

import time
from collections.abc import Iterator, Mapping
from copy import copy
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from fhirclient.server import FHIRServer

from launch.fhir_session import FhirReadError, FhirSession, FhirTimeout

MOST_ENTRIES = 500
"""Entries looked at of one search; an EHR may answer with twenty thousand."""


class FhirWrongResource(FhirReadError):
    """JSON, but not the resource that was asked for."""


def path_of(resource_type: str, logical_id: str) -> str:
    """Of one resource, relative to the base."""
    return f"{resource_type}/{logical_id}"


def search_path(resource_type: str, **parameters: str) -> str:
    """Of a search, relative to the base."""
    return f"{resource_type}?{urlencode(parameters)}"


class FhirReader:
    """Reads that all end at the same moment."""

    def __init__(self, fhir: FhirSession, *, until: float) -> None:
        """`until`: of time.monotonic()."""
        self._fhir = fhir
        self._until = until
        self.left_out: str | None = None
        """Where a search ended before all was read: why, in words."""

    @property
    def base(self) -> str:
        """The FHIR base, without a trailing slash."""
        return self._fhir.base

    def read(self, path: str) -> dict[str, Any]:
        """The resource at a path of :func:`path_of`; raises :class:`launch.fhir_session.FhirReadError`."""
        return _of_type(self._request(path), path.partition("/")[0])

    def search(self, path: str) -> Iterator[Mapping[str, Any]]:
        """Resources that the search of :func:`search_path` gives, page after page, until the reads end.

        Raises :class:`launch.fhir_session.FhirReadError` where the first page cannot be had; a later one
        that cannot be had ends the search with what came before.
        """
        resource_type = path.partition("?")[0]
        page = _of_type(self._request(path), "Bundle")
        for number, entry in enumerate(islice(self._entries(page), MOST_ENTRIES + 1)):
            if number == MOST_ENTRIES:
                self.left_out = f"only the first {MOST_ENTRIES} entries were looked at"
                return
            resource = entry.get("resource") if isinstance(entry, Mapping) else None
            if isinstance(resource, Mapping) and resource.get("resourceType") == resource_type:
                yield resource

    def _entries(self, page: Mapping[str, Any]) -> Iterator[Any]:
        yield from _list(page, "entry")
        following = next((link["url"] for link in _list(page, "link") if _is_next(link)), None)
        if following is None:
            return
        # Hostile or slow later pages (another host, a circle, too many) cost what is on them only.
        try:
            for later in self._fhir.get_pages(following, deadline=self._left()):
                yield from _list(_of_type(later, "Bundle"), "entry")
        except FhirReadError as error:
            self.left_out = f"later pages were not read ({error})"

    def _request(self, path: str) -> dict[str, Any]:
        server = copy(_server_of(self.base))
        server.session = _Session(self._fhir, self._until - time.monotonic())
        answer: dict[str, Any] = server.request_json(path)
        return answer

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise FhirTimeout("no time left")
        return left


class _Session:
    """What fhirclient uses of a requests session."""

    def __init__(self, fhir: FhirSession, deadline: float) -> None:
        self._fhir = fhir
        self._deadline = deadline

    def get(self, url: str, headers: Mapping[str, str]) -> "_Answer":
        return _Answer(self._fhir.get_json(url, deadline=self._deadline))


class _Answer:
    """What fhirclient uses of a response; anything but a 200 was raised before."""

    status_code = 200

    def __init__(self, body: dict[str, Any]) -> None:
        self._body = body

    def json(self) -> dict[str, Any]:
        return self._body

    def raise_for_status(self) -> None:
        return None


@lru_cache(maxsize=64)
def _server_of(base: str) -> FHIRServer:
    """What server objects of this base are copied from: fhirclient makes a whole requests session for each."""
    return FHIRServer(None, base_uri=base)


def _of_type(body: dict[str, Any], resource_type: str) -> dict[str, Any]:
    """An EHR that is out of order may answer 200 with something else: that is not "nothing found"."""
    if body.get("resourceType") != resource_type:
        raise FhirWrongResource(f"the answer is not a {resource_type}")
    return body


def _list(holder: Mapping[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def _is_next(link: Any) -> bool:
    return isinstance(link, Mapping) and link.get("relation") == "next" and isinstance(link.get("url"), str)
