"""Where the sandbox's FHIR resources come from: bundles on disk, or any R4 server behind it."""

import json
import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

from launch.sandbox.search import Parameters, Resource, SearchProblem, matches, parse_search, searchset


class FhirProblem(Exception):
    """A FHIR request that is answered with an OperationOutcome."""

    def __init__(self, status: int, code: str, diagnostics: str) -> None:
        """`code`: of http://hl7.org/fhir/issue-type."""
        super().__init__(diagnostics)
        self.status, self.code, self.diagnostics = status, code, diagnostics

    def outcome(self) -> Resource:
        """The OperationOutcome."""
        issue = {"severity": "error", "code": self.code, "diagnostics": self.diagnostics}
        return {"resourceType": "OperationOutcome", "issue": [issue]}


@dataclass(frozen=True)
class Written:
    """What a write gave."""

    status: int
    """201 created, 200 updated or there already."""
    resource: Resource


class FhirSource(Protocol):
    """FHIR R4 read, search, create and update. URLs in what comes back are relative to the FHIR base."""

    def read(self, resource_type: str, resource_id: str) -> Resource:
        """The resource; FhirProblem 404."""

    def search(self, resource_type: str, parameters: Parameters, *, page_size: int = 20) -> Resource:
        """A searchset Bundle; FhirProblem 400 for a search that is not understood."""

    def page(self, parameters: Parameters) -> Resource:
        """The page that a `next` link to the base itself asks for; FhirProblem where there are no such links."""

    def create(self, resource_type: str, resource: Resource, *, unless: str | None = None) -> Written:
        """A new resource; `unless`: a search (If-None-Exist): where it finds one, that. FhirProblem 412: several."""

    def update(self, resource_type: str, resource: Resource, *, only: str | None = None) -> Written:
        """Its next version; `only`: the ETag (If-Match) that it must have now. FhirProblem 409 or 412, 404."""


class StoredResources:
    """Resources in memory."""

    def __init__(self, resources: Iterable[Mapping[str, Any]]) -> None:
        self._resources: dict[str, Resource] = {f"{r['resourceType']}/{r['id']}": dict(r) for r in resources}
        self._lock = threading.Lock()

    @classmethod
    def from_folder(cls, folder: Path) -> "StoredResources":
        """All entries of the bundles in ``folder/*.json``, in name order; later ones replace earlier ones."""
        bundles = (json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json")))
        return cls(entry["resource"] for bundle in bundles for entry in bundle.get("entry", []))

    def put(self, resource: Mapping[str, Any]) -> None:
        """Add or replace one."""
        self._resources[f"{resource['resourceType']}/{resource['id']}"] = dict(resource)

    def read(self, resource_type: str, resource_id: str) -> Resource:
        found = self._resources.get(f"{resource_type}/{resource_id}")
        if found is None:
            raise FhirProblem(404, "not-found", f"There is no {resource_type} with this id.")
        return found

    def search(self, resource_type: str, parameters: Parameters, *, page_size: int = 20) -> Resource:
        try:
            search = parse_search(resource_type, parameters, page_size=page_size)
        except SearchProblem as problem:
            raise FhirProblem(400, "not-supported", str(problem)) from problem
        found = [resource for resource in list(self._resources.values()) if matches(resource, search)]
        return searchset(search, found=found, parameters=parameters, find=self._resources.get)

    def page(self, parameters: Parameters) -> Resource:
        raise FhirProblem(400, "not-supported", "There is nothing to read at the FHIR base itself.")

    def create(self, resource_type: str, resource: Resource, *, unless: str | None = None) -> Written:
        with self._lock:
            if unless is not None:
                there = self.search(resource_type, parse_qsl(unless, keep_blank_values=True))["entry"]
                if len(there) > 1:
                    raise FhirProblem(412, "multiple-matches", "Several fit the search of If-None-Exist.")
                if there:
                    return Written(200, there[0]["resource"])
            made = _versioned({**resource, "id": secrets.token_hex(8)}, 1)
            self.put(made)
            return Written(201, made)

    def update(self, resource_type: str, resource: Resource, *, only: str | None = None) -> Written:
        with self._lock:
            before = self.read(resource_type, resource["id"])
            version = before.get("meta", {}).get("versionId", "1")
            if only is not None and only != f'W/"{version}"':
                raise FhirProblem(412, "conflict", "There is a newer version than the one of If-Match.")
            after = _versioned(resource, int(version) + 1)
            self.put(after)
            return Written(200, after)


def _versioned(resource: Resource, version: int) -> Resource:
    meta = {"versionId": str(version), "lastUpdated": datetime.now(UTC).isoformat(timespec="milliseconds")}
    return {**resource, "meta": {**resource.get("meta", {}), **meta}}


class RemoteServer:
    """Another FHIR R4 server, read without authorization: this EHR's authorization stands before it."""

    def __init__(self, base: str) -> None:
        """`base`: its FHIR base URL."""
        import requests  # here, so that a sandbox over bundles starts without it

        self._base = base.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False
        # HAPI answers a repeated search from a cache for a minute otherwise.
        self._session.headers.update({"Accept": "application/fhir+json", "Cache-Control": "no-cache"})
        self._failures = (requests.RequestException, ValueError)

    def read(self, resource_type: str, resource_id: str) -> Resource:
        return self._get(f"/{resource_type}/{resource_id}", [])

    def search(self, resource_type: str, parameters: Parameters, *, page_size: int = 20) -> Resource:
        counted = (
            parameters if any(name == "_count" for name, _ in parameters) else [*parameters, ("_count", str(page_size))]
        )
        return self._get(f"/{resource_type}", counted)

    def page(self, parameters: Parameters) -> Resource:
        return self._get("", parameters)

    def create(self, resource_type: str, resource: Resource, *, unless: str | None = None) -> Written:
        return self._send("POST", f"/{resource_type}", resource, {"If-None-Exist": unless} if unless else {})

    def update(self, resource_type: str, resource: Resource, *, only: str | None = None) -> Written:
        return self._send("PUT", f"/{resource_type}/{resource['id']}", resource, {"If-Match": only} if only else {})

    def _get(self, path: str, parameters: Parameters) -> Resource:
        return self._asked("GET", path, params=parameters).resource

    def _send(self, method: str, path: str, resource: Resource, headers: Mapping[str, str]) -> Written:
        content = {"Content-Type": "application/fhir+json", "Prefer": "return=representation"}
        return self._asked(method, path, data=json.dumps(resource), headers={**content, **headers})

    def _asked(self, method: str, path: str, **more: Any) -> Written:
        try:
            answer = self._session.request(method, self._base + path, timeout=(3, 30), allow_redirects=False, **more)
            body: Resource = json.loads(answer.text.replace(f'"{self._base}/', '"').replace(f'"{self._base}?', '"?'))
        except self._failures as failure:
            raise FhirProblem(502, "transient", "The FHIR server behind the sandbox did not answer.") from failure
        if answer.status_code in (200, 201):
            return Written(answer.status_code, body)
        if answer.status_code in (401, 403):
            raise FhirProblem(502, "transient", "The FHIR server behind the sandbox wants credentials.")
        issue = (body.get("issue") or [{}])[0]
        raise FhirProblem(answer.status_code, issue.get("code", "exception"), str(issue.get("diagnostics", ""))[:500])
