"""Obligations: id_token, fhirUser."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from launch.identity_errors import IdTokenIssuerWrong, IdTokenTimeWrong, StaffOnly
from tests.launch.canned_ehr import CannedEhr, public_jwk, rsa_key
from tests.launch.launching import LaunchedApp


@pytest.mark.parametrize("jwks_kid", [None, "ehr-1"])
@pytest.mark.parametrize("token_kid", [None, "ehr-1"])
def test_a_key_without_kid_is_accepted_when_exactly_one_fits(
    launched: LaunchedApp, ehr: CannedEhr, jwks_kid: str | None, token_kid: str | None
) -> None:
    """id_token: kid-less keys accepted when exactly one fits."""
    launched.register(ehr)
    ehr.kid = token_kid
    named = {"kid": jwks_kid} if jwks_kid else {}
    other = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}
    ehr.jwks = {"keys": [other, public_jwk(ehr.key, **named), public_jwk(rsa_key(3), use="enc")]}
    assert launched.browser().launch(ehr).text == "welcome"


def test_two_fitting_keys_without_kid_are_ambiguous(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """id_token: kid-less keys accepted when exactly one fits."""
    launched.register(ehr)
    ehr.kid = None
    ehr.jwks = {"keys": [public_jwk(ehr.key), public_jwk(rsa_key(3))]}
    assert launched.browser().launch(ehr).status_code == 403


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384"])
def test_the_usual_algorithms_are_accepted(launched: LaunchedApp, ehr: CannedEhr, algorithm: str) -> None:
    """id_token: algorithm allow-list."""
    launched.register(ehr)
    ehr.jwks = {"keys": [public_jwk(ehr.key, kid="ehr-1")]}
    ehr.make_id_token = lambda claims: jwt.encode(claims, ehr.key, algorithm=algorithm, headers={"kid": "ehr-1"})
    assert launched.browser().launch(ehr).text == "welcome"


@pytest.mark.parametrize("curve", ["P-256", "P-384"])
def test_elliptic_curves_are_accepted(launched: LaunchedApp, ehr: CannedEhr, curve: str) -> None:
    """id_token: algorithm allow-list."""
    launched.register(ehr)
    key = ec.generate_private_key(ec.SECP256R1() if curve == "P-256" else ec.SECP384R1())
    ehr.jwks = {"keys": [{**json.loads(ECAlgorithm.to_jwk(key.public_key())), "kid": "ec"}]}
    algorithm = "ES256" if curve == "P-256" else "ES384"
    ehr.make_id_token = lambda claims: jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "ec"})
    assert launched.browser().launch(ehr).text == "welcome"


@pytest.mark.parametrize(
    "changes", [{"aud": ["preceptor-client"]}, {"aud": ["a", "preceptor-client"], "azp": "preceptor-client"}]
)
def test_a_list_of_audiences_that_names_us_is_accepted(
    launched: LaunchedApp, ehr: CannedEhr, changes: dict[str, Any]
) -> None:
    """id_token: aud + azp."""
    launched.register(ehr)
    ehr.claims |= changes
    assert launched.browser().launch(ehr).text == "welcome"


@pytest.mark.parametrize(("seconds", "accepted"), [(-600, False), (-80, True), (80, True), (600, False)])
def test_clocks_may_differ_by_ninety_seconds(
    launched: LaunchedApp, ehr: CannedEhr, seconds: int, accepted: bool
) -> None:
    """id_token: exp, iat (90 s skew); off by 10 minutes is refused with the reason."""
    launched.register(ehr)
    ehr.make_id_token = lambda claims: ehr.sign(
        {**claims, "iat": claims["iat"] + seconds, "exp": claims["iat"] + seconds + 60}
    )
    assert (launched.browser().launch(ehr).status_code == 200) is accepted
    if not accepted:
        assert isinstance(launched.error, IdTokenTimeWrong)
        assert "iat is 6" in launched.error.reason or "iat is 5" in launched.error.reason


@pytest.mark.parametrize("kind", ["Practitioner", "PractitionerRole", "Person"])
@pytest.mark.parametrize(
    "form", ["{kind}/a-1", "{base}/{kind}/a-1", "{kind}/a-1/_history/7", "{base}/{kind}/a-1/_history/7"]
)
def test_staff_of_three_kinds_in_every_form_are_read(
    launched: LaunchedApp, ehr: CannedEhr, kind: str, form: str
) -> None:
    """fhirUser: absolute, relative or versioned; same FHIR base only."""
    launched.register(ehr, iss=ehr.base + "/")
    ehr.fhir_user = form.format(kind=kind, base=ehr.base)
    assert launched.browser().launch(ehr).text == "welcome"
    assert launched.context.fhir_user is not None
    assert launched.context.fhir_user.reference == f"{kind}/a-1"


@pytest.mark.parametrize("kind", ["Patient", "RelatedPerson"])
def test_patients_and_relatives_are_refused_politely(launched: LaunchedApp, ehr: CannedEhr, kind: str) -> None:
    """fhirUser: a patient is refused politely: this app is for staff."""
    launched.register(ehr)
    ehr.fhir_user = f"{kind}/a-1"
    assert launched.browser().launch(ehr).status_code == 403
    assert isinstance(launched.error, StaffOnly)
    assert "a-1" not in repr(launched.report)


def test_without_fhir_user_issuer_and_subject_identify(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """fhirUser: ... -> id_token claims -> iss|sub; say which was used."""
    launched.register(ehr)
    ehr.fhir_user = None
    ehr.claims |= {"npi": "1234567893", "email": "no@example.org"}
    assert launched.browser().launch(ehr).text == "welcome"
    assert launched.context.fhir_user is None
    assert launched.context.claims == {"npi": "1234567893"}
    identity = next(step for step in launched.report.steps if step["name"] == "identity")
    assert identity["outcome"] == "fell back"


def test_a_fhir_user_of_the_token_response_is_never_trusted(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """OpenEMR: `fhirUser` in the token response (never trust it)."""
    launched.register(ehr)
    ehr.token_parameters["fhirUser"] = "Practitioner/chief"
    launched.browser().launch(ehr)
    assert launched.context.fhir_user is not None
    assert launched.context.fhir_user.id == "prac-1"


def test_an_issuer_that_is_not_the_pinned_one_is_named_in_the_report(launched: LaunchedApp, ehr: CannedEhr) -> None:
    """id_token: the pinned issuer decides; the analyst reads which one came and can pin it."""
    launched.register(ehr)
    ehr.claims["iss"] = "https://oauth.ehr.example:8443/tenants/4f1c-22/v1"
    assert launched.browser().launch(ehr).status_code == 403
    assert type(launched.error) is IdTokenIssuerWrong
    reason = "iss is https://oauth.ehr.example:8443/tenants/4f1c-22/v1, not the registered issuer"
    assert str(launched.report.reason).startswith(reason)


@pytest.mark.parametrize(
    "came",
    [
        "https://ehr.example/?patient=canary",
        "https://ehr.example/#canary",
        "https://canary@ehr.example/",
        "https://ehr.example/canary patient",
        "javascript:canary",
        "canary",
        f"https://ehr.example/canary{'x' * 200}",
        f"https://ehr.example/{'canary' * 12}",
        "https://ehr.example/<b>canary</b>",
        "https://ehr.example/canary\n",
    ],
)
def test_what_has_not_the_shape_of_an_issuer_is_not_written_into_the_report(
    launched: LaunchedApp, ehr: CannedEhr, came: str
) -> None:
    launched.register(ehr)
    ehr.claims["iss"] = came
    assert launched.browser().launch(ehr).status_code == 403
    assert "canary" not in str(launched.report)
    assert str(launched.report.reason).startswith("iss is not an address of an issuer, not the registered issuer")
