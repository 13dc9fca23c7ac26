"""One sandbox EHR: its addresses, apps, people, memory, behaviour and faults, in one hand."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import current_app

from launch.sandbox.behaviour import Behaviour
from launch.sandbox.clients import Client
from launch.sandbox.faults import Faults
from launch.sandbox.fhir_source import FhirSource
from launch.sandbox.identity import SigningKeys
from launch.sandbox.memory import Launch, Memory


@dataclass(kw_only=True)
class SandboxEhr:
    """State of one running sandbox; any number may live in one process."""

    base_url: str
    """Origin without a trailing slash: "http://127.0.0.1:9000"."""
    source: FhirSource
    clients: dict[str, Client] = field(default_factory=dict)
    behaviour: Behaviour = field(default_factory=Behaviour)
    memory: Memory = field(default_factory=Memory)
    keys: SigningKeys = field(default_factory=SigningKeys)
    faults: Faults = field(default_factory=Faults)
    hits: Counter[str] = field(default_factory=Counter)
    """Requests by "METHOD path"."""
    requests: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=2000))
    """The last requests: method, path, query, a few headers; no bodies, no credentials."""

    def __post_init__(self) -> None:
        self.fhir_base = f"{self.base_url}/fhir"
        self.authorize_url = f"{self.base_url}/oauth/authorize"
        self.token_url = f"{self.base_url}/oauth/token"
        self.revoke_url = f"{self.base_url}/oauth/revoke"
        self.jwks_url = f"{self.base_url}/oauth/jwks"
        self.style_url = f"{self.fhir_base}/smart-style.json"

    @property
    def iss(self) -> str:
        """The FHIR base as a launch writes it, and as `aud` must repeat it."""
        return f"{self.fhir_base}/" if self.behaviour.iss_with_slash else self.fhir_base

    @property
    def issuer(self) -> str:
        """The authorization server's issuer, as discovery says it."""
        return self.behaviour.issuer or self.fhir_base

    @property
    def token_issuer(self) -> str:
        """`iss` of the id_tokens."""
        return self.behaviour.token_issuer or self.issuer

    def matching(self, resource_type: str, parameters: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
        """Resources of this type in the EHR's own store, without token or scope: its own people look them up."""
        bundle = self.source.search(resource_type, list(parameters))
        found = (entry.get("resource", {}) for entry in bundle.get("entry", []))
        return [resource for resource in found if resource.get("resourceType") == resource_type]

    def launch_url(self, launch: Launch) -> str:
        """Where the chart sends the app's frame: the app's launch URL with `iss` and a fresh one-use `launch`."""
        client = self.clients[launch.client_id]
        token = self.memory.add_launch(launch, seconds=self.behaviour.launch_seconds)
        return f"{_placed(client, launch.placement)}?{urlencode({'iss': self.iss, 'launch': token})}"

    def standalone_url(self, client_id: str, placement: str | None = None) -> str:
        """The app opened on its own: `iss` only."""
        return f"{_placed(self.clients[client_id], placement)}?{urlencode({'iss': self.iss})}"


def current_ehr() -> SandboxEhr:
    """The sandbox that serves this request."""
    ehr: SandboxEhr = current_app.extensions["sandbox_ehr"]
    return ehr


def _placed(client: Client, placement: str | None) -> str:
    return f"{client.launch_url}/{placement}" if placement else client.launch_url
