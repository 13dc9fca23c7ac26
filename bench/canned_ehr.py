"""A small EHR that says the same thing to everybody, quickly: the counterpart of both apps in `bench.launch`.

Its answers are those of a real server: the resources of the fixtures, and HAPI FHIR's CapabilityStatement for 20
resource types. One process, one thread, HTTP/1.1 with keep-alive. It checks nothing; it signs an
id_token with the nonce it was given. `--delay-ms`: a call takes this long, its own work included.
Prints `ready` when it listens.
"""

import argparse
import asyncio
import base64
import gzip
import json
import re
import secrets
import time
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from fixtures.load import read_resources

LENGTH = re.compile(rb"(?i)content-length: (\d+)")
PRACTITIONER = "prac-okafor-physician"
ENCOUNTER = "enc-message-obi"
STATEMENT = Path(__file__).with_name("capability_statement.json.gz")
"""Of HAPI FHIR 8.8.0, cut from its 146 resource types to 20 that US Core servers have: 275 kB of 1.5 MB."""


def base64url(data: bytes) -> str:
    """Without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bundle(*resources: dict[str, object]) -> dict[str, object]:
    """A searchset."""
    entries = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def resources() -> dict[str, dict[str, object]]:
    """What a FHIR server with the fixtures in it answers to the reads of a launch, by path."""
    held = {f"{one['resourceType']}/{one['id']}": one for one in read_resources()}
    owner = {"reference": f"Practitioner/{PRACTITIONER}"}
    roles = [one for one in held.values() if one.get("practitioner") == owner]
    active = ("requested", "received", "accepted", "ready", "in-progress", "on-hold")
    tasks = [one for one in held.values() if one.get("owner") == owner and one.get("status") in active]
    return {
        f"/fhir/Practitioner/{PRACTITIONER}": held[f"Practitioner/{PRACTITIONER}"],
        "/fhir/PractitionerRole": bundle(*roles),
        "/fhir/Task": bundle(*tasks),
        f"/fhir/Encounter/{ENCOUNTER}": held[f"Encounter/{ENCOUNTER}"],
    }


class CannedEhr:
    """What it says; `answer` is the whole of it."""

    def __init__(self, base: str, *, minimal: bool = False) -> None:
        self.base = base
        self.iss = f"{base}/fhir"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.header = base64url(json.dumps({"alg": "RS256", "typ": "JWT", "kid": "bench"}).encode())
        self.codes: dict[str, tuple[str, str]] = {}
        self.bodies = {path: json.dumps(resource).encode() for path, resource in resources().items()}
        self.bodies["/fhir/.well-known/smart-configuration"] = json.dumps(self.discovery()).encode()
        self.bodies["/fhir/metadata"] = json.dumps(self.metadata(minimal=minimal)).encode()
        self.bodies["/oauth/jwks"] = json.dumps(self.jwks()).encode()

    def discovery(self) -> dict[str, object]:
        """SMART App Launch 2.2, "Metadata"."""
        return {
            "issuer": self.iss,
            "jwks_uri": f"{self.base}/oauth/jwks",
            "authorization_endpoint": f"{self.base}/oauth/authorize",
            "token_endpoint": f"{self.base}/oauth/token",
            "token_endpoint_auth_methods_supported": ["none"],
            "grant_types_supported": ["authorization_code"],
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "fhirUser", "launch"],
            "code_challenge_methods_supported": ["S256"],
            "capabilities": ["launch-ehr", "client-public", "sso-openid-connect", "permission-user", "permission-v2"],
        }

    def metadata(self, *, minimal: bool) -> dict[str, object]:
        """The CapabilityStatement that fhirclient begins with. `minimal`: without any resource type."""
        oauth = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
        urls = [
            {"url": "authorize", "valueUri": f"{self.base}/oauth/authorize"},
            {"url": "token", "valueUri": f"{self.base}/oauth/token"},
        ]
        statement: dict[str, object] = json.loads(gzip.decompress(STATEMENT.read_bytes()))
        rest = {} if minimal else dict(statement["rest"][0])  # type: ignore[index]  # JSON as it came
        rest |= {"mode": "server", "security": {"extension": [{"url": oauth, "extension": urls}]}}
        return statement | {"rest": [rest]}

    def jwks(self) -> dict[str, object]:
        """The public half of the id_token's key."""
        numbers = self.key.public_key().public_numbers()
        modulus, exponent = numbers.n.to_bytes(256, "big"), numbers.e.to_bytes(3, "big")
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "bench"}
        return {"keys": [{**key, "n": base64url(modulus), "e": base64url(exponent)}]}

    def id_token(self, client_id: str, nonce: str) -> str:
        """Signed for this launch."""
        now = int(time.time())
        claims = {"iss": self.iss, "sub": PRACTITIONER, "aud": client_id, "iat": now, "exp": now + 300}
        claims |= {"fhirUser": f"{self.iss}/Practitioner/{PRACTITIONER}"} | ({"nonce": nonce} if nonce else {})
        signed = f"{self.header}.{base64url(json.dumps(claims).encode())}"
        return f"{signed}.{base64url(self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def authorize(self, query: dict[str, list[str]]) -> tuple[int, str, bytes]:
        """302 to the app with a code."""
        code = secrets.token_urlsafe(24)
        self.codes[code] = (query["client_id"][0], query.get("nonce", [""])[0])
        return 302, f"{query['redirect_uri'][0]}?code={code}&state={query['state'][0]}", b""

    def token(self, form: dict[str, list[str]]) -> tuple[int, str, bytes]:
        """A token response with the launch context."""
        client_id, nonce = self.codes.pop(form["code"][0])
        body = {
            "access_token": secrets.token_urlsafe(24),
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "launch openid fhirUser user/Practitioner.rs user/PractitionerRole.rs user/Person.r "
            "user/Encounter.r user/Task.rs",
            "id_token": self.id_token(client_id, nonce),
            "patient": "pat-bench",
            "encounter": ENCOUNTER,
            "need_patient_banner": False,
        }
        return 200, "", json.dumps(body).encode()

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, str, bytes]:
        """(status, Location or "", body)."""
        parts = urlsplit(target)
        if parts.path == "/oauth/authorize":
            return self.authorize(parse_qs(parts.query))
        if parts.path == "/oauth/token" and method == "POST":
            return self.token(parse_qs(body.decode()))
        found = self.bodies.get(parts.path)
        return (200, "", found) if found else (404, "", b'{"resourceType": "OperationOutcome"}')


