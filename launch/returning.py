"""The second half's first checks: is this the browser, and is this the reply, of the launch that was begun?"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from launch import browser, errors
from launch.departing import way_out_url
from launch.discovery import SmartConfiguration
from launch.documents import now
from launch.stores import LaunchTransaction, Registration

_MAX_CODE: Final = 16_384


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back to the redirect URI."""

    callback: str
    """The slug of the redirect URI."""
    state: str
    code: str | None = field(default=None, repr=False)
    iss: str | None = None
    """RFC 9207."""
    error: str | None = None
    error_description: str | None = None
    error_uri: str | None = None


def check_browser(
    reply: Reply,
    transaction: LaunchTransaction,
    registration: Registration,
    cookies: Mapping[str, str],
    *,
    base_url: str,
) -> str:
    """The launch's secret, from the cookie of the browser that began it. Without it nothing is redeemed.

    Raises the errors of step 4 in :mod:`launch.errors`, and :class:`StateExpired`.
    """
    if reply.callback != registration.callback:
        raise errors.CallbackUnknown("the state belongs to another redirect URI")
    way_out = way_out_url(base_url, registration, transaction.placement)
    secret = cookies.get(browser.cookie_name(reply.state))
    if secret is None:
        raise _no_cookie(transaction, way_out, base_url)
    if not hmac.compare_digest(browser.sha256_hex(secret), transaction.browser_hash):
        raise errors.LaunchCookieWrong("the launch cookie is not the one of this launch")
    if now() >= transaction.expires_at:
        waited = round((now() - transaction.created_at).total_seconds())
        late = errors.StateExpired(f"state is {waited} s old, limit {browser.LIFETIME_SECONDS} s")
        late.new_window_url = way_out
        raise late
    return secret


def check_reply(reply: Reply, configuration: SmartConfiguration) -> str:
    """The code, where the reply comes from the EHR that was asked and holds one.

    Raises the errors of step 5 in :mod:`launch.errors`.
    """
    expected = {configuration.issuer, configuration.advertised_issuer} - {None}
    if reply.iss is not None and reply.iss not in expected:
        raise errors.ReplyIssuerMismatch("iss of the reply is not the issuer that was asked")
    if reply.iss is None and configuration.sends_iss:
        raise errors.ReplyIssuerMismatch("the EHR promises iss in its reply, and it is not there")
    if reply.error:
        raise errors.AuthorizationRefused(reply.error, description=reply.error_description, uri=reply.error_uri)
    if not reply.code or len(reply.code) > _MAX_CODE:
        raise errors.ReplyIncomplete("neither code nor error, or a code that is too long")
    return reply.code


def _no_cookie(transaction: LaunchTransaction, way_out: str, base_url: str) -> errors.LaunchError:
    """The way out is offered once: in the new window there is no further one, so there is no loop."""
    if transaction.way_out:
        return errors.CookiesBlocked("no launch cookie, in a new window either", host=_host(base_url))
    missing = errors.LaunchCookieMissing("no launch cookie")
    missing.new_window_url = way_out
    return missing


def _host(base_url: str) -> str:
    return urlsplit(base_url).hostname or base_url
