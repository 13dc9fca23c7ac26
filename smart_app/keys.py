"""The app's secrets in one file: a JWK Set (RFC 7517), mode 0600, with three uses.

- ``sig``: RS384 and ES384 private keys for private_key_jwt. The newest signs; all are published.
- ``enc``: AES-256-GCM keys for what is encrypted at rest. The newest encrypts; the key's id is in the
  ciphertext, so that older ones still decrypt.
- ``hash``: HMAC-SHA-256 keys for identifiers that are matched but never shown. The newest hashes;
  a match is tried under all.

A rotated file is picked up by running workers at their next use of a key.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from launch.stores import SigningAlgorithm

Jwk = Mapping[str, Any]

_FORMAT = b"\x01"
_NONCE = 12
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_USES = ("RS384", "ES384", "A256GCM", "HS256")


class KeysError(Exception):
    """The key file is missing, readable by others, or not what it should be."""


class UnreadableCiphertext(KeysError):
    """No key of the ring decrypts it, or it was altered."""


@dataclass(frozen=True)
class _Ring:
    """One reading of the file; oldest key first within each algorithm."""

    keys: tuple[Jwk, ...]
    changed: tuple[int, int]
    """mtime in nanoseconds and inode of the file that was read."""

    def of(self, algorithm: str) -> tuple[Jwk, ...]:
        return tuple(key for key in self.keys if key["alg"] == algorithm)


class KeyRing:
    """All keys of the app. Satisfies :class:`launch.stores.SigningKeys`."""

    def __init__(self, path: Path) -> None:
        """Read the JWK Set at `path`; raises KeysError."""
        self._path = path
        self._ring = _read(path)

    @classmethod
    def load(cls, path: Path) -> "KeyRing":
        """The ring of the file at `path`; raises KeysError."""
        return cls(path)

    def signing_key(self, algorithm: SigningAlgorithm) -> Jwk:
        """The newest private JWK for this algorithm."""
        return self._newest(algorithm)

    def public_jwks(self) -> Mapping[str, Any]:
        """{"keys": [...]}: public halves of all signing keys, the rotated ones too."""
        ring = self._current()
        signing = (*ring.of("RS384"), *ring.of("ES384"))
        return {"keys": [{k: v for k, v in key.items() if k not in _PRIVATE_MEMBERS} for key in signing]}

    def encrypt(self, plain: bytes, *, aad: bytes) -> bytes:
        """AES-256-GCM under the newest key. `aad` says what it is; the same must be given to decrypt."""
        key = self._newest("A256GCM")
        kid = key["kid"].encode()
        head = _FORMAT + bytes([len(kid)]) + kid
        nonce = secrets.token_bytes(_NONCE)
        return head + nonce + AESGCM(_octets(key)).encrypt(nonce, plain, head + aad)

    def decrypt(self, cipher: bytes, *, aad: bytes) -> bytes:
        """What was encrypted; raises UnreadableCiphertext."""
        head, kid, rest = _split(cipher)
        key = next((key for key in self._current().of("A256GCM") if key["kid"] == kid), None)
        if key is None:
            raise UnreadableCiphertext(f"the key {kid!r} is not in {self._path.name}")
        try:
            return AESGCM(_octets(key)).decrypt(rest[:_NONCE], rest[_NONCE:], head + aad)
        except InvalidTag:
            raise UnreadableCiphertext("altered, or meant for another place") from None

    def renewed(self, cipher: bytes, *, aad: bytes) -> bytes:
        """The same under the newest key; as it is where it is that already. Raises UnreadableCiphertext."""
        return cipher if self.is_newest(cipher) else self.encrypt(self.decrypt(cipher, aad=aad), aad=aad)

    def is_newest(self, cipher: bytes) -> bool:
        """Whether `cipher` was made with the key that encrypts now."""
        return bool(_split(cipher)[1] == self._newest("A256GCM")["kid"])

    def hash(self, purpose: str, value: str) -> bytes:
        """HMAC-SHA-256 (32 bytes) of a value for one purpose, under the newest key."""
        return _hmac(self._newest("HS256"), purpose, value)

    def hashes(self, purpose: str, value: str) -> list[bytes]:
        """The value's HMAC under every key, newest first: what to match against."""
        return [_hmac(key, purpose, value) for key in reversed(self._current().of("HS256"))]

    def _newest(self, algorithm: str) -> Jwk:
        return self._current().of(algorithm)[-1]

    def _current(self) -> _Ring:
        try:
            changed = _change_mark(self._path)
        except FileNotFoundError:  # being replaced, or its volume is away: what was read still holds
            return self._ring
        if changed != self._ring.changed:
            self._ring = _read(self._path)
        return self._ring


def generate(path: Path) -> None:
    """Write a new key file, mode 0600; FileExistsError if there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump({"keys": list(_fresh())}, out, indent=1)


def rotate(path: Path) -> None:
    """Append one new key of each algorithm; the file is replaced in one step. Raises KeysError."""
    ring = _read(path)
    beside = path.with_name(path.name + ".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump({"keys": [*ring.keys, *_fresh()]}, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)


def _fresh() -> Iterator[Jwk]:
    # Only here is a key made: the serving process does not load joserfc for it.
    from joserfc.jwk import ECKey, RSAKey

    day = time.strftime("%Y%m%d", time.gmtime())
    for algorithm in _USES:
        use = {"A256GCM": "enc", "HS256": "hash"}.get(algorithm, "sig")
        about = {"kid": f"{use}-{day}-{secrets.token_hex(6)}", "use": use, "alg": algorithm}
        if algorithm == "RS384":
            yield {**RSAKey.generate_key(3072, private=True).as_dict(private=True), **about}
        elif algorithm == "ES384":
            yield {**ECKey.generate_key("P-384", private=True).as_dict(private=True), **about}
        else:
            yield {"kty": "oct", "k": _base64url(secrets.token_bytes(32)), **about}


def _read(path: Path) -> _Ring:
    try:
        found = path.stat()
        # Marked before it is read: a change in between is seen at the next use.
        changed = (found.st_mtime_ns, found.st_ino)
        if found.st_mode & 0o077:
            raise KeysError(f"{path} can be read by others; run: chmod 600 {path}")
        keys = tuple(
            {**key, "alg": str(key["alg"]), "kid": str(key["kid"])} for key in json.loads(path.read_text())["keys"]
        )
    except FileNotFoundError:
        raise KeysError(f"there is no key file at {path}; run: preceptor keys generate") from None
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise KeysError(f"{path} is not a JWK Set") from error
    missing = set(_USES) - {key["alg"] for key in keys}
    if missing:
        raise KeysError(f"{path} has no key for {', '.join(sorted(missing))}")
    return _Ring(keys, changed)


def _change_mark(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_ino


def _split(cipher: bytes) -> tuple[bytes, str, bytes]:
    if len(cipher) < 2 or cipher[:1] != _FORMAT or len(cipher) < 2 + cipher[1] + _NONCE:
        raise UnreadableCiphertext("not a ciphertext of this app")
    end = 2 + cipher[1]
    return cipher[:end], cipher[2:end].decode("ascii", "replace"), cipher[end:]


def _hmac(key: Jwk, purpose: str, value: str) -> bytes:
    return hmac.new(_octets(key), f"{purpose}\x00{value}".encode(), hashlib.sha256).digest()


def _octets(key: Jwk) -> bytes:
    text = str(key["k"])
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
