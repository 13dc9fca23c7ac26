"""The authorization server's endpoints: authorize, token, revoke, keys.

EHR launch: `launch` names a one-use launch, and its person is signed in silently.
Standalone: a page asks who signs in; it carries the request in hidden fields, since
a framed page may have no cookie. Checks are in grants.py and assertion.py.
"""

from urllib.parse import urlencode

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from flask import Blueprint, current_app, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from launch.sandbox.ehr import SandboxEhr, current_ehr
from launch.sandbox.grants import AUTH_METHODS
from launch.sandbox.memory import Launch
from launch.sandbox.people import list_patients, list_people
from launch.sandbox.policy import content_policy, origin_of
from launch.sandbox.scopes import leave_out

blueprint = Blueprint("oauth", __name__, url_prefix="/oauth")


@blueprint.route("/authorize", methods=["GET", "POST"])
def authorize() -> ResponseReturnValue:
    """RFC 6749, 3.1, by GET or form POST (`authorize-post`)."""
    ehr = current_ehr()
    problem = _problem_before_redirect(ehr, request.values)
    if problem:
        return render_template("refused.html", problem=problem), 400
    server = current_app.extensions["authorization_server"]
    try:
        _refuse_where_told(ehr)
        grant = server.get_consent_grant(request)
        signed_in = _who_signs_in(ehr)
    except OAuth2Error as error:
        return _uncached(_redirect_with(ehr, error))
    if signed_in is None:
        return _ask_who(ehr)
    return _uncached(server.create_authorization_response(request, grant_user=signed_in, grant=grant))


@blueprint.post("/token")
def token() -> ResponseReturnValue:
    """RFC 6749, 3.2."""
    return _uncached(current_app.extensions["authorization_server"].create_token_response(request))


@blueprint.post("/revoke")
def revoke() -> ResponseReturnValue:
    """RFC 7009: ends the whole grant; an unknown token is no error."""
    ehr, server = current_ehr(), current_app.extensions["authorization_server"]
    asked = server.create_oauth2_request(request)
    try:
        client = server.authenticate_client(asked, AUTH_METHODS)
    except OAuth2Error as error:
        return server.handle_error_response(asked, error)  # type: ignore[no-any-return]
    value = request.form.get("token", "")
    found = ehr.memory.find_access_token(value) or ehr.memory.find_refresh_token(value)
    if found is not None and found.check_client(client):
        ehr.memory.revoke_grant(found.grant)
    return {}


@blueprint.get("/jwks")
def jwks() -> ResponseReturnValue:
    """The public keys of the id_tokens."""
    return current_ehr().keys.public_jwks()


def _problem_before_redirect(ehr: SandboxEhr, asked: MultiDict[str, str]) -> str | None:
    """What forbids to redirect at all (RFC 6749, 4.1.2.1), or None."""
    client = ehr.clients.get(asked.get("client_id", ""))
    if client is None:
        return "The app is not registered here: its client_id is unknown."
    if not client.check_redirect_uri(asked.get("redirect_uri", "")):
        return "The redirect_uri is not one that this app is registered with."
    repeated = [name for name in asked if len(asked.getlist(name)) > 1]
    if repeated:
        return f"A parameter came more than once: {', '.join(sorted(repeated))}."
    return None


def _refuse_where_told(ehr: SandboxEhr) -> None:
    if ehr.behaviour.refuse_with:
        raise OAuth2Error(error=ehr.behaviour.refuse_with, description="The sandbox was told to refuse.")
    scope = request.values.get("scope", "")
    if ehr.behaviour.refuse_unsupported_scopes and scope != leave_out(
        scope, types=ehr.behaviour.unsupported_types, wildcards=False
    ):
        raise OAuth2Error(error="invalid_scope", description="A scope is unknown here.")
    if request.values.get("response_type") != "code":
        raise OAuth2Error(error="unsupported_response_type", description="Only response_type=code is served.")


def _who_signs_in(ehr: SandboxEhr) -> tuple[Launch, bool] | None:
    """(launch, whether the EHR launched it); None where a page must ask who signs in."""
    client_id = request.values["client_id"]
    if "launch" in request.values:
        known = ehr.memory.find_launch(request.values["launch"])
        if known is None or known.client_id != client_id:
            raise InvalidRequestError("This launch is unknown, was used before or has expired.")
        taken = ehr.memory.take_launch(request.values["launch"])
        if taken is None:
            raise InvalidRequestError("This launch was used before.")
        return taken, True
    if not request.values.get("person"):
        return None
    patient = request.values.get("patient") or None
    return Launch(client_id=client_id, person=request.values["person"], patient=patient), False


def _ask_who(ehr: SandboxEhr) -> Response:
    asks_patient = "launch/patient" in request.values.get("scope", "").split()
    page = render_template(
        "sign_in.html",
        app_name=ehr.clients[request.values["client_id"]].name,
        people=list_people(ehr.matching),
        patients=list_patients(ehr.matching) if asks_patient else [],
        carried=list(request.values.items()),
    )
    response = make_response(page)
    # Chromium holds redirects after a form's POST against form-action too, and this one ends at the app.
    client_origin = origin_of(request.values["redirect_uri"])
    response.headers["Content-Security-Policy"] = content_policy(form_action=client_origin)
    return _uncached(response)


def _redirect_with(ehr: SandboxEhr, error: OAuth2Error) -> Response:
    """RFC 6749, 4.1.2.1 and RFC 9207: the error, the state as it came, and who says so."""
    members = dict(error.get_body())
    members.update({"state": request.values["state"]} if request.values.get("state") else {})
    members.update({"iss": ehr.issuer} if ehr.behaviour.send_iss else {})
    target = request.values["redirect_uri"]
    return redirect(f"{target}{'&' if '?' in target else '?'}{urlencode(members)}")


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response
