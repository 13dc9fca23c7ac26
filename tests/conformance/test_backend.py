"""Obligations: Backend Services."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import jwt
import pytest

from launch.backend import BackendAway, BackendNotRegistered, BackendRefused, BackendServices
from launch.fhir_session import FhirSession
from launch.fhir_writing import FhirConflict, FhirGone, create, read, update
from launch.sandbox.clients import client_from_json
from launch.sandbox.server import running_sandbox
from launch.stores import Registration
from tests.launch.canned_ehr import Answer, CannedEhr, Seen
from tests.launch.launching import LaunchedApp
from tests.launch.memory_stores import MemoryKeys

SCOPES = ("system/Task.cru",)
GIVEN = {"access_token": "backend-token", "token_type": "bearer", "expires_in": 300}


@dataclass
class Backend:
    """The client, and the canned EHR's token endpoint."""

    launched: LaunchedApp
    ehr: CannedEhr
    registration: Registration

    @property
    def services(self) -> BackendServices:
        return self.launched.extension.client.backend

    def session(self, *scopes: str, **changes: Any) -> FhirSession:
        return self.services.session(replace(self.registration, **changes), scopes=scopes or SCOPES)

    def answers(self, **members: Any) -> None:
        """What the token endpoint says from now on; a None takes a member out."""
        body = {name: value for name, value in (GIVEN | members).items() if value is not None}
        status = body.pop("status", 200)
        self.ehr.answers["/token"] = lambda seen: Answer({"scope": seen.form["scope"], **body}, status)

    @property
    def asked(self) -> Seen:
        return self.ehr.last("/token")


@pytest.fixture
def backend(launched: LaunchedApp, ehr: CannedEhr) -> Backend:
    registration = launched.register(ehr, backend_client_id="preceptor-backend")
    found = Backend(launched, ehr, registration)
    found.answers()
    return found


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_a_signed_assertion_of_the_backends_own_client_is_sent(backend: Backend, algorithm: str) -> None:
    backend.session(signing_algorithm=algorithm)
    form = backend.asked.form
    assert form["grant_type"] == "client_credentials"
    assert form["scope"] == "system/Task.cru"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert "client_id" not in form
    header = jwt.get_unverified_header(form["client_assertion"])
    published = backend.launched.browser().client.get("/.well-known/jwks.json").get_json()["keys"]
    key = next(one for one in published if one["kid"] == header["kid"])
    claims = jwt.decode(
        form["client_assertion"], jwt.PyJWK(key).key, algorithms=[algorithm], audience=f"{backend.ehr.origin}/token"
    )
    assert (header["alg"], header["typ"]) == (algorithm, "JWT")
    assert claims["iss"] == claims["sub"] == "preceptor-backend"
    assert claims["exp"] - time.time() <= 300
    assert len(claims["jti"]) >= 22


def test_no_two_assertions_share_a_jti(backend: Backend) -> None:
    backend.answers(expires_in=1)
    for _ in range(5):
        backend.session()
        backend.services.forget(backend.registration)
    sent = [one.form["client_assertion"] for one in backend.ehr.seen if one.path == "/token"]
    assert len({jwt.decode(one, options={"verify_signature": False})["jti"] for one in sent}) == 5


def test_an_ehr_that_knows_v1_scopes_is_asked_in_those(backend: Backend) -> None:
    backend.session("system/PractitionerRole.rs", scopes="v1")
    assert backend.asked.form["scope"] == "system/PractitionerRole.read"


def test_a_token_is_used_again_until_shortly_before_its_end(backend: Backend) -> None:
    now = [0.0]
    client = backend.launched.extension.client
    services = BackendServices(keys=MemoryKeys(), door=client._door, documents=client._documents, clock=lambda: now[0])
    for moment, asked in ((0.0, 1), (279.0, 1), (281.0, 2)):
        now[0] = moment
        services.session(backend.registration, scopes=SCOPES)
        assert backend.ehr.hits("/token") == asked


def test_a_forgotten_token_is_asked_for_anew(backend: Backend) -> None:
    backend.session()
    backend.services.forget(backend.registration)
    backend.session()
    assert backend.ehr.hits("/token") == 2


def test_other_scopes_take_a_token_of_their_own(backend: Backend) -> None:
    backend.session("system/Task.cru")
    backend.session("system/PractitionerRole.rs")
    assert backend.ehr.hits("/token") == 2


def test_without_a_client_id_nothing_is_asked(backend: Backend) -> None:
    with pytest.raises(BackendNotRegistered):
        backend.session(backend_client_id=None)
    assert backend.ehr.seen == []


@pytest.mark.parametrize("scope", ["user/Task.rs", "system/Patient.rs", "system/*.rs", "openid"])
def test_nothing_but_a_systems_scopes_is_ever_asked_and_never_patients(backend: Backend, scope: str) -> None:
    with pytest.raises(ValueError, match="not a scope"):
        backend.session(scope)
    assert backend.ehr.seen == []


