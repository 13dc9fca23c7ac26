"""The sandbox EHR before HAPI, and sign-ins at it as an app would make them."""

import base64
import hashlib
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

REDIRECT = "http://localhost:8000/launch/callback/ehr"
SCOPES = (
    "launch openid fhirUser user/Practitioner.rs user/PractitionerRole.rs user/Person.r user/Encounter.r user/Task.rs"
)
CLIENT = {
    "client_id": "preceptor",
    "name": "Preceptor",
    "auth": "public",
    "redirect_uris": [REDIRECT],
    "launch_url": "http://localhost:8000/launch",
}
SECONDS = 30


@contextmanager
def sandbox_before(fhir: str, folder: Path) -> Iterator[str]:
    """Base URL of a sandbox EHR that serves what the FHIR server at `fhir` holds."""
    clients = folder / "clients.json"
    clients.write_text(json.dumps([CLIENT]), encoding="utf-8")
    command = [sys.executable, "-m", "launch.sandbox", "--port", "0", "--fhir", fhir, "--clients", str(clients)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready, _, url = process.stdout.readline().partition(" ")
            assert ready == "ready"
            yield url.strip().rstrip("/")
        finally:
            process.terminate()


def sign_in(sandbox: str, **launch: Any) -> dict[str, Any]:
    """The token response of one EHR launch; `launch`: person, encounter, task, intent ..."""
    verifier = secrets.token_urlsafe(48)
    with requests.Session() as http:
        http.trust_env = False
        made = http.post(f"{sandbox}/sandbox/launches", json=launch, timeout=SECONDS).json()
        asked = {
            "response_type": "code",
            "client_id": CLIENT["client_id"],
            "redirect_uri": REDIRECT,
            "scope": SCOPES,
            "state": secrets.token_urlsafe(),
            "nonce": secrets.token_urlsafe(),
            "aud": made["iss"],
            "launch": made["launch"],
            "code_challenge": s256(verifier),
            "code_challenge_method": "S256",
        }
        sent_back = http.get(f"{sandbox}/oauth/authorize", params=asked, allow_redirects=False, timeout=SECONDS)
        code = parse_qs(urlsplit(sent_back.headers["Location"]).query)["code"][0]
        return redeem(http, sandbox, code, verifier)


def redeem(http: requests.Session, sandbox: str, code: str, verifier: str) -> dict[str, Any]:
    """The token response for an authorization code."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "client_id": str(CLIENT["client_id"]),
        "code_verifier": verifier,
    }
    answer = http.post(f"{sandbox}/oauth/token", data=form, timeout=SECONDS)
    answer.raise_for_status()
    tokens: dict[str, Any] = answer.json()
    return tokens


def s256(verifier: str) -> str:
    """RFC 7636, 4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
