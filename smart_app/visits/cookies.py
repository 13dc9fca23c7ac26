"""One cookie for each visit: `__Host-visit-<id>` = secret.minute.seal.

The secret is random and hashed at rest. `minute` is when the visit was last used: it lives in the
cookie, sealed with the app's key, so that reading a page writes nothing to the database.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import Response

from smart_app.keys import KeyRing

PREFIX = "__Host-visit-"
MOST_READ = 32
"""Visit cookies looked at of one request."""
_VALUE = re.compile(r"([A-Za-z0-9_-]{43})\.(\d{1,12})\.([0-9a-f]{32})")
_NAME = re.compile(re.escape(PREFIX) + r"([0-9a-f]{32})")


@dataclass(frozen=True)
class VisitCookie:
    """A cookie whose seal holds. Whether its secret is the visit's is still to be looked up."""

    visit: UUID
    secret: str
    minute: int
    """Of Unix time: when it was last used."""

    def idle_minutes(self) -> int:
        """How long the visit was not used."""
        return current_minute() - self.minute


def new_secret() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> bytes:
    """What is kept of a secret: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def current_minute() -> int:
    """Minutes of Unix time."""
    return int(time.time() // 60)


def find_cookie(cookies: Mapping[str, str], visit: UUID, *, keys: KeyRing) -> VisitCookie | None:
    """The visit's cookie, if there is one and its seal holds."""
    match = _VALUE.fullmatch(cookies.get(PREFIX + visit.hex, ""))
    if match is None:
        return None
    secret, minute, seal = match.groups()
    fits = any(hmac.compare_digest(seal, each[:16].hex()) for each in keys.hashes(*_sealed(visit, minute)))
    return VisitCookie(visit, secret, int(minute)) if fits else None


def all_cookies(cookies: Mapping[str, str], *, keys: KeyRing) -> list[VisitCookie]:
    """All visit cookies of this browser (of this cookie partition) whose seals hold."""
    names = [match for name in cookies if (match := _NAME.fullmatch(name))]
    found = (find_cookie(cookies, UUID(match[1]), keys=keys) for match in names[:MOST_READ])
    return [cookie for cookie in found if cookie is not None]


def set_cookie(response: Response, *, visit: UUID, secret: str, keys: KeyRing, lifetime: int) -> None:
    """Give, or give anew, the visit's cookie. `lifetime`: seconds."""
    minute = str(current_minute())
    seal = keys.hash(*_sealed(visit, minute))[:16].hex()
    _set(response, visit, f"{secret}.{minute}.{seal}", lifetime)


def drop_cookie(response: Response, visit: UUID) -> None:
    """Take the visit's cookie away."""
    _set(response, visit, "", 0)


def _set(response: Response, visit: UUID, value: str, lifetime: int) -> None:
    # SameSite=None and Partitioned: the page lives in a frame of another site's (CHIPS).
    response.set_cookie(
        PREFIX + visit.hex,
        value,
        max_age=lifetime,
        path="/",
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )


def _sealed(visit: UUID, minute: str) -> tuple[str, str]:
    return "visit last used", f"{visit.hex}.{minute}"
