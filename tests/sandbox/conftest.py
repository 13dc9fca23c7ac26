"""A sandbox EHR on a free port with three apps, and an app that does all things right until told otherwise."""

import base64
import hashlib
import secrets
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from launch.sandbox.ehr import SandboxEhr
from launch.sandbox.identity import SigningKeys
from launch.sandbox.server import running_sandbox

REDIRECT = "http://localhost:8000/launch/callback/lakeside"
SCOPES = "launch openid fhirUser user/Practitioner.rs user/PractitionerRole.rs user/Encounter.r user/Task.rs"
EC_KEY = ec.generate_private_key(ec.SECP384R1())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EHR_KEY = SigningKeys().newest
SECRET = "a-made-up-secret"


def public_jwks() -> dict[str, Any]:
    """The public halves of both keys of the app; no `alg`, so that the EHR's own list decides."""
    elliptic = ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True) | {"kid": "elliptic"}
    rivest = RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True) | {"kid": "rivest"}
    return {"keys": [elliptic, rivest]}


def registered(client_id: str, auth: str, **more: Any) -> dict[str, Any]:
    """An entry of clients.json."""
    return {
        "client_id": client_id,
        "name": f"App {client_id}",
        "auth": auth,
        "redirect_uris": [REDIRECT],
        "launch_url": "http://localhost:8000/launch",
        "scopes": f"{SCOPES} user/Person.r offline_access launch/patient",
        **more,
    }


def resources() -> list[dict[str, Any]]:
    """Two people, three tasks, a patient, an encounter."""
    task = {"resourceType": "Task", "intent": "order", "status": "requested", "for": {"reference": "Patient/p1"}}
    code = {"coding": [{"system": "urn:preceptor:task", "code": "reply-to-message", "display": "Reply to a message"}]}
    visit = {"reference": "Encounter/e1"}
    return [
        {"resourceType": "Practitioner", "id": "ada", "name": [{"given": ["Ada"], "family": "Sample"}]},
        {"resourceType": "Practitioner", "id": "ben", "name": [{"given": ["Ben"], "family": "Sample"}]},
        {
            "resourceType": "PractitionerRole",
            "id": "ada-role",
            "practitioner": {"reference": "Practitioner/ada"},
            "code": [{"coding": [{"system": "http://snomed.info/sct", "code": "309343006", "display": "Physician"}]}],
            "specialty": [{"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "207Q00000X"}]}],
        },
        {"resourceType": "Person", "id": "ada-person", "link": [{"target": {"reference": "Practitioner/ada"}}]},
        {
            "resourceType": "Patient",
            "id": "p1",
            "name": [{"given": ["Pia"], "family": "Made-Up"}],
            "birthDate": "1970-01-02",
            "identifier": [{"value": "MRN-1"}],
        },
        {
            "resourceType": "Encounter",
            "id": "e1",
            "status": "in-progress",
            "class": {"code": "AMB"},
            "subject": {"reference": "Patient/p1"},
            "participant": [{"individual": {"reference": "Practitioner/ada"}}],
        },
        {**task, "id": "t1", "code": code, "owner": {"reference": "Practitioner/ada"}, "description": "Free text"},
        {**task, "id": "t2", "owner": {"reference": "PractitionerRole/ada-role"}, "encounter": visit},
        {**task, "id": "t3", "owner": {"reference": "Practitioner/ben"}, "status": "completed"},
    ]  # fmt: skip


@dataclass
class App:
    """An app at the EHR's door. `ehr` is the sandbox, reached by HTTP only."""

    ehr: SandboxEhr
    client_id: str = "public"
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def launch(self, **context: Any) -> str:
        """A fresh launch token, made as the chart makes it."""
        wanted = {"client_id": self.client_id, "person": "ada", **context}
        answer = requests.post(f"{self.ehr.base_url}/sandbox/launches", json=wanted, timeout=5)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["launch"])

    def authorize(self, **changes: Any) -> requests.Response:
        """An authorization request; a None takes a parameter out. Without `launch` one is made."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT,
            "scope": SCOPES,
            "state": "the-state",
            "aud": self.ehr.fhir_base,
            "nonce": self.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **changes,
        }
        if "launch" not in changes:
            parameters["launch"] = self.launch()
        sent = {name: value for name, value in parameters.items() if value is not None}
        return requests.get(self.ehr.authorize_url, params=sent, allow_redirects=False, timeout=5)

    def code(self, **changes: Any) -> str:
        """A fresh authorization code."""
        return answer_of(self.authorize(**changes))["code"]

    def redeem(self, code: str, **changes: Any) -> requests.Response:
        """The code at the token endpoint; a None takes a parameter out."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": self.verifier,
            **({"client_id": self.client_id} if self.client_id == "public" else {}),
            **changes,
        }
        basic = changes.pop("basic", None)
        form.pop("basic", None)
        sent = {name: value for name, value in form.items() if value is not None}
        return requests.post(self.ehr.token_url, data=sent, auth=basic, timeout=5)

    def tokens(self, **changes: Any) -> dict[str, Any]:
        """The token response of a whole launch."""
        answer = self.redeem(self.code(**changes))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def read(self, path: str, token: str, **parameters: Any) -> requests.Response:
        """GET below the FHIR base."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.get(f"{self.ehr.fhir_base}/{path}", params=parameters, headers=headers, timeout=5)


@dataclass
class ConfidentialApp(App):
    """An app that signs; forged assertions are made with PyJWT, not with the library under test."""

    client_id: str = "signing"

    def assertion(self, *, alg: str = "ES384", key: Any = None, **changes: Any) -> str:
        """A client assertion; `typ` and `kid` go to the header, the rest are claims; a None takes one out."""
        now = int(time.time())
        header = {"kid": "elliptic" if alg.startswith("ES") else "rivest", "typ": "JWT"}
        header |= {name: changes.pop(name) for name in ("kid", "typ") if name in changes}
        if header["kid"] is None:
            del header["kid"]
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.ehr.token_url,
            "iat": now,
            "exp": now + 300,
            "jti": str(uuid.uuid4()),
            **changes,
        }
        signer = key if key or alg == "none" else (EC_KEY if alg.startswith("ES") else RSA_KEY)
        # PyJWT writes typ: JWT by itself; an explicit None takes it out.
        return jwt.encode({n: v for n, v in claims.items() if v is not None}, signer, algorithm=alg, headers=header)

    def redeem_with(self, code: str, assertion: str) -> requests.Response:
        """The code, authenticated by this assertion."""
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        return self.redeem(code, client_assertion_type=kind, client_assertion=assertion)


def answer_of(response: requests.Response) -> dict[str, str]:
    """The parameters that the EHR sent to the redirect URI."""
    assert response.status_code == 302, response.text
    assert response.headers["Location"].startswith(f"{REDIRECT}?"), response.headers["Location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


@pytest.fixture
def ehr() -> Iterator[SandboxEhr]:
    """A running sandbox EHR."""
    clients = [
        registered("public", "public"),
        registered("signing", "private_key_jwt", jwks=public_jwks()),
        registered("basic", "client_secret_basic", client_secret=SECRET),
    ]
    keys = SigningKeys(EHR_KEY)  # made once: most of a sandbox's start is its key
    with running_sandbox(resources=resources(), clients=clients, keys=keys) as running:
        yield running


@pytest.fixture
def app(ehr: SandboxEhr) -> App:
    """A public app."""
    return App(ehr)


@pytest.fixture
def signing_app(ehr: SandboxEhr) -> ConfidentialApp:
    """An app registered for private_key_jwt."""
    return ConfidentialApp(ehr)