class Connection(asyncio.Protocol):
    """Answers one request after the other until the other side closes."""

    def __init__(self, ehr: CannedEhr, delay: float) -> None:
        self.ehr, self.delay = ehr, delay
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        stated = LENGTH.search(head)
        if not end or len(body) < (int(stated[1]) if stated else 0):
            return
        self.received = b""
        arrived = time.perf_counter()
        answer = self.answer(head, body)
        self.send_at(arrived + self.delay, answer) if self.delay else self.transport.write(answer)

    def answer(self, head: bytes, body: bytes) -> bytes:
        """The whole of it, as sent."""
        method, target, _ = head.partition(b"\r\n")[0].decode().split(" ")
        status, location, content = self.ehr.answer(method, target, body)
        kind = "application/fhir+json" if target.startswith("/fhir") else "application/json"
        extra = f"Location: {location}\r\n" if location else ""
        lines = f"HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n{extra}\r\n"
        return lines.encode() + content

    def send_at(self, moment: float, answer: bytes) -> None:
        """`moment`: of time.perf_counter(). The event loop's own timer is up to a millisecond late."""
        loop, left = asyncio.get_running_loop(), moment - time.perf_counter()
        if left <= 0:
            self.transport.write(answer)
        elif left > 0.0015:
            loop.call_later(left - 0.0015, self.send_at, moment, answer)
        else:
            loop.call_soon(self.send_at, moment, answer)


async def main() -> None:
    """Listen until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--minimal-statement", action="store_true")
    options = parser.parse_args()
    ehr = CannedEhr(f"http://127.0.0.1:{options.port}", minimal=options.minimal_statement)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(ehr, options.delay_ms / 1000), "127.0.0.1", options.port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
