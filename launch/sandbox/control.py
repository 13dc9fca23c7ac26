"""The control API for tests and demos: `/sandbox/...`. JSON in, JSON out.

Bodies must say `Content-Type: application/json`: a page of another origin then needs
a preflight, which is not answered, so no web page can turn these knobs.

- POST launches: {person, patient?, encounter?, task?, intent?, placement?, standalone?, ...} -> {launch_url}
- GET, PATCH settings: the knobs of :class:`launch.sandbox.behaviour.Behaviour`
- GET, POST, DELETE faults: see :class:`launch.sandbox.faults.Fault`
- GET, DELETE hits: requests counted by "METHOD path", and the last ones
- POST clients: register an app, as in clients.json
- POST resources: add or replace FHIR resources (over bundles only)
- POST keys: a new id_token key; POST tokens/revoke: every access token ends
- POST tokens/issued: {} -> launch tokens, codes, nonces and tokens given out so far, to look for where none may be
"""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from launch.sandbox.clients import client_from_json
from launch.sandbox.ehr import SandboxEhr, current_ehr
from launch.sandbox.faults import Fault
from launch.sandbox.fhir_source import StoredResources
from launch.sandbox.memory import Launch

blueprint = Blueprint("control", __name__, url_prefix="/sandbox")


class Misused(Exception):
    """A call of the control API that makes no sense; the text says why."""


@blueprint.errorhandler(Misused)
def misused(error: Misused) -> ResponseReturnValue:
    return {"error": str(error)}, 400


@blueprint.post("/launches")
def create_launch() -> ResponseReturnValue:
    """A launch as the chart would make it; answers {"launch_url", "iss", "launch"}."""
    ehr, wanted = current_ehr(), _body()
    standalone = wanted.pop("standalone", False)
    launch = make_launch(ehr, **wanted)
    if standalone:
        url = ehr.standalone_url(launch.client_id, launch.placement)
        return {"launch_url": url, "iss": ehr.iss, "launch": None}, 201
    url = ehr.launch_url(launch)
    return {"launch_url": url, "iss": ehr.iss, "launch": url.rpartition("launch=")[2]}, 201


@blueprint.get("/settings")
def settings() -> ResponseReturnValue:
    return asdict(current_ehr().behaviour)


@blueprint.route("/settings", methods=["PATCH", "POST"])
def change_settings() -> ResponseReturnValue:
    try:
        current_ehr().behaviour.change(_body())
    except KeyError as error:
        raise Misused(f"there is no setting {error.args[0]}") from error
    return asdict(current_ehr().behaviour)


@blueprint.post("/faults")
def add_fault() -> ResponseReturnValue:
    wanted = _body()
    try:
        current_ehr().faults.add(Fault(**wanted))
    except (TypeError, ValueError) as error:
        raise Misused(str(error)) from error
    return wanted, 201


@blueprint.delete("/faults")
def clear_faults() -> ResponseReturnValue:
    current_ehr().faults.clear()
    return "", 204


@blueprint.get("/hits")
def hits() -> ResponseReturnValue:
    """{"counts": {"GET /fhir/Task": 2}, "requests": [{method, path, query, referer, cache_control}]}."""
    ehr = current_ehr()
    return {"counts": dict(ehr.hits), "requests": list(ehr.requests)}


@blueprint.delete("/hits")
def forget_hits() -> ResponseReturnValue:
    ehr = current_ehr()
    ehr.hits.clear()
    ehr.requests.clear()
    return "", 204


@blueprint.post("/clients")
def add_client() -> ResponseReturnValue:
    """Register an app, or register it anew."""
    try:
        client = client_from_json(_body())
    except ValueError as error:
        raise Misused(str(error)) from error
    current_ehr().clients[client.client_id] = client
    return {"client_id": client.client_id}, 201


@blueprint.post("/resources")
def put_resources() -> ResponseReturnValue:
    """{"resources": [...]} into the store."""
    source = current_ehr().source
    if not isinstance(source, StoredResources):
        raise Misused("resources are on the server behind the sandbox")
    for resource in _body().get("resources", []):
        source.put(resource)
    return {}, 201


@blueprint.post("/keys")
def rotate_keys() -> ResponseReturnValue:
    """{"keep_old": true}: sign id_tokens with a new key from now on."""
    current_ehr().keys.rotate(keep_old=_body().get("keep_old", True))
    return current_ehr().keys.public_jwks(), 201


@blueprint.post("/tokens/revoke")
def revoke_tokens() -> ResponseReturnValue:
    return {"revoked": current_ehr().memory.revoke_access_tokens()}


@blueprint.post("/tokens/issued")
def issued_tokens() -> ResponseReturnValue:
    """{"access token": ["..."], "code": [...], ...}; a POST, so that no page of another origin can ask for them."""
    _body()
    return current_ehr().memory.issued()


def make_launch(ehr: SandboxEhr, **wanted: Any) -> Launch:
    """A launch of plain words; ids get their resource type. Misused where the app is not said or not known."""
    client_id = wanted.pop("client_id", None) or next(iter(ehr.clients), None)
    if client_id not in ehr.clients:
        raise Misused("client_id: no such app is registered")
    types = {"person": "Practitioner", "patient": "Patient", "encounter": "Encounter", "task": "Task"}
    for name, resource_type in types.items():
        if wanted.get(name) and "/" not in wanted[name]:
            wanted[name] = f"{resource_type}/{wanted[name]}"
    wanted["fhir_context"] = tuple(wanted.get("fhir_context") or ())
    try:
        return Launch(client_id=client_id, **wanted)
    except TypeError as error:
        raise Misused(str(error)) from error


def _body() -> dict[str, Any]:
    if not request.is_json or not isinstance(body := request.get_json(silent=True), dict):
        raise Misused("send a JSON object as application/json")
    return dict(body)
