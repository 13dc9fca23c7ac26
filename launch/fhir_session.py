"""The FHIR session of one launch: holds the bearer token, reaches nothing but the FHIR base.

Whatever URL it is handed (by our own reads, by fhirclient, by a `next` link of a
hostile server), it sends only below the registered base, and follows no redirect.
Several threads may read through one session at once. :meth:`FhirSession.ask_all` sends
the reads of a launch side by side before anybody waits for one of them.
"""

import email.utils
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode, urljoin

import requests

from launch.discovery import normalise_iss
from launch.documents import now
from launch.outbound import (
    FHIR_BYTES,
    READ_SECONDS,
    Answer,
    Door,
    NotJson,
    OutboundError,
    RedirectRefused,
    Request,
    TimedOut,
    TooLarge,
    json_object,
    prepared,
)

MAX_PAGES: Final = 20
_RETRIES: Final = 2
_RETRY_CAP_SECONDS: Final = 2.0
_RETRY_STATUS: Final = frozenset({429, 502, 503, 504})
_UNSAFE_IN_PATH: Final = ("\\", "..", "%2f", "%5c", "%2e", "//", "%00")
_HEADERS: Final = {"Accept": "application/fhir+json", "Cache-Control": "no-cache"}


class FhirReadError(Exception):
    """A read that gave nothing. Its text holds no id, no token and no body."""


class FhirOutsideBase(FhirReadError):
    """The URL does not lie below the registered FHIR base; nothing was sent."""


class FhirTimeout(FhirReadError):
    """No whole answer within the deadline."""


class FhirUnreachable(FhirReadError):
    """No connection, or it broke."""


class FhirRefused(FhirReadError):
    """The EHR answered 401 or 403: not allowed, or the token has ended."""


