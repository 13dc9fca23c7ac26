"""SMART Backend Services: what an app does at an EHR where nobody has launched it.

https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html

1. The registration says the client id of Backend Services; without one nothing is asked for.
2. The token endpoint comes from discovery, of the registered FHIR base alone.
3. A signed assertion (private_key_jwt, at most five minutes, `jti` used once) is exchanged by
   `client_credentials` for a token with `system/` scopes: those that the work at hand needs, no others.
4. What was not granted is said before anything is read or written.
5. The token stays in this process's memory until it ends. There is no refresh token: another one is asked for.

Safe to use from several threads. No database transaction may be open while a token is asked for.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from launch.client_auth import client_authentication
from launch.discovery import discover
from launch.documents import Documents
from launch.errors import DiscoveryUnreachable, LaunchError
from launch.fhir_session import FhirSession
from launch.identity_errors import TokenUnreachable
from launch.outbound import Door
from launch.scopes import in_words_of, missing_scopes
from launch.stores import Registration, SigningKeys
from launch.token_response import ask_for_token, read_token_response

_EARLY_SECONDS: Final = 20.0
_MOST_HELD: Final = 1_000


class BackendError(Exception):
    """No token. Its text holds no token and nothing that the EHR wrote but an error's code."""


class BackendNotRegistered(BackendError):
    """The registration has no client id of Backend Services."""


class BackendRefused(BackendError):
    """The EHR does not take this client, or grants less than is needed."""


class BackendAway(BackendError):
    """The EHR does not answer: try again later."""


@dataclass(frozen=True)
class _Held:
    """A token in memory."""

    access_token: str = field(repr=False)
    until: float
    """Of the monotonic clock: when it is no longer used."""


class BackendServices:
    """Sessions at EHRs without a person. One per process."""

    def __init__(
        self, *, keys: SigningKeys, door: Door, documents: Documents, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keys = keys
        self._door = door
        self._documents = documents
        self._clock = clock
        self._held: dict[tuple[Registration, tuple[str, ...]], _Held] = {}
        self._guard = threading.Lock()

    def session(self, registration: Registration, *, scopes: tuple[str, ...]) -> FhirSession:
        """A session with just these `system/` scopes, in v2 words. Close it after the work.

        Raises :class:`BackendNotRegistered`, :class:`BackendRefused`, :class:`BackendAway`;
        ValueError for a scope that is none of a system's, or that reads patients.
        """
        _check(scopes)
        if not registration.backend_client_id:
            raise BackendNotRegistered(f"{registration.name} has no client id of Backend Services")
        key = (registration, tuple(sorted(scopes)))
        with self._guard:
            held = self._held.get(key)
        if held is None or held.until <= self._clock():
            held = self._asked(registration, scopes)
            with self._guard:
                if len(self._held) >= _MOST_HELD:
                    self._held.clear()
                self._held[key] = held
        return FhirSession(base=registration.iss, access_token=held.access_token, door=self._door)

    def forget(self, registration: Registration) -> None:
        """Drop the tokens of this registration: the EHR said that one has ended."""
        with self._guard:
            self._held = {key: held for key, held in self._held.items() if key[0].id != registration.id}

    def _asked(self, registration: Registration, scopes: tuple[str, ...]) -> _Held:
        client = replace(registration, client_id=str(registration.backend_client_id), auth="private_key_jwt")
        words = tuple(dict.fromkeys(word for scope in scopes for word in in_words_of(registration, scope)))
        asked_at = self._clock()
        try:
            configuration = discover(registration, self._documents)
            proof = client_authentication(client, token_url=configuration.token_endpoint, keys=self._keys)
            grant = {"grant_type": "client_credentials", "scope": " ".join(words)}
            response = read_token_response(
                ask_for_token(self._door, configuration.token_endpoint, grant, proof), asked=words
            )
        except LaunchError as error:
            raise _of(error) from error
        missing = missing_scopes(asked=words, granted=response.granted_scopes)
        if missing:
            raise BackendRefused(f"not granted: {' '.join(sorted(missing))}")
        return _Held(response.access_token, asked_at + max(response.seconds - _EARLY_SECONDS, response.seconds / 2))


def _check(scopes: tuple[str, ...]) -> None:
    wrong = [
        scope for scope in scopes if not scope.startswith("system/") or scope.startswith(("system/Patient", "system/*"))
    ]
    if wrong or not scopes:
        raise ValueError(f"not a scope for Backend Services: {' '.join(wrong) or 'none was named'}")


def _of(error: LaunchError) -> BackendError:
    """5xx, 429 and silence may pass; anything else stays until somebody mends it."""
    away = isinstance(error, (DiscoveryUnreachable, TokenUnreachable))
    return (BackendAway if away else BackendRefused)(error.reason)
