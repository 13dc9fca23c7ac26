"""Access tokens that outlive their launch, for the few features that need the EHR later.

Of any number of workers that find a token used up, one refreshes it:

1. read the token; still good for a while: use it;
2. take the lease of its version by compare-and-swap (15 seconds, so that a worker
   that dies holds nobody up for long); whoever does not get it looks again, at most 3 seconds;
3. ask the EHR, with no database transaction open;
4. store the answer by compare-and-swap on the version, which ends the lease.

An EHR that rotates refresh tokens forgets the old one between 3 and 4. A worker that
dies there leaves a token that the EHR refuses at the next try: the person is asked to
launch again, and nothing but the token is lost.

Source: RFC 6749 6 (refresh), RFC 9700 2.2.2 (rotation), RFC 7009 (revocation).
"""

import secrets
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from launch import errors
from launch.client_auth import client_authentication
from launch.discovery import SmartConfiguration, discover
from launch.documents import Documents, now
from launch.fhir_session import FhirSession
from launch.identity_errors import TokenRefused, TokenResponseInvalid
from launch.outbound import Door, OutboundError, prepared
from launch.stores import KeptToken, Registration, SigningKeys, Stores, TokenStore
from launch.token_response import TokenResponse, ask_for_token, read_token_response

LEASE_SECONDS: Final = 15.0
WAIT_SECONDS: Final = 3.0
REVOKE_SECONDS: Final = 3.0
_LOOK_AGAIN_SECONDS: Final = 0.05
_EARLY_SECONDS: Final = 30.0
_MIN_SECONDS_TO_ASK: Final = 0.2
_FORM: Final = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}


class TokenError(Exception):
    """No token to read with. Its text holds no token."""


class RelaunchNeeded(TokenError):
    """There is no token any more, or the EHR refuses it: only a new launch gives another."""


class TokenBusy(TokenError):
    """Another worker is still refreshing it, or the EHR does not answer: try again in a moment."""


