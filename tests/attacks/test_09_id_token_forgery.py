"""Attack 9: forged id_tokens. They are made by PyJWT and by hand, not by the library under test.

Each is one change of a token that is accepted (the first test shows that it is).
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from launch import identity_errors as refused
from tests.launch.canned_ehr import CannedEhr, public_jwk, rsa_key
from tests.launch.launching import LaunchedApp

Claims = dict[str, Any]
Forge = Callable[[CannedEhr, Claims], Any]


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unsigned(header: Claims, claims: Claims, signature: str = "") -> str:
    return f"{_b64(json.dumps(header).encode())}.{_b64(json.dumps(claims).encode())}.{signature}"


def _pem(ehr: CannedEhr) -> bytes:
    kind, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return ehr.key.public_key().public_bytes(kind, form)


def _hs256(secret: bytes, claims: Claims, **header: Any) -> str:
    text = _unsigned({"alg": "HS256", "typ": "JWT", "kid": "ehr-1", **header}, claims)[:-1]
    return f"{text}.{_b64(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def _other_key(_: CannedEhr, claims: Claims, **header: Any) -> str:
    return jwt.encode(claims, rsa_key(9), algorithm="RS256", headers={"kid": "ehr-1", **header})


@cache
def _ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _es256(ehr: CannedEhr, claims: Claims) -> str:
    return jwt.encode(claims, _ec_key(), algorithm="ES256", headers={"kid": "ehr-1"})


def _short_key(ehr: CannedEhr, claims: Claims) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    ehr.jwks = {"keys": [public_jwk(key, kid="short")]}
    text = _unsigned({"alg": "RS256", "kid": "short"}, claims)[:-1]
    return f"{text}.{_b64(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _tampered(ehr: CannedEhr, claims: Claims) -> str:
    header, _, signature = ehr.sign(claims).split(".")
    return f"{header}.{_b64(json.dumps({**claims, 'sub': 'chief'}).encode())}.{signature}"


def _changed(**changes: Any) -> Forge:
    def forge(ehr: CannedEhr, claims: Claims) -> str:
        return ehr.sign({name: value for name, value in {**claims, **changes}.items() if value is not None})

    return forge


def _shifted(**seconds: int) -> Forge:
    def forge(ehr: CannedEhr, claims: Claims) -> str:
        return ehr.sign({**claims, **{name: int(time.time()) + delta for name, delta in seconds.items()}})

    return forge


def _header(**members: Any) -> Forge:
    return lambda ehr, claims: ehr.sign(claims, **members)


FORGED: dict[str, tuple[type[refused.IdTokenError], Forge]] = {
    "absent": (refused.IdTokenMissing, lambda ehr, claims: None),
    "empty": (refused.IdTokenMalformed, lambda ehr, claims: ""),
    "a number": (refused.IdTokenMalformed, lambda ehr, claims: 7),
    "an object": (refused.IdTokenMalformed, lambda ehr, claims: {"sub": "x"}),
    "a JWS in JSON": (refused.IdTokenMalformed, lambda ehr, claims: '{"payload":"","signatures":[]}'),
    "two parts": (refused.IdTokenMalformed, lambda ehr, claims: ehr.sign(claims).rpartition(".")[0]),
    "five parts (encrypted)": (refused.IdTokenMalformed, lambda ehr, claims: ehr.sign(claims) + ".a.b"),
    "huge": (refused.IdTokenMalformed, lambda ehr, claims: ehr.sign({**claims, "x": "y" * 40_000})),
    "header is not JSON": (refused.IdTokenMalformed, lambda ehr, claims: "e30x." + ehr.sign(claims).partition(".")[2]),
    "header is a list": (refused.IdTokenMalformed, lambda ehr, claims: "W10." + ehr.sign(claims).partition(".")[2]),
    "no alg": (refused.IdTokenMalformed, lambda ehr, claims: _unsigned({"kid": "ehr-1"}, claims)),
    "alg none": (refused.IdTokenAlgorithmRefused, lambda ehr, claims: _unsigned({"alg": "none"}, claims)),
    "alg None": (refused.IdTokenAlgorithmRefused, lambda ehr, claims: _unsigned({"alg": "NoNe"}, claims)),
    "alg none over a good signature": (
        refused.IdTokenAlgorithmRefused,
        lambda ehr, claims: _unsigned({"alg": "none"}, claims, ehr.sign(claims).rpartition(".")[2]),
    ),
    "alg is a list": (refused.IdTokenAlgorithmRefused, lambda ehr, claims: _unsigned({"alg": ["RS256"]}, claims)),
    "HS256 with the RSA key": (refused.IdTokenAlgorithmRefused, lambda ehr, claims: _hs256(_pem(ehr), claims)),
    "HS256 with the modulus": (
        refused.IdTokenAlgorithmRefused,
        lambda ehr, claims: _hs256(ehr.jwks["keys"][0]["n"].encode(), claims),
    ),
    "HS256 with the client id": (
        refused.IdTokenAlgorithmRefused,
        lambda ehr, claims: _hs256(ehr.client_id.encode(), claims),
    ),
    "signature left out": (
        refused.IdTokenSignatureInvalid,
        lambda ehr, claims: ehr.sign(claims).rpartition(".")[0] + ".",
    ),
    "payload changed": (refused.IdTokenSignatureInvalid, _tampered),
    "another key under our kid": (refused.IdTokenSignatureInvalid, _other_key),
    "another key and no kid": (
        refused.IdTokenSignatureInvalid,
        lambda ehr, claims: jwt.encode(claims, rsa_key(9), algorithm="RS256"),
    ),
    "an unknown kid": (refused.IdTokenKeyUnknown, lambda ehr, claims: _other_key(ehr, claims, kid="evil")),
    "EC signature under an RSA kid": (refused.IdTokenKeyUnknown, _es256),
    "RS512 where the key says RS256": (
        refused.IdTokenKeyUnknown,
        lambda ehr, claims: jwt.encode(claims, ehr.key, algorithm="RS512", headers={"kid": "ehr-1"}),
    ),
    "a key of 1024 bits": (refused.IdTokenKeyUnknown, _short_key),
    "embedded jwk": (
        refused.IdTokenMalformed,
        lambda ehr, claims: _other_key(ehr, claims, jwk=public_jwk(rsa_key(9))),
    ),
    "unknown crit": (refused.IdTokenMalformed, _header(crit=["x"], x=1)),
    "empty crit": (refused.IdTokenMalformed, _header(crit=[])),
    "typ of an access token": (refused.IdTokenMalformed, _header(typ="at+jwt")),
    "typ of a logout token": (refused.IdTokenMalformed, _header(typ="logout+jwt")),
    "wrong aud": (refused.IdTokenAudienceWrong, _changed(aud="another-client")),
    "no aud": (refused.IdTokenAudienceWrong, _changed(aud=None)),
    "aud is an object": (refused.IdTokenAudienceWrong, _changed(aud={"preceptor-client": 1})),
    "aud holds a number": (refused.IdTokenAudienceWrong, _changed(aud=["preceptor-client", 7])),
    "aud is a longer name": (refused.IdTokenAudienceWrong, _changed(aud="preceptor-client-2")),
    "wrong aud, right azp": (refused.IdTokenAudienceWrong, _changed(aud="another", azp="preceptor-client")),
    "right aud, wrong azp": (refused.IdTokenAudienceWrong, _changed(azp="another-client")),
    "several aud, no azp": (refused.IdTokenAudienceWrong, _changed(aud=["preceptor-client", "another"])),
    "several aud, wrong azp": (
        refused.IdTokenAudienceWrong,
        _changed(aud=["preceptor-client", "another"], azp="another"),
    ),
    "wrong iss": (refused.IdTokenIssuerWrong, _changed(iss="https://evil.example")),
    "no iss": (refused.IdTokenIssuerWrong, _changed(iss=None)),
    "iss with a slash more": (
        refused.IdTokenIssuerWrong,
        lambda ehr, claims: ehr.sign({**claims, "iss": claims["iss"] + "/"}),
    ),
    "iss in capitals": (
        refused.IdTokenIssuerWrong,
        lambda ehr, claims: ehr.sign({**claims, "iss": claims["iss"].upper()}),
    ),
    "iss is a list": (
        refused.IdTokenIssuerWrong,
        lambda ehr, claims: _rs256_by_hand(ehr, {**claims, "iss": [claims["iss"]]}),
    ),
    "expired": (refused.IdTokenExpired, _shifted(exp=-120)),
    "no exp": (refused.IdTokenMalformed, _changed(exp=None)),
    "exp is a text": (
        refused.IdTokenMalformed,
        lambda ehr, claims: _rs256_by_hand(ehr, {**claims, "exp": "9999999999"}),
    ),
    "exp is true": (refused.IdTokenMalformed, lambda ehr, claims: _rs256_by_hand(ehr, {**claims, "exp": True})),
    "exp is NaN": (
        refused.IdTokenMalformed,
        lambda ehr, claims: _rs256_by_hand(ehr, {**claims, "exp": float("nan")}),
    ),
    "exp beyond all bounds": (
        refused.IdTokenMalformed,
        lambda ehr, claims: _rs256_by_hand(ehr, {**claims, "exp": 10**400}),
    ),
    "iat in the future": (refused.IdTokenTimeWrong, _shifted(iat=600)),
    "iat long ago": (refused.IdTokenTimeWrong, _shifted(iat=-900)),
    "no iat": (refused.IdTokenMalformed, _changed(iat=None)),
    "not yet valid": (refused.IdTokenTimeWrong, _shifted(nbf=600)),
    "another nonce": (refused.IdTokenNonceWrong, _changed(nonce="another")),
    "no nonce": (refused.IdTokenNonceWrong, _changed(nonce=None)),
    "nonce not ASCII": (refused.IdTokenNonceWrong, _changed(nonce="é")),
    "no sub": (refused.IdTokenSubjectMissing, _changed(sub=None)),
    "empty sub": (refused.IdTokenSubjectMissing, _changed(sub="")),
    "payload is a list": (refused.IdTokenMalformed, lambda ehr, claims: _rs256_by_hand(ehr, [claims])),
}


def _rs256_by_hand(ehr: CannedEhr, payload: Any) -> str:
    """Signed, whatever it holds: PyJWT refuses to sign some of these."""
    signer = jwt.PyJWS()
    return signer.encode(json.dumps(payload).encode(), ehr.key, algorithm="RS256", headers={"kid": "ehr-1"})


def test_the_token_from_which_the_forgeries_are_made_is_accepted(launched: LaunchedApp, ehr: CannedEhr) -> None:
    launched.register(ehr)
    ehr.make_id_token = ehr.sign
    assert launched.browser().launch(ehr).text == "welcome"


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # it warns of the short key; we refuse it
@pytest.mark.parametrize("name", FORGED)
def test_a_forged_id_token_signs_nobody_in(launched: LaunchedApp, ehr: CannedEhr, name: str) -> None:
    launched.register(ehr)
    expected, forge = FORGED[name]
    ehr.make_id_token = lambda claims: forge(ehr, claims)
    answer = launched.browser().launch(ehr)
    assert answer.status_code == 403
    assert type(launched.error) is expected, launched.error.reason
    assert launched.arrived == []
    assert launched.report.outcome == "failed"


@pytest.mark.parametrize(
    "published",
    [
        {"keys": []},
        {"keys": "none"},
        {},
        {"keys": [None, 7, "x", {"kty": "oct", "k": "c2VjcmV0", "kid": "ehr-1"}]},
        {"keys": [{"kty": "RSA", "kid": "ehr-1", "n": "!", "e": "AQAB"}]},
        {"keys": [{"kty": "RSA", "kid": "ehr-1"}]},
    ],
)
def test_a_key_set_that_cannot_be_used_signs_nobody_in(
    launched: LaunchedApp, ehr: CannedEhr, published: dict[str, Any]
) -> None:
    launched.register(ehr)
    ehr.jwks = published
    assert launched.browser().launch(ehr).status_code == 403
    assert isinstance(launched.error, refused.IdTokenKeyUnknown)


@pytest.mark.parametrize("members", [{"use": "enc"}, {"key_ops": ["encrypt"]}, {"key_ops": "verify"}, {"alg": "PS256"}])
def test_a_key_that_is_not_for_this_signature_is_not_used(
    launched: LaunchedApp, ehr: CannedEhr, members: dict[str, Any]
) -> None:
    launched.register(ehr)
    ehr.jwks = {"keys": [{**public_jwk(ehr.key, kid="ehr-1"), **members}]}
    assert launched.browser().launch(ehr).status_code == 403
    assert isinstance(launched.error, refused.IdTokenKeyUnknown)
