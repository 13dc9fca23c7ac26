"""Public keys of an id_token's issuer: from the pinned JWKS only, never from the token itself."""

from collections.abc import Mapping
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from launch.documents import Documents
from launch.stores import CachedDocument

PublicKey = RSAKey | ECKey
_KTY: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC"}
_CURVE: Final = {"ES256": "P-256", "ES384": "P-384"}
_MIN_RSA_BITS: Final = 2048
_MAX_KEYS: Final = 100


class KeySets:
    """Finds the key for a token's header; safe to use from several threads."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._imported: dict[tuple[str, str], tuple[CachedDocument, dict[int, PublicKey | None]]] = {}

    def find(self, registration_id: str, jwks_uri: str, *, algorithm: str, kid: str | None) -> PublicKey | None:
        """The one key that fits, or None. An unknown `kid` leads to at most one refetch a minute.

        Raises :class:`launch.outbound.OutboundError` where the key set cannot be read.
        """
        document = self._documents.get(registration_id, jwks_uri)
        key = self._fitting(registration_id, jwks_uri, document, algorithm, kid)
        if key is not None:
            return key
        newer = self._documents.refetch(registration_id, jwks_uri)
        return self._fitting(registration_id, jwks_uri, newer, algorithm, kid)

    def _fitting(
        self, registration_id: str, jwks_uri: str, document: CachedDocument, algorithm: str, kid: str | None
    ) -> PublicKey | None:
        jwks = document.body.get("keys")
        listed = jwks[:_MAX_KEYS] if isinstance(jwks, list) else []
        index = _pick(listed, algorithm, kid)
        if index is None:
            return None
        held = self._imported.get((registration_id, jwks_uri))
        if held is None or held[0] is not document:
            held = self._imported[(registration_id, jwks_uri)] = (document, {})
        if index not in held[1]:
            held[1][index] = _imported(listed[index])
        return held[1][index]


def _pick(listed: list[Any], algorithm: str, kid: str | None) -> int | None:
    """Index of the key to use.

    With a `kid`, the key of that name. Where the token or the key set has no kid,
    a key is accepted when exactly one fits.
    """
    fitting = [(index, jwk.get("kid")) for index, jwk in enumerate(listed) if _fits(jwk, algorithm)]
    if kid is not None:
        named = [index for index, name in fitting if name == kid]
        if named:
            return named[0] if len(named) == 1 else None
        fitting = [(index, name) for index, name in fitting if name is None]
    return fitting[0][0] if len(fitting) == 1 else None


def _fits(jwk: Any, algorithm: str) -> bool:
    if not isinstance(jwk, Mapping) or jwk.get("kty") != _KTY[algorithm[:2]]:
        return False
    if jwk.get("use") not in (None, "sig") or jwk.get("alg") not in (None, algorithm):
        return False
    operations = jwk.get("key_ops")
    if operations is not None and (not isinstance(operations, list) or "verify" not in operations):
        return False
    return algorithm not in _CURVE or jwk.get("crv") == _CURVE[algorithm]


def _imported(jwk: Mapping[str, Any]) -> PublicKey | None:
    """The key object; None for a key that cannot be read or is too short."""
    public = {name: jwk[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in jwk}
    try:
        key: PublicKey = RSAKey.import_key(public) if jwk["kty"] == "RSA" else ECKey.import_key(public)
        if isinstance(key, RSAKey) and key.public_key.key_size < _MIN_RSA_BITS:
            return None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key
