"""Calls over libcurl: several at once in one thread, each with its deadline and its byte cap.

Source: https://curl.se/libcurl/c/libcurl-multi.html. What is set on a handle, and so what a call may do,
is said in :mod:`launch.outbound` alone.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pycurl

_KEPT_CONNECTIONS: Final = 16
_LOOK_AGAIN_SECONDS: Final = 0.5
_NAMES: Final = {getattr(pycurl, name): name[2:] for name in dir(pycurl) if name[:2] == "E_" and "MULTI" not in name}


class OutboundError(Exception):
    """A call that gave no usable answer. Its text holds no body and no token."""


class Unreachable(OutboundError):
    """No connection, or it broke."""


class BadStatus(Unreachable):
    """An answer with another status than 200."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"HTTP {status}")


class TimedOut(OutboundError):
    """No whole answer within the time allowed."""


class TooLarge(OutboundError):
    """More bytes than the cap, counted after decompression."""


class RedirectRefused(OutboundError):
    """The answer was a redirect; none is followed."""


class NotJson(OutboundError):
    """The body is not a JSON object."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request that is exactly this and nothing more: no cookies, no credentials of its own."""

    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole answer. Names of headers are in lower case."""

    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    seconds: float
    """How long it took, from the first byte sent."""


class Lines:
    """libcurl handles of one thread at a time, with the connections that they keep open."""

    def __init__(self) -> None:
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, _KEPT_CONNECTIONS)
        self._idle: list[Any] = []

    def line(self) -> Any:
        """A handle without any setting."""
        return self._idle.pop() if self._idle else pycurl.Curl()

    def run(self, calls: "Sequence[Call]", seconds: float, meanwhile: "Callable[[], None]") -> None:
        """Until all calls have ended, each by its own deadline; the handles are free afterwards.

        `meanwhile`: what there is to do between sending and waiting.
        """
        by_line = {call.line: call for call in calls}
        for line in by_line:
            self._multi.add_handle(line)
        try:
            until = time.monotonic() + seconds + _LOOK_AGAIN_SECONDS
            self._multi.perform()  # sends
            meanwhile()
            self._wait(until)
            self._note_failures(by_line)
        finally:
            for call in calls:
                call.read_result()
                self._multi.remove_handle(call.line)
                call.line.reset()
                self._idle.append(call.line)

    def _wait(self, until: float) -> None:
        _, running = self._multi.perform()
        # libcurl ends each call by its deadline; `until` is for the day on which it does not.
        while running and time.monotonic() < until:
            pause = self._multi.timeout()
            if self._multi.select(min(pause / 1000, _LOOK_AGAIN_SECONDS) if pause >= 0 else _LOOK_AGAIN_SECONDS) < 0:
                time.sleep(0.001)  # nothing to wait on yet: a name is being looked up
            _, running = self._multi.perform()

    def _note_failures(self, by_line: "Mapping[Any, Call]") -> None:
        left = 1
        while left:
            left, ended, broken = self._multi.info_read()
            for line in ended:
                by_line[line].ended = True
            for line, code, _text in broken:
                by_line[line].ended, by_line[line].code = True, code


class Call:
    """One request under way."""

    def __init__(self, request: Request, line: Any, cap: int) -> None:
        self.request = request
        self.line = line
        self.ended = False
        self.code: int | None = None
        """libcurl's error, where it ended by one."""
        self._cap = cap
        self._body = bytearray()
        self._headers: dict[str, str] = {}
        self._status = 0
        self._seconds = 0.0

    def take_header(self, line: bytes) -> None:
        """A line of the header."""
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            self._headers[name.strip().lower()] = value.strip()

    def take_body(self, chunk: bytes) -> int:
        """A decompressed part of the body; another number than its length ends the call."""
        self._body += chunk
        return len(chunk) if len(self._body) <= self._cap else -1

    def read_result(self) -> None:
        """What the handle knows, before it serves another call."""
        self._status = self.line.getinfo(pycurl.RESPONSE_CODE)
        self._seconds = self.line.getinfo(pycurl.TOTAL_TIME)

    def outcome(self) -> Answer | OutboundError:
        """The answer, or why there is none."""
        if len(self._body) > self._cap:
            return TooLarge(f"answer above {self._cap} bytes")
        if 300 <= self._status < 400:
            return RedirectRefused(f"redirect (HTTP {self._status}) not followed")
        if not self.ended or self.code == pycurl.E_OPERATION_TIMEDOUT:
            return TimedOut("answer not finished in time" if self._status else "no answer in time")
        if self.code is not None:
            what = "answer broke off" if self._status else "no connection"
            return Unreachable(f"{what} ({_NAMES.get(self.code, self.code)})")
        return Answer(status_code=self._status, headers=self._headers, content=bytes(self._body), seconds=self._seconds)
