"""The one door for outbound HTTP: discovery, keys, tokens and FHIR reads all pass here.

No redirect is followed. Every call has a deadline for all of it and a byte cap that
counts what is left after decompression. Proxy and CA come from settings only:
libcurl reads neither netrc nor, as it is set here, the environment. Connections are
kept open and shared by all launches of the process.

libcurl (https://curl.se/libcurl/c/libcurl-multi.html) sends the reads of a launch side
by side in one thread: they wait for the EHR together and cost no threads of ours.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import certifi
import pycurl

from launch.transport import (
    Answer,
    BadStatus,
    Call,
    Lines,
    NotJson,
    OutboundError,
    RedirectRefused,
    Request,
    TimedOut,
    TooLarge,
    Unreachable,
)

__all__ = [
    "Answer",
    "BadStatus",
    "Door",
    "NotJson",
    "OutboundError",
    "RedirectRefused",
    "Request",
    "TimedOut",
    "TooLarge",
    "Unreachable",
    "json_object",
    "prepared",
]

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 5.0
FHIR_BYTES: Final = 5 * 1024 * 1024
DOCUMENT_BYTES: Final = 512 * 1024


def _nothing() -> None:
    """Nothing to do while waiting."""


class Door:
    """Sends requests. One per app; safe to use from several threads."""

    def __init__(self, *, https_proxy: str | None = None, ca_file: str | None = None) -> None:
        """`https_proxy`: URL of the proxy for https. `ca_file`: PEM bundle; None: the one of certifi."""
        self._https_proxy = https_proxy or ""
        self._ca_file = ca_file or certifi.where()
        # libcurl's handles serve one thread at a time: each call takes a bundle of lines and puts it back.
        self._idle: deque[Lines] = deque()

    def send(self, request: Request, *, seconds: float = READ_SECONDS, cap: int = DOCUMENT_BYTES) -> Answer:
        """The answer with its whole body, at most `cap` bytes, within `seconds`. Raises :class:`OutboundError`."""
        (outcome,) = self.send_all([request], seconds=seconds, cap=cap)
        if isinstance(outcome, OutboundError):
            raise outcome
        return outcome

    def send_all(
        self,
        requests: Sequence[Request],
        *,
        seconds: float = READ_SECONDS,
        cap: int = DOCUMENT_BYTES,
        meanwhile: Callable[[], None] = _nothing,
    ) -> list[Answer | OutboundError]:
        """All of them at once: for each, in their order, its answer or why there is none.

        `meanwhile`: what this thread does once they are sent, before it waits. What it raises ends the calls.
        """
        try:
            lines = self._idle.pop()
        except IndexError:
            lines = Lines()
        calls = [Call(request, lines.line(), cap) for request in requests]
        for call in calls:
            self._set_up(call, seconds)
        lines.run(calls, seconds, meanwhile)
        outcomes = [call.outcome() for call in calls]
        self._idle.append(lines)
        return outcomes

    def _set_up(self, call: Call, seconds: float) -> None:
        line, request = call.line, call.request
        https = request.url.lower().startswith("https:")
        for option, value in (
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.NETRC, pycurl.NETRC_IGNORED),
            # Said even where it is empty: unsaid, libcurl would ask the environment.
            (pycurl.PROXY, self._https_proxy if https else ""),
            (pycurl.NOPROXY, ""),
            (pycurl.CAINFO, self._ca_file),
            (pycurl.SSL_VERIFYPEER, 1),
            (pycurl.SSL_VERIFYHOST, 2),
            (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.ACCEPT_ENCODING, "gzip"),
            (pycurl.NOSIGNAL, 1),
            (pycurl.CONNECTTIMEOUT_MS, max(1, round(min(CONNECT_SECONDS, seconds) * 1000))),
            (pycurl.TIMEOUT_MS, max(1, round(seconds * 1000))),
            (pycurl.URL, request.url),
            # "Expect" is taken away: an EHR that does not know it would let us wait a second.
            (pycurl.HTTPHEADER, [*(f"{name}: {value}" for name, value in request.headers.items()), "Expect:"]),
            (pycurl.HEADERFUNCTION, call.take_header),
            (pycurl.WRITEFUNCTION, call.take_body),
        ):
            line.setopt(option, value)
        if request.body is not None:
            line.setopt(pycurl.POSTFIELDS, request.body)
        if request.method != ("GET" if request.body is None else "POST"):
            line.setopt(pycurl.CUSTOMREQUEST, request.method)


def prepared(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Request:
    """A request to send."""
    return Request(method=method, url=url, headers=dict(headers), body=body)


def json_object(body: bytes) -> dict[str, Any]:
    """`body` as a JSON object; :class:`NotJson` for anything else, NaN and deep nesting too."""
    try:
        parsed = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise NotJson("the body is not JSON") from None
    if not isinstance(parsed, dict):
        raise NotJson("the body is not a JSON object")
    return parsed


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
