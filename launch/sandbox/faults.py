"""Faults that tests put in the way of chosen requests: slow, refused, cut off, or answering something else.

A fault fits by path (with ``*`` as in a shell) and, where it says so, by method; the
newest that fits wins. New kinds are one function in `_KINDS`.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from flask import Response


@dataclass(kw_only=True)
class Fault:
    """What goes wrong, where, and how often."""

    path: str
    """Path below the origin: "/fhir/Task*"."""
    kind: str
    """One of :data:`KINDS`."""
    method: str | None = None
    times: int | None = None
    """How many requests it hits; None: all."""
    seconds: float = 10.0
    """For "slow"."""
    status: int = 500
    """For "status" and "body"."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """For "status" and "body": Retry-After, Location and the like."""
    body: str = ""
    content_type: str = "application/fhir+json"
    """For "body"."""
    entries: int = 20_000
    """For "many entries"."""

    def fits(self, method: str, path: str) -> bool:
        """Whether it is meant for this request."""
        return self.times != 0 and self.method in (None, method) and fnmatchcase(path, self.path)


class Faults:
    """The faults set at present."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def add(self, fault: Fault) -> None:
        """From the next request on. ValueError for a kind that there is not."""
        if fault.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {fault.kind!r}")
        with self._lock:
            self._faults.insert(0, fault)

    def clear(self) -> None:
        """All is well again; whoever is being slow answers at once."""
        with self._lock:
            self._faults.clear()
            self._stopping.set()
            self._stopping = threading.Event()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, counted against its `times`."""
        with self._lock:
            for fault in self._faults:
                if fault.fits(method, path):
                    fault.times = None if fault.times is None else fault.times - 1
                    return fault
        return None

    def before(self, fault: Fault) -> Response | None:
        """What the fault answers instead of the EHR, or None where the EHR still answers."""
        if fault.kind == "slow":
            self._stopping.wait(fault.seconds)
            return None
        instead = _KINDS.get(fault.kind)
        return instead(fault) if instead else None


def spoil(fault: Fault, response: Response) -> Response:
    """The EHR's answer after the fault has been at it."""
    if fault.kind == "truncated":
        whole = response.get_data()
        response.set_data(whole[: len(whole) // 2])
    elif fault.kind == "cut off":
        whole = response.get_data()
        response.set_data(whole[: len(whole) // 2])
        response.headers["Content-Length"] = str(len(whole))  # promises more than comes
    elif fault.kind in _BUNDLES and (bundle := _bundle_in(response)) is not None:
        response.set_data(_BUNDLES[fault.kind](bundle, fault))
    return response


def _bundle_in(response: Response) -> dict[str, Any] | None:
    """The searchset that the EHR answered with; None for anything else, which then stays as it is."""
    body = json.loads(response.get_data()) if "json" in response.headers.get("Content-Type", "") else None
    return body if isinstance(body, dict) and body.get("resourceType") == "Bundle" else None


def _many_entries(bundle: dict[str, Any], fault: Fault) -> str:
    """What was found, over and over under new ids, in one page: an EHR that knows no `_count`.

    Put together as text: made of objects it would keep the process, and a test's app in it, busy for long.
    """
    found = [entry["resource"] for entry in bundle.get("entry") or []] or [{"resourceType": "Basic"}]
    halves = [json.dumps({"resource": {**resource, "id": _ID}}).split(_ID) for resource in found]
    texts = (f"copy-{number}".join(halves[number % len(halves)]) for number in range(fault.entries))
    whole = json.dumps({**bundle, "total": fault.entries, "link": [], "entry": []})
    return whole.replace('"entry": []', f'"entry": [{",".join(texts)}]')


def _broken_entry(bundle: dict[str, Any], _fault: Fault) -> str:
    """One entry that no parser of FHIR takes, before all others."""
    broken = {"resource": {"resourceType": "Task", "id": ["x"], "status": 7, "code": "text", "owner": [None]}}
    return json.dumps({**bundle, "entry": [broken, *(bundle.get("entry") or [])]})


def _status(fault: Fault) -> Response:
    issue = {"severity": "error", "code": "exception", "diagnostics": f"An injected fault: {fault.status}."}
    body = json.dumps({"resourceType": "OperationOutcome", "issue": [issue]})
    return Response(body, fault.status, {"Content-Type": "application/fhir+json", **fault.headers})


def _wrong_type(_fault: Fault) -> Response:
    body: dict[str, Any] = {"resourceType": "Basic", "id": "not-what-was-asked", "code": {"text": "wrong type"}}
    return Response(json.dumps(body), 200, {"Content-Type": "application/fhir+json"})


def _html(fault: Fault) -> Response:
    page = "<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"
    return Response(page, 200, {"Content-Type": "text/html; charset=utf-8", **fault.headers})


def _body(fault: Fault) -> Response:
    return Response(fault.body, fault.status, {"Content-Type": fault.content_type, **fault.headers})


_KINDS: dict[str, Callable[[Fault], Response]] = {
    "status": _status,
    "wrong type": _wrong_type,
    "html": _html,
    "body": _body,
}
_ID = "the-id-of-the-copy"
_BUNDLES: dict[str, Callable[[dict[str, Any], Fault], str]] = {
    "many entries": _many_entries,
    "broken entry": _broken_entry,
}
EXPIRED = "expired token"
KINDS = ("slow", "truncated", "cut off", EXPIRED, *_KINDS, *_BUNDLES)
"""slow; truncated: JSON that ends early; cut off: the connection ends before Content-Length; expired token: that of the
request ends in this moment; status; wrong type; html; body: whatever the fault says; many entries, broken entry: of a
searchset."""
