"""What binds a launch to the browser that began it: one cookie for each launch.

The cookie is named after the state, so that several launches at once do not
disturb each other. Its value is the launch's only secret: the PKCE verifier and
the nonce are derived from it, and nothing of it is kept on the server but a hash.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Final

from flask import Response

PREFIX: Final = "__Host-launch-"
LIFETIME_SECONDS: Final = 600
KEPT: Final = 12
"""Launch cookies kept in one browser; a frame's cookies share about 10 kB."""
_HINT_LIMIT: Final = 200


def sha256_hex(text: str) -> str:
    """SHA-256 of `text`, hex: the only form in which state and secret are stored."""
    return hashlib.sha256(text.encode()).hexdigest()


def new_state(registration_id: str) -> str:
    """256 random bits, and after a dot the registration's key.

    The key is a hint with no power: it tells which EHR may frame the callback page
    before the state is looked up. What counts is the hash of the whole.
    """
    return f"{secrets.token_urlsafe(32)}.{_b64(registration_id.encode())}"


def registration_hint(state: str) -> str | None:
    """The registration's key that :func:`new_state` put there, unverified; None if there is none."""
    _, dot, hint = state.partition(".")
    if not dot or not hint or len(hint) > _HINT_LIMIT:
        return None
    try:
        return base64.urlsafe_b64decode(hint + "=" * (-len(hint) % 4)).decode()
    except ValueError:
        return None


def new_secret() -> str:
    """A cookie's value: the time in hex, so that the oldest can be told, and 256 random bits."""
    return f"{int(time.time()):08x}-{secrets.token_urlsafe(32)}"


def cookie_name(state: str) -> str:
    """Name of the cookie that belongs to `state`."""
    return PREFIX + sha256_hex(state)[:16]


def code_verifier(secret: str) -> str:
    """The PKCE verifier (RFC 7636): 43 characters, derived from the cookie."""
    return _derived(secret, b"pkce verifier")


def nonce(secret: str) -> str:
    """The OpenID Connect nonce, derived from the cookie."""
    return _derived(secret, b"openid nonce")


def set_launch_cookie(response: Response, *, state: str, secret: str) -> None:
    """`Secure; HttpOnly; Path=/; SameSite=None; Partitioned`: it must work in a frame of another site."""
    response.set_cookie(
        cookie_name(state),
        secret,
        max_age=LIFETIME_SECONDS,
        path="/",
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )


def drop_cookies(response: Response, names: list[str]) -> None:
    """Delete launch cookies that are used up."""
    for name in names:
        response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="None", partitioned=True)


def surplus_cookies(cookies: Mapping[str, str]) -> list[str]:
    """Names of the oldest launch cookies, so that with a new one at most `KEPT` remain."""
    ours = sorted((value, name) for name, value in cookies.items() if name.startswith(PREFIX))
    return [name for _, name in ours[: max(0, len(ours) - KEPT + 1)]]


def _derived(secret: str, purpose: bytes) -> str:
    return _b64(hmac.digest(secret.encode(), b"launch: " + purpose, "sha256"))


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
