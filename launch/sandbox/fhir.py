"""FHIR R4 for SMART apps, behind token and scope (SMART 2.2; RFC 6750, 3): read, search, and Tasks to write."""

import json
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request

from launch.sandbox import discovery
from launch.sandbox.ehr import SandboxEhr, current_ehr
from launch.sandbox.fhir_source import FhirProblem, Written
from launch.sandbox.memory import Token
from launch.sandbox.scopes import allows
from launch.sandbox.search import Resource

blueprint = Blueprint("fhir", __name__, url_prefix="/fhir")


class NotAllowed(Exception):
    """A request whose token does not carry it: 401 or 403, with WWW-Authenticate."""

    def __init__(self, status: int, challenge: str, text: str) -> None:
        super().__init__(text)
        self.status, self.challenge, self.text = status, challenge, text


@blueprint.get("/.well-known/smart-configuration")
def smart_configuration() -> Response:
    return _json(discovery.smart_configuration(current_ehr()), "application/json")


@blueprint.get("/.well-known/openid-configuration")
def openid_configuration() -> Response:
    return _json(discovery.openid_configuration(current_ehr()), "application/json")


@blueprint.get("/metadata")
def metadata() -> Response:
    return _json(discovery.capability_statement(current_ehr()))


@blueprint.get("/smart-style.json")
def style() -> Response:
    """SMART 2.2, "Styling": the look of this EHR, for apps that follow it."""
    return _json(
        {
            "color_background": "#f4f7fa",
            "color_error": "#9e2d2d",
            "color_highlight": "#1f5f8b",
            "color_modal_backdrop": "",
            "color_success": "#2f6b45",
            "color_text": "#1c2733",
            "dim_border_radius": "3px",
            "dim_font_size": "14px",
            "dim_spacing_size": "8px",
            "font_family_body": "Arial, sans-serif",
            "font_family_heading": "Arial, sans-serif",
        },
        "application/json",
    )


@blueprint.get("/<resource_type>/<resource_id>")
@blueprint.get("/<resource_type>/<resource_id>/_history/<version>")
def read(resource_type: str, resource_id: str, version: str | None = None) -> Response:
    """One resource; the only version there is, is the current one."""
    ehr = current_ehr()
    _check(ehr, resource_type, "r")
    return _json(ehr.source.read(resource_type, resource_id))


@blueprint.get("/<resource_type>")
def search(resource_type: str) -> Response:
    """Search by GET."""
    return _search(resource_type, request.query_string.decode())


@blueprint.post("/<resource_type>/_search")
def search_by_post(resource_type: str) -> Response:
    """Search by POST, which keeps the parameters out of URLs."""
    return _search(resource_type, request.get_data(as_text=True))


@blueprint.get("", strict_slashes=False)
def page() -> Response:
    """A `next` link of a server that pages at its base (HAPI does)."""
    ehr = current_ehr()
    token = _live_token(ehr)
    found = ehr.source.page(parse_qsl(request.query_string.decode(), keep_blank_values=True))
    return _json(_readable(found, token=token, base=ehr.fhir_base))


@blueprint.post("/<resource_type>")
def create(resource_type: str) -> Response:
    """A new resource; with If-None-Exist only where that search finds none."""
    ehr = current_ehr()
    _check_write(ehr, resource_type, "c")
    search = request.headers.get("If-None-Exist")
    found = ehr.source.create(resource_type, _resource(resource_type), unless=search)
    return _written(ehr, found)


@blueprint.put("/<resource_type>/<resource_id>")
def update(resource_type: str, resource_id: str) -> Response:
    """The next version of a resource; with If-Match only of that version."""
    ehr = current_ehr()
    _check_write(ehr, resource_type, "u")
    resource = _resource(resource_type)
    if resource.get("id") != resource_id:
        raise FhirProblem(400, "invalid", "The id in the body is not the one in the address.")
    version = request.headers.get("If-Match")
    return _written(ehr, ehr.source.update(resource_type, resource, only=version))


@blueprint.route("/<path:anything>", methods=["POST", "PUT", "PATCH", "DELETE"])
def write(anything: str) -> Response:
    """No other way of writing is served."""
    raise FhirProblem(405, "not-supported", "This sandbox serves create and update of a few types only.")


