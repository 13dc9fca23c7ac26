"""The sandbox EHR as a Flask app."""

from flask import Flask, Response, g, request

from launch.sandbox import chart, control, fhir, oauth
from launch.sandbox.ehr import SandboxEhr, current_ehr
from launch.sandbox.faults import EXPIRED, spoil
from launch.sandbox.grants import make_authorization_server
from launch.sandbox.policy import content_policy


def create_sandbox_app(ehr: SandboxEhr) -> Flask:
    """A Flask app that serves this EHR. It sets no cookie: state is in URLs and one-use launches."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    app.extensions["sandbox_ehr"] = ehr
    app.extensions["authorization_server"] = make_authorization_server(app, ehr=ehr)
    for module in (oauth, fhir, control, chart):
        app.register_blueprint(module.blueprint)
    app.before_request(_count_and_disturb)
    app.after_request(_finish)
    return app


def _count_and_disturb() -> Response | None:
    ehr = current_ehr()
    if request.path.startswith("/sandbox/"):
        return None
    ehr.hits[f"{request.method} {request.path}"] += 1
    ehr.requests.append(
        {
            "method": request.method,
            "path": request.path,
            "query": request.query_string.decode(errors="replace"),
            "referer": request.headers.get("Referer"),
            "cache_control": request.headers.get("Cache-Control"),
        }
    )
    g.fault = ehr.faults.take(request.method, request.path)
    if g.fault and g.fault.kind == EXPIRED:
        ehr.memory.expire_access_token(request.headers.get("Authorization", "").rpartition(" ")[2])
    return ehr.faults.before(g.fault) if g.fault else None


def _finish(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", content_policy())
    response.headers.setdefault("Referrer-Policy", "strict-origin")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    fault = g.get("fault")
    return spoil(fault, response) if fault else response
