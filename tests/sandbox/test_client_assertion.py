"""private_key_jwt against SMART 2.2 "Client Authentication: Asymmetric" and RFC 7523, with forged assertions."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from werkzeug.serving import make_server

from launch.sandbox.clients import client_from_json
from launch.sandbox.ehr import SandboxEhr
from tests.sandbox.conftest import RSA_KEY, SECRET, ConfidentialApp, public_jwks, registered

ANOTHER_KEY = ec.generate_private_key(ec.SECP384R1())


def refused(app: ConfidentialApp, assertion: str) -> bool:
    """Whether the code is not given for this assertion."""
    answer = app.redeem_with(app.code(), assertion)
    assert answer.status_code == 200 or answer.json()["error"] == "invalid_client", answer.text
    return answer.status_code != 200


@pytest.mark.parametrize("alg", ["ES384", "RS384"])
def test_a_signed_assertion_gets_a_token(signing_app: ConfidentialApp, alg: str) -> None:
    answer = signing_app.redeem_with(signing_app.code(), signing_app.assertion(alg=alg))
    assert answer.status_code == 200, answer.text


def test_without_an_assertion_nothing_is_given(signing_app: ConfidentialApp) -> None:
    answer = signing_app.redeem(signing_app.code(), client_id="signing")
    assert answer.json()["error"] == "invalid_client"


def test_an_assertion_used_twice_is_refused(signing_app: ConfidentialApp) -> None:
    assertion = signing_app.assertion()
    assert not refused(signing_app, assertion)
    again = ConfidentialApp(signing_app.ehr)
    assert refused(again, assertion)


def test_an_assertion_that_lives_longer_than_five_minutes_is_refused(signing_app: ConfidentialApp) -> None:
    assert refused(signing_app, signing_app.assertion(exp=int(time.time()) + 310))


def test_an_assertion_that_lives_a_year_is_refused(signing_app: ConfidentialApp) -> None:
    assert refused(signing_app, signing_app.assertion(exp=int(time.time()) + 31_536_000))


def test_an_expired_assertion_is_refused(signing_app: ConfidentialApp) -> None:
    assert refused(signing_app, signing_app.assertion(exp=int(time.time()) - 30))


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": None},
        {"typ": "at+jwt"},
        {"kid": None},
        {"kid": "unknown"},
        {"kid": "rivest"},
        {"exp": None},
        {"exp": "soon"},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"aud": None},
        {"aud": "http://elsewhere.example/token"},
        {"iss": None},
        {"iss": "public"},
        {"sub": None},
        {"sub": "public", "iss": "public"},
        {"sub": "basic", "iss": "basic"},
        {"sub": "stranger", "iss": "stranger"},
        pytest.param({"key": ANOTHER_KEY}, id="another key"),
    ],
    ids=str,
)
def test_a_forged_assertion_is_refused(signing_app: ConfidentialApp, changes: dict[str, Any]) -> None:
    assert refused(signing_app, signing_app.assertion(**changes))


def test_an_assertion_issued_in_the_future_is_refused(signing_app: ConfidentialApp) -> None:
    assert refused(signing_app, signing_app.assertion(iat=int(time.time()) + 600))


@pytest.mark.parametrize(
    ("alg", "key", "kid"),
    [
        ("ES256", ec.generate_private_key(ec.SECP256R1()), "elliptic"),
        ("RS256", RSA_KEY, "rivest"),
        ("PS384", RSA_KEY, "rivest"),
        ("HS384", "k" * 48, "elliptic"),
        ("none", None, "elliptic"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_algorithm_is_refused(signing_app: ConfidentialApp, alg: str, key: Any, kid: str) -> None:
    assert refused(signing_app, signing_app.assertion(alg=alg, key=key, kid=kid))


@pytest.mark.parametrize("assertion", ["", "a.b.c", "not a token", "a.b"])
def test_what_is_no_jwt_is_refused(signing_app: ConfidentialApp, assertion: str) -> None:
    assert refused(signing_app, assertion)


def test_a_signing_app_cannot_use_a_secret_instead(signing_app: ConfidentialApp) -> None:
    answer = signing_app.redeem(signing_app.code(), basic=("signing", SECRET))
    assert answer.json()["error"] == "invalid_client"


def test_keys_are_read_from_the_apps_jwks_uri(ehr: SandboxEhr, key_server: str) -> None:
    _register_with_uri(ehr, key_server)
    app = ConfidentialApp(ehr, client_id="by-uri")
    assert not refused(app, app.assertion())


def test_an_app_whose_keys_cannot_be_read_is_refused(ehr: SandboxEhr) -> None:
    _register_with_uri(ehr, "http://127.0.0.1:9/jwks.json")
    app = ConfidentialApp(ehr, client_id="by-uri")
    assert refused(app, app.assertion())


def test_a_key_the_app_has_just_made_is_found(ehr: SandboxEhr, key_server: str, served_keys: dict[str, Any]) -> None:
    _register_with_uri(ehr, key_server)
    whole = list(served_keys["keys"])
    served_keys["keys"] = whole[1:]
    app = ConfidentialApp(ehr, client_id="by-uri")
    assert refused(app, app.assertion())
    served_keys["keys"] = whole
    again = ConfidentialApp(ehr, client_id="by-uri")
    assert not refused(again, again.assertion())


def _register_with_uri(ehr: SandboxEhr, uri: str) -> None:
    ehr.clients["by-uri"] = client_from_json(registered("by-uri", "private_key_jwt", jwks_uri=uri))


@pytest.fixture
def served_keys() -> dict[str, Any]:
    """What the key server serves at the moment."""
    return public_jwks()


@pytest.fixture
def key_server(served_keys: dict[str, Any]) -> Iterator[str]:
    """The app's jwks_uri."""
    served = Flask("keys")
    served.add_url_rule("/jwks.json", view_func=lambda: served_keys)
    server = make_server("127.0.0.1", 0, served, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.port}/jwks.json"
    server.shutdown()
    server.server_close()
    thread.join()