@blueprint.errorhandler(FhirProblem)
def problem(error: FhirProblem) -> Response:
    return _json(error.outcome(), status=error.status)


@blueprint.errorhandler(NotAllowed)
def not_allowed(error: NotAllowed) -> Response:
    code = "login" if error.status == 401 else "forbidden"
    response = _json(FhirProblem(error.status, code, error.text).outcome(), status=error.status)
    response.headers["WWW-Authenticate"] = error.challenge
    return response


def _search(resource_type: str, query: str) -> Response:
    ehr = current_ehr()
    token = _check(ehr, resource_type, "s")
    parameters = parse_qsl(query, keep_blank_values=True)
    if ehr.behaviour.ignore_elements:
        parameters = [(name, value) for name, value in parameters if name != "_elements"]
    found = ehr.source.search(resource_type, parameters, page_size=ehr.behaviour.page_size)
    return _json(_readable(found, token=token, base=ehr.fhir_base))


def _live_token(ehr: SandboxEhr) -> Token:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise NotAllowed(401, 'Bearer realm="sandbox"', "This needs a bearer token.")
    token = ehr.memory.find_access_token(value.strip())
    if token is None or not token.is_live():
        raise NotAllowed(401, 'Bearer realm="sandbox", error="invalid_token"', "The token is unknown or over.")
    return token


def _check(ehr: SandboxEhr, resource_type: str, action: str) -> Token:
    token = _live_token(ehr)
    if resource_type in ehr.behaviour.unsupported_types:
        raise FhirProblem(404, "not-supported", f"This EHR has no {resource_type}.")
    if action == "s" and resource_type in ehr.behaviour.read_by_id_only:
        raise FhirProblem(400, "not-supported", f"{resource_type} is read by id only.")
    if not allows(token.scope, resource_type, action):
        wanted = f'Bearer realm="sandbox", error="insufficient_scope", scope="user/{resource_type}.{action}"'
        raise NotAllowed(403, wanted, f"The token does not allow this on {resource_type}.")
    return token


def _check_write(ehr: SandboxEhr, resource_type: str, action: str) -> None:
    if resource_type not in ehr.behaviour.writable_types:
        raise FhirProblem(405, "not-supported", f"This EHR lets no app write a {resource_type}.")
    _check(ehr, resource_type, action)


def _resource(resource_type: str) -> Resource:
    body = request.get_json(silent=True, force=True)
    if not isinstance(body, dict) or body.get("resourceType") != resource_type:
        raise FhirProblem(400, "invalid", f"The body is not a {resource_type}.")
    return dict(body)


def _written(ehr: SandboxEhr, found: Written) -> Response:
    resource = found.resource
    response = _json(resource, status=found.status)
    version = resource.get("meta", {}).get("versionId", "1")
    response.headers["Location"] = f"{ehr.fhir_base}/{resource['resourceType']}/{resource['id']}/_history/{version}"
    return response


def _readable(bundle: Resource, *, token: Token, base: str) -> Resource:
    """The bundle without entries that the token may not read (an _include reaches other types), URLs absolute."""
    entries = [
        {**entry, "fullUrl": _absolute(entry.get("fullUrl", ""), base)}
        for entry in bundle.get("entry", [])
        if any(allows(token.scope, entry.get("resource", {}).get("resourceType", ""), action) for action in "rs")
    ]
    links = [{**link, "url": _absolute(link.get("url", ""), base)} for link in bundle.get("link", [])]
    return {**bundle, "link": links, "entry": entries}


def _absolute(url: str, base: str) -> str:
    if "://" in url or url.startswith("urn:"):
        return url
    return base + url if url.startswith("?") else f"{base}/{url}"


def _json(body: Any, content_type: str = "application/fhir+json", *, status: int = 200) -> Response:
    response = Response(json.dumps(body), status, {"Content-Type": content_type, "Cache-Control": "no-store"})
    if version := body.get("meta", {}).get("versionId") if "resourceType" in body else None:
        response.headers["ETag"] = f'W/"{version}"'
    return response
