"""The sandbox EHR's keys and the id_token it signs (OpenID Connect Core 2; SMART 2.2, "fhirUser")."""

import hashlib
import time
from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from launch.sandbox.behaviour import Behaviour, with_changes
from launch.sandbox.memory import Launch

Search = Callable[[str, list[tuple[str, str]]], list[dict[str, Any]]]
"""(resource type, parameters) -> matching resources."""


class SigningKeys:
    """RS256 keys of the EHR; the newest signs."""

    def __init__(self, first: RSAKey | None = None) -> None:
        """`first`: a private key with its kid; None makes one, which takes a tenth of a second."""
        self._keys = [first or self._make()]

    @property
    def newest(self) -> RSAKey:
        return self._keys[-1]

    def rotate(self, *, keep_old: bool = True) -> None:
        """Sign with a new key from now on; without `keep_old` older id_tokens can no longer be checked."""
        self._keys = [*(self._keys if keep_old else ()), self._make()]

    def public_jwks(self) -> dict[str, Any]:
        """{"keys": [...]}, public halves only."""
        return dict(KeySet(list(self._keys)).as_dict(private=False))

    @staticmethod
    def _make() -> RSAKey:
        key = RSAKey.generate_key(2048, parameters={"use": "sig", "alg": "RS256"}, private=True)
        key.ensure_kid()
        return key


def subject_of(person: str) -> str:
    """The stable, opaque `sub` of a person."""
    return hashlib.sha256(f"sandbox|{person}".encode()).hexdigest()[:32]


def find_fhir_user(launch: Launch, *, behaviour: Behaviour, fhir_base: str, search: Search) -> str | None:
    """What `fhirUser` says, in the kind and form that the behaviour asks for; None where it has none to say."""
    if launch.fhir_user is not None:
        return launch.fhir_user
    reference = _reference(launch.person, kind=behaviour.fhir_user_kind, search=search)
    if reference is None or behaviour.omit_fhir_user:
        return None
    if behaviour.fhir_user_form == "relative":
        return reference
    return f"{fhir_base}/{reference}" + ("/_history/1" if behaviour.fhir_user_form == "versioned" else "")


def sign_id_token(
    *, keys: SigningKeys, behaviour: Behaviour, issuer: str, client_id: str, launch: Launch, nonce: str | None,
    fhir_user: str | None,
) -> str:  # fmt: skip
    """A compact JWS by RS256."""
    now = int(time.time())
    claims = {
        "iss": issuer,
        "sub": subject_of(launch.person),
        "aud": client_id,
        "iat": now,
        "exp": now + behaviour.id_token_seconds,
        **({"nonce": nonce} if nonce else {}),
        **({"fhirUser": fhir_user, "profile": fhir_user} if fhir_user else {}),
    }
    header = {"alg": "RS256", **({} if behaviour.omit_kid else {"kid": keys.newest.kid})}
    return jwt.encode(header, with_changes(claims, behaviour.id_token_claims), keys.newest, algorithms=["RS256"])


def _reference(person: str, *, kind: str, search: Search) -> str | None:
    if kind == "Practitioner":
        return person
    parameter = {"PractitionerRole": "practitioner", "Person": "practitioner"}[kind]
    found = search(kind, [(parameter, person)])
    return f"{kind}/{found[0]['id']}" if found else None
