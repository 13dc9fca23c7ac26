"""Writing below one FHIR base: create and update, so that nobody's change is lost.

https://hl7.org/fhir/R4/http.html#create, #update, #concurrency

- A create carries If-None-Exist: sent twice (an answer got lost), it still makes one resource.
- An update carries If-Match: where somebody else was faster, :class:`FhirConflict`, and nothing is written.
Everything goes through :meth:`launch.fhir_session.FhirSession.send`, which alone has the token.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from launch.fhir_session import FhirReadError, FhirRefused, FhirSession, FhirStatus, FhirTimeout, json_or_error
from launch.outbound import FHIR_BYTES, READ_SECONDS, Answer, prepared

_HEADERS: Final = {
    "Accept": "application/fhir+json",
    "Content-Type": "application/fhir+json",
    "Prefer": "return=representation",
}
_CONFLICT: Final = (409, 412)
"""HAPI answers a stale If-Match with 409, FHIR's text says 412."""


class FhirConflict(FhirReadError):
    """The resource is no longer at the version that the change was made from."""


class FhirGone(FhirReadError):
    """There is no such resource any more."""


@dataclass(frozen=True)
class Stored:
    """A resource as the EHR holds it."""

    resource: Mapping[str, Any]
    version: str
    """For If-Match."""


def create(
    session: FhirSession,
    resource: Mapping[str, Any],
    *,
    unless: Mapping[str, str],
    deadline: float = READ_SECONDS,
) -> Stored:
    """Create it, unless a search with these parameters finds it already. Raises :class:`FhirReadError`."""
    url = session.url(str(resource["resourceType"]))
    answer = _send(session, "POST", url, resource, {"If-None-Exist": urlencode(unless)}, deadline)
    return _stored(session, answer, str(resource["resourceType"]), deadline)


def update(
    session: FhirSession, stored: Stored, resource: Mapping[str, Any], *, deadline: float = READ_SECONDS
) -> Stored:
    """The next version, made from `stored`. Raises :class:`FhirConflict`, :class:`FhirReadError`."""
    url = session.url(f"{resource['resourceType']}/{resource['id']}")
    answer = _send(session, "PUT", url, resource, {"If-Match": f'W/"{stored.version}"'}, deadline)
    return _stored(session, answer, str(resource["resourceType"]), deadline)


def read(session: FhirSession, resource_type: str, logical_id: str, *, deadline: float = READ_SECONDS) -> Stored:
    """As it is now. Raises :class:`FhirGone`, :class:`FhirReadError`."""
    try:
        resource = session.get_json(f"{resource_type}/{logical_id}", deadline=deadline)
    except FhirStatus as error:
        if error.status in (404, 410):
            raise FhirGone(f"HTTP {error.status}") from error
        raise
    return _as_stored(resource, None)


def _send(
    session: FhirSession,
    method: str,
    url: str,
    resource: Mapping[str, Any],
    headers: Mapping[str, str],
    deadline: float,
) -> Answer:
    """Once: a write is repeated by whoever keeps what is still to be written, never here."""
    body = json.dumps(resource, ensure_ascii=False).encode()
    answer = session.send(prepared(method, url, {**_HEADERS, **headers}, body), seconds=deadline, cap=FHIR_BYTES)
    if answer.status_code in (401, 403):
        raise FhirRefused(f"HTTP {answer.status_code}")
    if answer.status_code in _CONFLICT:
        raise FhirConflict(f"HTTP {answer.status_code}")
    if answer.status_code in (404, 410):
        raise FhirGone(f"HTTP {answer.status_code}")
    if answer.status_code not in (200, 201):
        raise FhirStatus(answer.status_code)
    return answer


def _stored(session: FhirSession, answer: Answer, resource_type: str, deadline: float) -> Stored:
    """What was written; where the EHR sends no body back, it is read by its Location."""
    tag = re.fullmatch(r'W/"([^"]{1,64})"', answer.headers.get("etag", ""))
    if answer.content:
        body = json_or_error(answer.content)
        if body.get("resourceType") == resource_type:
            return _as_stored(body, tag and tag[1])
    found = re.search(
        rf"{resource_type}/([A-Za-z0-9.-]{{1,64}})(/_history/[^/]+)?$", answer.headers.get("location", "")
    )
    if found is None:
        raise FhirStatus(answer.status_code)
    return read(session, resource_type, found[1], deadline=deadline)


def _as_stored(resource: Mapping[str, Any], tag: str | None) -> Stored:
    version = resource.get("meta", {}).get("versionId") if isinstance(resource.get("meta"), Mapping) else None
    found = tag or version
    if not isinstance(found, str) or not re.fullmatch(r'[^"\s]{1,64}', found):
        raise FhirStatus(200)
    return Stored(resource, found)


def remaining(until: float) -> float:
    """Seconds left until a moment of the monotonic clock. Raises :class:`FhirTimeout` where none are."""
    left = until - time.monotonic()
    if left <= 0:
        raise FhirTimeout("no time left")
    return left