def test_what_is_not_granted_is_said_before_anything_is_written(backend: Backend) -> None:
    backend.answers(scope="system/Task.r")
    with pytest.raises(BackendRefused, match=r"not granted: system/Task\.cru"):
        backend.session()


@pytest.mark.parametrize("scope", ["system/Task.cruds", "system/*.*"])
def test_a_wider_grant_will_do(backend: Backend, scope: str) -> None:
    backend.answers(scope=scope)
    assert backend.session().base == backend.ehr.base


@pytest.mark.parametrize("members", [{"access_token": None}, {"token_type": "mac"}, {"access_token": "a b"}])
def test_an_answer_that_is_no_bearer_token_is_refused(backend: Backend, members: dict[str, Any]) -> None:
    backend.answers(**members)
    with pytest.raises(BackendRefused):
        backend.session()


def test_a_refused_client_is_told_from_an_ehr_that_is_away(backend: Backend) -> None:
    backend.answers(status=400, error="invalid_client")
    with pytest.raises(BackendRefused, match="invalid_client"):
        backend.session()
    backend.answers(status=503)
    with pytest.raises(BackendAway):
        backend.session()


def test_a_redirected_token_endpoint_is_not_followed(backend: Backend, other_host: CannedEhr) -> None:
    away = {"Location": f"{other_host.origin}/token"}
    backend.ehr.answers["/token"] = lambda _: Answer({}, 307, away)
    with pytest.raises(BackendRefused):
        backend.session()
    assert other_host.seen == []


def test_the_token_never_leaves_the_base(backend: Backend, other_host: CannedEhr) -> None:
    session = backend.session()
    with pytest.raises(Exception, match="below the FHIR base"):
        session.get_json(f"{other_host.base}/Task/1")
    assert other_host.seen == []


def test_no_error_and_no_repr_shows_the_token(backend: Backend) -> None:
    session = backend.session()
    assert "backend-token" not in f"{session!r}{backend.services._held!r}"


@pytest.fixture
def at_the_sandbox(launched: LaunchedApp) -> Iterator[FhirSession]:
    """A session that the strict sandbox gave."""
    entry = {
        "client_id": "preceptor-backend",
        "auth": "private_key_jwt",
        "redirect_uris": ["http://localhost:8000/launch/callback/ehr"],
        "launch_url": "http://localhost:8000/launch",
        "backend_scopes": "system/Task.cru",
    }
    with running_sandbox(resources=[]) as sandbox:
        client = client_from_json({**entry, "jwks": launched.keys.public_jwks()})
        sandbox.clients[client.client_id] = client
        registration = Registration(
            id="sandbox", organization="o", name="Sandbox", iss=sandbox.fhir_base, client_id="preceptor",
            backend_client_id=client.client_id,
        )  # fmt: skip
        launched.stores.registrations.add(registration)
        yield launched.extension.client.backend.session(registration, scopes=SCOPES)


TASK = {"resourceType": "Task", "status": "requested", "intent": "order"}


def test_a_create_that_is_sent_twice_makes_one(at_the_sandbox: FhirSession) -> None:
    body = {**TASK, "identifier": [{"system": "urn:x", "value": "1"}]}
    made = [create(at_the_sandbox, body, unless={"identifier": "urn:x|1"}) for _ in range(2)]
    assert made[0].resource["id"] == made[1].resource["id"]
    assert made[0].version == "1"


def test_an_update_from_an_older_version_is_a_conflict_and_changes_nothing(at_the_sandbox: FhirSession) -> None:
    made = create(at_the_sandbox, TASK, unless={"identifier": "urn:x|2"})
    newer = update(at_the_sandbox, made, {**made.resource, "priority": "urgent"})
    assert newer.version == "2"
    with pytest.raises(FhirConflict):
        update(at_the_sandbox, made, {**made.resource, "status": "completed"})
    assert read(at_the_sandbox, "Task", str(made.resource["id"])).resource["status"] == "requested"


def test_a_task_that_is_not_there_is_gone(at_the_sandbox: FhirSession) -> None:
    with pytest.raises(FhirGone):
        read(at_the_sandbox, "Task", "never-was")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {"Location": "{base}/Task/t-1/_history/4", "ETag": 'W/"4"'}),
        ({"resourceType": "OperationOutcome", "issue": []}, {"Location": "Task/t-1"}),
    ],
)
def test_an_ehr_that_sends_no_body_back_is_read(backend: Backend, body: Any, headers: dict[str, str]) -> None:
    filled = {name: value.format(base=backend.ehr.base) for name, value in headers.items()}
    backend.ehr.answers["/fhir/Task"] = lambda _: Answer(body, 201, filled)
    there = {**TASK, "id": "t-1", "meta": {"versionId": "4"}}
    backend.ehr.answers["/fhir/Task/t-1"] = lambda _: Answer(there)
    made = create(backend.session(), TASK, unless={"identifier": "urn:x|1"})
    assert (made.resource["id"], made.version) == ("t-1", "4")
    assert backend.ehr.last("/fhir/Task").headers["If-None-Exist"] == "identifier=urn%3Ax%7C1"
