"""A small EHR on the loopback that answers as it is told, and remembers every request.

It is no sandbox: it checks PKCE and the code, and may be told to break any rule.
Its tokens are signed by PyJWT, not by the library under test.
"""

import base64
import gzip
import hashlib
import json
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.serving import TestServer


@cache
def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    """Key number so-and-so; made once, since it takes its time."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(key: rsa.RSAPrivateKey, **members: Any) -> dict[str, Any]:
    return {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), **members}


@dataclass(frozen=True)
class Seen:
    """One request that the EHR received."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    form: Mapping[str, str]
    connection: int = 0
    """The caller's port: the same for all requests on one connection."""


@dataclass(frozen=True)
class Answer:
    """What to answer. `body`: JSON value, or bytes as they are."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Responder = Callable[[Seen], Answer]


class CannedEhr:
    """The EHR's state; tests change it between requests."""

    def __init__(self, port: int, *, host: str = "127.0.0.1", origin: str | None = None) -> None:
        self.origin = origin or f"http://{host}:{port}"
        self.port = port
        self.base = f"{self.origin}/fhir"
        self.issuer = self.base
        self.client_id = "preceptor-client"
        self.key = rsa_key()
        self.jwks: dict[str, Any] = {"keys": [public_jwk(self.key, kid="ehr-1", use="sig", alg="RS256")]}
        self.kid: str | None = "ehr-1"
        self.subject = "user-77"
        self.fhir_user: str | None = "Practitioner/prac-1"
        self.claims: dict[str, Any] = {}
        self.configuration: dict[str, Any] = {}
        self.token_parameters: dict[str, Any] = {"patient": "pat-9", "encounter": "enc-4"}
        self.make_id_token: Callable[[dict[str, Any]], Any] | None = None
        self.answers: dict[str, Responder] = {}
        self.seen: list[Seen] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.access_token = "canned-access-token"
        self.refresh_tokens: set[str] = set()
        """Those that are good now; none is issued unless `gives_refresh_tokens`."""
        self.gives_refresh_tokens = False
        self.rotates_refresh_tokens = True
        self.refreshed = 0
        self.refresh_delay = 0.0
        self.client_secrets: set[str] | None = None
        """Those that the token endpoint takes, in a Basic header; None: whatever comes."""
        self._lock = threading.Lock()

    def hits(self, path: str) -> int:
        return sum(1 for one in self.seen if one.path == path)

    def last(self, path: str) -> Seen:
        return [one for one in self.seen if one.path == path][-1]

    def authorize(self, location: str) -> dict[str, str]:
        """What the EHR does with the browser at its authorize endpoint: the reply's parameters."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return {"code": code, "state": query["state"]}

    def respond(self, seen: Seen) -> Answer:
        with self._lock:
            self.seen.append(seen)
        if seen.path in self.answers:
            return self.answers[seen.path](seen)
        if seen.path == "/fhir/.well-known/smart-configuration":
            return Answer(self.discovery())
        if seen.path == "/jwks":
            return Answer(self.jwks)
        if seen.path == "/token" and not self._knows_client(seen):
            return Answer({"error": "invalid_client"}, 401)
        if seen.path == "/token" and seen.form.get("grant_type") == "refresh_token":
            return self._refresh(seen)
        if seen.path == "/token":
            return self._token(seen)
        if seen.path == "/revoke":
            self.refresh_tokens.discard(seen.form.get("token", ""))
            return Answer({})
        if seen.path.startswith("/fhir/"):
            return Answer({"resourceType": seen.path.split("/")[2], "id": "x"})
        return Answer({"error": "not found"}, 404)

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "jwks_uri": f"{self.origin}/jwks",
            "code_challenge_methods_supported": ["S256"],
            "capabilities": ["launch-ehr", "client-public"],
            **self.configuration,
        }

    def id_token_claims(self, nonce: str) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": self.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "fhirUser": self.fhir_user,
            **self.claims,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, claims: Mapping[str, Any], **header: Any) -> str:
        headers = {"kid": self.kid, **header} if self.kid else dict(header)
        return jwt.encode(dict(claims), self.key, algorithm="RS256", headers=headers)

    def _knows_client(self, seen: Seen) -> bool:
        if self.client_secrets is None:
            return True
        sent = seen.headers.get("Authorization", "").removeprefix("Basic ")
        return any(base64.b64encode(f"{self.client_id}:{one}".encode()).decode() == sent for one in self.client_secrets)

    def _token(self, seen: Seen) -> Answer:
        asked = self.codes.pop(seen.form.get("code", ""), None)
        if asked is None:
            return Answer({"error": "invalid_grant"}, 400)
        digest = hashlib.sha256(seen.form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return Answer({"error": "invalid_grant"}, 400)
        claims = self.id_token_claims(asked["nonce"])
        id_token = self.make_id_token(claims) if self.make_id_token else self.sign(claims)
        if self.gives_refresh_tokens:
            self.token_parameters["refresh_token"] = self._new_refresh_token()
        answer = {
            "access_token": self.access_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": asked["scope"],
            "id_token": id_token,
            **self.token_parameters,
        }
        return Answer({name: value for name, value in answer.items() if value is not None})

    def _refresh(self, seen: Seen) -> Answer:
        """A refresh token works once where it rotates, and any number of times where it does not."""
        used = seen.form.get("refresh_token", "")
        with self._lock:
            if used not in self.refresh_tokens:
                return Answer({"error": "invalid_grant"}, 400)
            if self.rotates_refresh_tokens:
                self.refresh_tokens.remove(used)
            self.refreshed += 1
            number = self.refreshed
        time.sleep(self.refresh_delay)
        answer = {
            "access_token": f"{self.access_token}-{number}",
            "token_type": "Bearer",
            "expires_in": self.token_parameters.get("expires_in", 300),
        }
        if self.rotates_refresh_tokens:
            answer["refresh_token"] = self._new_refresh_token()
        return Answer(answer)

    def _new_refresh_token(self) -> str:
        made = f"refresh-{secrets.token_hex(8)}"
        self.refresh_tokens.add(made)
        return made


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        self._answer("")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

    def do_PUT(self) -> None:
        self.do_POST()

    def do_CONNECT(self) -> None:
        self._answer("")  # no proxy: but it remembers that it was taken for one

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the test says what matters."""

    def _answer(self, body: str) -> None:
        parts = urlsplit(self.path)
        form = {name: values[0] for name, values in parse_qs(body).items()}
        answer = self.server.ehr.respond(
            Seen(self.command, parts.path, parts.query, dict(self.headers), form, self.client_address[1])
        )
        content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        head = [f"HTTP/1.1 {answer.status} Canned", "Content-Type: application/json", f"Content-Length: {len(content)}"]
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        # Head and body in one packet: else Nagle and delayed acknowledgements cost 40 ms.
        self.wfile.write("\r\n".join([*head, "", ""]).encode() + content)


class _Server(TestServer):
    request_queue_size = 128
    ehr: CannedEhr

    def __init__(self, *place: Any) -> None:
        super().__init__(*place)
        self.connections: set[socket.socket] = set()

    def server_close(self) -> None:
        """Connections that are kept alive, too: each has a thread, which would wait until the run ends."""
        super().server_close()
        for connection in list(self.connections):
            with suppress(OSError):  # it ended meanwhile
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def canned_ehr(
    host: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None, origin: str | None = None
) -> Iterator[CannedEhr]:
    """An EHR on a free port, until the block ends. `origin`: what it calls itself where a proxy leads to it."""
    server = _Server((host, 0), _Handler)
    server.ehr = CannedEhr(server.server_address[1], host=host, origin=origin)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield server.ehr
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def gzipped(size: int) -> Answer:
    """`size` bytes of JSON that travel as a few kilobytes."""
    return Answer(gzip.compress(b'{"a":"' + b"0" * size + b'"}'), headers={"Content-Encoding": "gzip"})