class Tokens:
    """The kept tokens of all registrations; safe to use from several threads and processes."""

    def __init__(self, *, stores: Stores, keys: SigningKeys, door: Door, documents: Documents) -> None:
        self._stores = stores
        self._keys = keys
        self._door = door
        self._documents = documents

    def keep(self, token_id: str, response: TokenResponse, registration: Registration, *, ends_at: datetime) -> bool:
        """Keep a launch's token under the app's own handle; false, and nothing is kept, where no feature needs it."""
        if self._stores.tokens is None or not registration.keeps_token:
            return False
        obtained = now()
        self._stores.tokens.keep(
            KeptToken(
                id=token_id,
                organization=registration.organization,
                registration_id=registration.id,
                access_token=response.access_token,
                refresh_token=response.refresh_token,
                scopes=tuple(sorted(response.granted_scopes)),
                obtained_at=obtained,
                expires_at=obtained + timedelta(seconds=response.seconds),
                ends_at=ends_at,
            )
        )
        return True

    def fhir(self, token_id: str) -> FhirSession:
        """A session with a token that is good now; refreshed where it was used up. Close it after the reads.

        Raises :class:`RelaunchNeeded`, :class:`TokenBusy`.
        """
        store, until = self._store(), time.monotonic() + WAIT_SECONDS
        while True:
            token = store.find(token_id)
            if token is None:
                raise RelaunchNeeded("no token is kept")
            if _is_fresh(token):
                return self._session(token)
            if token.refresh_token is None:
                store.remove(token_id, version=token.version)
                raise RelaunchNeeded("the token has ended, and the EHR gave none to refresh it with")
            owner = secrets.token_hex(16)
            if store.take_lease(token_id, version=token.version, owner=owner, seconds=LEASE_SECONDS):
                newer = self._refresh(store, token, owner)
                if newer is not None:
                    return self._session(newer)
            if time.monotonic() >= until:
                raise TokenBusy("another worker is refreshing the token")
            time.sleep(_LOOK_AGAIN_SECONDS)

    def end(self, token_ids: Iterable[str], *, seconds: float = REVOKE_SECONDS) -> None:
        """Delete these tokens, and give them back to the EHRs that take them. Never raises for an EHR's sake.

        `seconds`: for all the EHRs together; the tokens are deleted here in any case, and first.
        """
        if self._stores.tokens is None:
            return
        removed = [self._stores.tokens.remove(token_id) for token_id in token_ids]
        until = time.monotonic() + seconds
        for token in filter(None, removed):
            left = until - time.monotonic()
            if left > _MIN_SECONDS_TO_ASK:
                self._give_back(token, left)

    def _refresh(self, store: TokenStore, token: KeptToken, owner: str) -> KeptToken | None:
        """Steps 3 and 4, with the lease in hand. None where it came too late: what is kept now is another's."""
        try:
            newer = self._refreshed(token)
        except (TokenRefused, TokenResponseInvalid, errors.IssuerUnknown) as err:
            # Refused once is refused for good: the refresh token was used, revoked, or has ended.
            if store.remove(token.id, version=token.version) is None:
                return None
            raise RelaunchNeeded(err.reason) from err
        except errors.LaunchError as err:
            store.give_back(token.id, owner=owner)
            raise TokenBusy(err.reason) from err
        except BaseException:
            store.give_back(token.id, owner=owner)
            raise
        return newer if store.replace(newer, version=token.version, owner=owner) else None

    def _refreshed(self, token: KeptToken) -> KeptToken:
        registration = self._registration(token)
        configuration = discover(registration, self._documents)
        grant = {"grant_type": "refresh_token", "refresh_token": token.refresh_token or ""}
        proof = client_authentication(registration, token_url=configuration.token_endpoint, keys=self._keys)
        asked_at = now()
        answer = ask_for_token(self._door, configuration.token_endpoint, grant, proof)
        response = read_token_response(answer, asked=token.scopes)
        return replace(
            token,
            access_token=response.access_token,
            # An EHR that does not rotate sends none: the old one stays good (RFC 6749 6).
            refresh_token=response.refresh_token or token.refresh_token,
            scopes=tuple(sorted(response.granted_scopes)),
            obtained_at=asked_at,
            expires_at=asked_at + timedelta(seconds=response.seconds),
            version=token.version + 1,
        )

    def _give_back(self, token: KeptToken, seconds: float) -> None:
        """Revoke the refresh token (which ends the grant), or else the access token."""
        try:
            registration = self._registration(token)
            configuration = discover(registration, self._documents)
            if configuration.revocation_endpoint is not None:
                self._revoke(token, registration, configuration, configuration.revocation_endpoint, seconds)
        except (OutboundError, errors.LaunchError):
            return  # it is deleted here, and ends by itself there

    def _revoke(
        self, token: KeptToken, registration: Registration, found: SmartConfiguration, url: str, seconds: float
    ) -> None:
        kind = "refresh_token" if token.refresh_token else "access_token"
        proof = client_authentication(registration, token_url=found.token_endpoint, keys=self._keys)
        form = {"token": token.refresh_token or token.access_token, "token_type_hint": kind, **proof.fields}
        request = prepared("POST", url, {**_FORM, **proof.headers}, urlencode(form).encode())
        self._door.send(request, seconds=seconds)

    def _registration(self, token: KeptToken) -> Registration:
        try:
            return self._stores.registrations.get(token.registration_id)
        except KeyError:
            raise errors.IssuerUnknown("the registration was removed") from None

    def _session(self, token: KeptToken) -> FhirSession:
        registration = self._registration_or_relaunch(token)
        return FhirSession(base=registration.iss, access_token=token.access_token, door=self._door)

    def _registration_or_relaunch(self, token: KeptToken) -> Registration:
        try:
            return self._registration(token)
        except errors.IssuerUnknown as err:
            raise RelaunchNeeded(err.reason) from err

    def _store(self) -> TokenStore:
        if self._stores.tokens is None:
            raise RelaunchNeeded("tokens are not kept here")
        return self._stores.tokens


def _is_fresh(token: KeptToken) -> bool:
    """Whether a read that begins now ends in time: half a minute early, of a short-lived token a quarter."""
    life = (token.expires_at - token.obtained_at).total_seconds()
    early = min(_EARLY_SECONDS, life / 4)
    return (token.expires_at - now()).total_seconds() > early