class FhirStatus(FhirReadError):
    """Any other answer than 200."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"HTTP {status}")


class FhirTooLarge(FhirReadError):
    """More bytes or pages than the cap."""


class FhirNotJson(FhirReadError):
    """Not a JSON object."""


class FhirLoop(FhirReadError):
    """A `next` link that was followed already."""


class FhirClosed(FhirReadError):
    """The launch is over and its token is gone."""


_ERRORS: Final = {TimedOut: FhirTimeout, TooLarge: FhirTooLarge, RedirectRefused: FhirOutsideBase}


class FhirSession:
    """Reads below one FHIR base with one bearer token."""

    def __init__(self, *, base: str, access_token: str, door: Door) -> None:
        self.base = normalise_iss(base)
        """The FHIR base without a trailing slash."""
        self._door = door
        self._authorization: str | None = f"Bearer {access_token}"
        self._requests_session: requests.Session | None = None
        self._asked: dict[str, Answer | OutboundError] = {}

    def __repr__(self) -> str:
        return f"<FhirSession below {self.base}>"

    @property
    def requests_session(self) -> requests.Session:
        """For fhirclient: `server.session = ...`. It cannot leave the base either."""
        if self._requests_session is None:
            self._requests_session = _PinnedSession(self)
        return self._requests_session

    def get_json(
        self, path: str, params: Mapping[str, str] | None = None, *, deadline: float = READ_SECONDS
    ) -> dict[str, Any]:
        """The JSON object at `path` (relative to the base, or absolute below it).

        `deadline`: seconds for everything, retries too. Raises :class:`FhirReadError`.
        """
        until = time.monotonic() + deadline
        return json_or_error(self._get(self.url(path, params), until, FHIR_BYTES).content)

    def get_pages(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        deadline: float = READ_SECONDS,
        most_pages: int = MAX_PAGES,
        most_bytes: int = FHIR_BYTES,
    ) -> Iterator[dict[str, Any]]:
        """The pages of a search, one Bundle at a time, at most 20 and 5 MB in all where nothing else is said.

        What was yielded before a :class:`FhirReadError` is good: keep it.
        """
        until, left, seen = time.monotonic() + deadline, most_bytes, set[str]()
        url: str | None = self.url(path, params)
        while url is not None:
            if len(seen) >= most_pages:
                raise FhirTooLarge(f"more than {most_pages} pages")
            if url in seen:
                raise FhirLoop("the pages run in a circle")
            seen.add(url)
            # One page alone is never larger than any other answer.
            content = self._get(url, until, min(left, FHIR_BYTES)).content
            left -= len(content)
            bundle = json_or_error(content)
            yield bundle
            url = self._next(bundle, url)

    def url(self, path: str, params: Mapping[str, str] | None = None) -> str:
        """`path` as an absolute URL below the base. Raises :class:`FhirOutsideBase`."""
        url = path if "://" in path.partition("?")[0] else f"{self.base}/{path}"
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params)
        self.require_below_base(url)
        return url

    def require_below_base(self, url: str) -> None:
        """Raise :class:`FhirOutsideBase` unless `url` is the base or lies below it, letter by letter."""
        path = url.partition("?")[0]
        below = path == self.base or path.startswith(self.base + "/")
        tail = path[len(self.base) :].lower()
        if not below or not url.isascii() or not url.isprintable() or " " in url or "#" in url:
            raise FhirOutsideBase("the address is not below the FHIR base")
        if any(unsafe in tail for unsafe in _UNSAFE_IN_PATH):
            raise FhirOutsideBase("the address may lead out of the FHIR base")

    def ask_all(
        self,
        paths: Iterable[str],
        *,
        deadline: float = READ_SECONDS,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> dict[str, float]:
        """Send these GETs at once and wait for their answers; `get_json` then finds each here, once.

        Gives the paths that need nothing more of the network, with the seconds that each took. Not among
        them: what must be asked for again (the EHR was busy, the connection broke), which `get_json` does,
        and what may have a next page. `meanwhile`: what is done between sending and waiting.
        """
        urls = {path: self.url(path) for path in paths}
        requests_ = [self._gated(prepared("GET", url, _HEADERS)) for url in urls.values()]
        outcomes = self._door.send_all(requests_, seconds=deadline, cap=FHIR_BYTES, meanwhile=meanwhile)
        self._asked |= zip(urls.values(), outcomes, strict=True)
        answered = ((path, got) for path, got in zip(urls, outcomes, strict=True) if isinstance(got, Answer))
        return {path: got.seconds for path, got in answered if _is_all(got)}

    def send(self, request: Request, *, seconds: float, cap: int) -> Answer:
        """Send below the base, with the token. Raises :class:`FhirReadError`."""
        return _answer_or_error(self._sent(self._gated(request), seconds, cap))

    def close(self) -> None:
        """Forget the token. Reads that come later are refused."""
        self._authorization = None
        self._asked.clear()

    def _gated(self, request: Request) -> Request:
        """The last gate: every request of the session passes here, and only here gets the token."""
        self.require_below_base(request.url)
        if self._authorization is None:
            raise FhirClosed("the launch is over")
        request.headers["Authorization"] = self._authorization
        return request

    def _sent(self, request: Request, seconds: float, cap: int) -> Answer | OutboundError:
        return self._door.send_all([request], seconds=seconds, cap=cap)[0]

    def _get(self, url: str, until: float, cap: int) -> Answer:
        """GET with at most two retries, each within the deadline. What was asked before is the first try."""
        for attempt in range(_RETRIES + 1):
            asked = self._asked.pop(url, None)
            left = until - time.monotonic()
            if asked is None and left <= 0:
                raise FhirTimeout("no time left")
            try:
                response = (
                    _answer_or_error(asked)
                    if asked is not None
                    else self.send(prepared("GET", url, _HEADERS), seconds=left, cap=cap)
                )
            except FhirUnreachable:
                # A kept connection may have been closed by the EHR in this very moment.
                if attempt == _RETRIES:
                    raise
                continue
            if response.status_code not in _RETRY_STATUS or attempt == _RETRIES:
                break
            pause = retry_after_seconds(response.headers.get("retry-after"))
            if time.monotonic() + pause >= until:
                break
            time.sleep(pause)
        if response.status_code in (401, 403):
            raise FhirRefused(f"HTTP {response.status_code}")
        if response.status_code != 200:
            raise FhirStatus(response.status_code)
        return response

    def _next(self, bundle: Mapping[str, Any], current: str) -> str | None:
        links = bundle.get("link")
        for link in links if isinstance(links, list) else ():
            if isinstance(link, Mapping) and link.get("relation") == "next" and isinstance(link.get("url"), str):
                url: str = urljoin(current, link["url"])
                self.require_below_base(url)
                return url
        return None


class _PinnedSession(requests.Session):
    """A requests session whose every request goes through :meth:`FhirSession.send`."""

    def __init__(self, owner: FhirSession) -> None:
        super().__init__()
        self.trust_env = False  # else a netrc entry replaces our Bearer by Basic credentials
        self._owner = owner

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Our deadline, cap and headers count; the caller's keyword arguments do not."""
        asked = prepared(request.method or "GET", request.url or "", _HEADERS)
        answer = self._owner.send(asked, seconds=READ_SECONDS, cap=FHIR_BYTES)
        response = requests.Response()
        response.status_code = answer.status_code
        response.headers.update(answer.headers)
        response._content = answer.content
        response.url = asked.url
        return response


def _is_all(answer: Answer) -> bool:
    """Whether no other call can follow from it; the word `next` in a body may be a link's."""
    return answer.status_code not in _RETRY_STATUS and b'"next"' not in answer.content


def _answer_or_error(outcome: Answer | OutboundError) -> Answer:
    """The answer, or the failure in the words of a FHIR read."""
    if isinstance(outcome, Answer):
        return outcome
    for kind, error in _ERRORS.items():
        if isinstance(outcome, kind):
            raise error(str(outcome)) from outcome
    raise FhirUnreachable(str(outcome)) from outcome


def json_or_error(content: bytes) -> dict[str, Any]:
    """`content` as a JSON object, or :class:`FhirNotJson`."""
    try:
        return json_object(content)
    except NotJson as err:
        raise FhirNotJson(str(err)) from err


def retry_after_seconds(value: str | None) -> float:
    """`Retry-After` in seconds, given as seconds or as a date; at most 2, and 0.2 where it is absent or unreadable."""
    if value is None:
        return 0.2
    if value.strip().isdigit():
        return min(float(value.strip()[:12]), _RETRY_CAP_SECONDS)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return 0.2
    if moment.tzinfo is None:
        return 0.2
    return min(max((moment - now()).total_seconds(), 0.0), _RETRY_CAP_SECONDS)
