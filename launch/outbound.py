"""The one door for outbound HTTP: discovery, keys, tokens and FHIR reads all pass here.

No redirect is followed. Every call has timeouts, a deadline and a byte cap that
counts what is left after decompression. Proxy and CA come from settings only:
nothing of the environment or of a netrc file is read, since `requests` would
replace our bearer token by Basic credentials from there. Connections are kept
open and shared by all launches of the process.
"""

import json
import time
from collections.abc import Mapping
from typing import Any, Final

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 5.0
FHIR_BYTES: Final = 5 * 1024 * 1024
DOCUMENT_BYTES: Final = 512 * 1024
_CHUNK: Final = 64 * 1024


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


class Door:
    """Sends prepared requests. One per app; safe to use from several threads."""

    def __init__(self, *, https_proxy: str | None = None, ca_file: str | None = None) -> None:
        """`https_proxy`: URL of the proxy for https. `ca_file`: PEM bundle; None: the one of certifi."""
        self._adapter = HTTPAdapter(pool_connections=64, pool_maxsize=64, max_retries=0)
        self._proxies = {"https": https_proxy} if https_proxy else {}
        self._verify: bool | str = ca_file or True

    def send(
        self,
        request: requests.PreparedRequest,
        *,
        seconds: float = READ_SECONDS,
        cap: int = DOCUMENT_BYTES,
    ) -> requests.Response:
        """The answer with its whole body in `.content`, at most `cap` bytes, within `seconds`."""
        until = time.monotonic() + seconds
        try:
            response = self._adapter.send(
                request,
                stream=True,
                timeout=(min(CONNECT_SECONDS, seconds), min(READ_SECONDS, seconds)),
                verify=self._verify,
                proxies=dict(self._proxies),
            )
        except requests.Timeout:
            raise TimedOut("no answer in time") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as err:
            raise Unreachable(f"no connection ({type(err).__name__})") from None
        return self._loaded(response, until, cap)

    def _loaded(self, response: requests.Response, until: float, cap: int) -> requests.Response:
        try:
            if 300 <= response.status_code < 400:
                raise RedirectRefused(f"redirect (HTTP {response.status_code}) not followed")
            response._content = _read_capped(response.raw, until, cap)
            response._content_consumed = True  # type: ignore[attr-defined]
        except OutboundError:
            response.close()
            raise
        return response


def _read_capped(raw: Any, until: float, cap: int) -> bytes:
    body = bytearray()
    try:
        while chunk := raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > cap:
                raise TooLarge(f"answer above {cap} bytes")
            if time.monotonic() > until:
                raise TimedOut("answer not finished in time")
    except (urllib3.exceptions.TimeoutError, TimeoutError):
        raise TimedOut("answer not finished in time") from None
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as err:
        raise Unreachable(f"answer broke off ({type(err).__name__})") from None
    return bytes(body)


def prepared(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> requests.PreparedRequest:
    """A request that is exactly this and nothing more: no cookies, no auth, no hooks."""
    request = requests.PreparedRequest()
    request.method = method
    request.url = url
    request.headers = CaseInsensitiveDict(headers)
    request.headers["Accept-Encoding"] = "gzip"
    request.body = body
    if body is not None:
        request.headers["Content-Length"] = str(len(body))
    return request


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
