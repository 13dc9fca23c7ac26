"""Obligations: Token."""

import time

import jwt
import pytest

from launch import LaunchContext
from launch.identity_errors import ClientRefused, TokenRefused, TokenResponseInvalid, TokenUnreachable
from tests.launch.canned_ehr import Answer, CannedEhr
from tests.launch.launching import BASE_URL, LaunchedApp


def test_a_public_client_sends_its_client_id(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Token: public client sends client_id."""
    launched.register(ehr, auth="public")
    launched.browser().launch(ehr)
    sent = ehr.last("/token")
    assert sent.form["client_id"] == ehr.client_id
    assert sent.form["grant_type"] == "authorization_code"
    assert sent.form["redirect_uri"] == f"{BASE_URL}/launch/callback/ehr"
    assert 43 <= len(sent.form["code_verifier"]) <= 128
    assert "client_assertion" not in sent.form
    assert sent.query == ""


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_a_confidential_client_signs_a_short_assertion(launched: LaunchedApp, ehr: CannedEhr, algorithm: str) -> None:
    """Token: private_key_jwt with RS384 and ES384: kid, typ=JWT, iss=sub, aud=token URL, exp <= 5 minutes, jti."""
    launched.register(ehr, auth="private_key_jwt", signing_algorithm=algorithm)
    launched.browser().launch(ehr)
    form = ehr.last("/token").form
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    header = jwt.get_unverified_header(form["client_assertion"])
    published = launched.browser().client.get("/.well-known/jwks.json").get_json()["keys"]
    key = next(one for one in published if one["kid"] == header["kid"])
    claims = jwt.decode(
        form["client_assertion"], jwt.PyJWK(key).key, algorithms=[algorithm], audience=f"{ehr.origin}/token"
    )
    assert (header["alg"], header["typ"]) == (algorithm, "JWT")
    assert claims["iss"] == claims["sub"] == ehr.client_id
    assert claims["aud"] == f"{ehr.origin}/token"
    assert 0 < claims["exp"] - claims["iat"] <= 300
    assert claims["exp"] - time.time() <= 300
    assert len(claims["jti"]) >= 22


def test_no_two_assertions_share_a_jti(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Token: unique jti."""
    launched.register(ehr, auth="private_key_jwt")
    for _ in range(5):
        launched.browser().launch(ehr)
    sent = [one.form["client_assertion"] for one in ehr.seen if one.path == "/token"]
    assert len({jwt.decode(one, options={"verify_signature": False})["jti"] for one in sent}) == 5


def test_public_keys_are_published_to_anyone_with_the_rotated_ones(launched: LaunchedApp) -> None:
    """Token: JWKS published unauthenticated, with rotation."""
    client = launched.browser().client
    before = client.get("/.well-known/jwks.json")
    launched.keys.rotate()
    after = client.get("/.well-known/jwks.json")
    old, new = ({one["kid"] for one in answer.get_json()["keys"]} for answer in (before, after))
    assert old < new
    assert before.headers["Cache-Control"] == "public, max-age=300"
    private = {"d", "p", "q", "dp", "dq", "qi", "k"}
    assert not any(private & set(one) for one in after.get_json()["keys"])


def test_private_members_are_not_published_even_if_the_store_hands_them_out(
    launched: LaunchedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Token: only public halves are published."""
    leaky = {"keys": [launched.keys.signing_key("ES384"), launched.keys.signing_key("RS384")]}
    monkeypatch.setattr(launched.keys, "public_jwks", lambda: leaky)
    keys = launched.browser().client.get("/.well-known/jwks.json").get_json()["keys"]
    assert not any({"d", "p", "q", "dp", "dq", "qi"} & set(one) for one in keys)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer({"error": "invalid_grant"}, 400), TokenRefused),
        (Answer({"error": "invalid_client"}, 401), ClientRefused),
        (Answer({"error": "invalid_grant"}, 200), TokenRefused),
        (Answer({}, 503), TokenUnreachable),
        (Answer({}, 429), TokenUnreachable),
        (Answer(b"<html>", 200), TokenResponseInvalid),
        (Answer([], 200), TokenResponseInvalid),
        (Answer({}, 307, {"Location": "http://169.254.169.254/"}), TokenResponseInvalid),
        (Answer({}, 200), TokenResponseInvalid),
        (Answer({"access_token": "t"}, 200), TokenResponseInvalid),
        (Answer({"access_token": "t", "token_type": "mac"}, 200), TokenResponseInvalid),
        (Answer({"access_token": 7, "token_type": "Bearer"}, 200), TokenResponseInvalid),
        (Answer({"access_token": "a\r\nX: y", "token_type": "Bearer"}, 200), TokenResponseInvalid),
        (Answer({"access_token": "t", "token_type": "Bearer", "scope": ["x"]}, 200), TokenResponseInvalid),
    ],
)
def test_an_answer_that_is_no_token_is_explained(
    launched: LaunchedApp, ehr: CannedEhr, answer: Answer, expected: type[Exception]
) -> None:
    """Token: every failure has its own class."""
    launched.register(ehr)
    ehr.answers["/token"] = lambda seen: answer
    assert launched.browser().launch(ehr).status_code == 502
    assert type(launched.error) is expected


def test_a_token_type_in_small_letters_is_bearer_too(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Token: RFC 6749 5.1, token_type is case insensitive."""
    launched.register(ehr)
    ehr.token_parameters["token_type"] = "bearer"
    assert launched.browser().launch(ehr).text == "welcome"


def test_the_token_is_in_no_cookie_page_report_or_text(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """Tokens: never in cookies, URLs, logs or pages, and deleted after the reads."""
    launched.register(ehr)
    held: list[str] = []

    def arrive(context: LaunchContext) -> str:
        held.append(repr(context) + repr(context.fhir))
        return "welcome"

    launched.settings["on_launch"] = arrive
    answer = launched.browser().launch(ehr)
    everything = "".join([answer.text, str(answer.headers), repr(launched.report), *held])
    assert ehr.access_token not in everything
    assert "pat-9" not in everything
    assert launched.context.fhir._authorization is None
