"""The launch's routes: parse, call, answer.

- GET /launch, /launch/<placement>: the EHR (or the way out) opens the app.
- GET /launch/callback/<callback>: a page that takes code and state out of the
  address and posts them. It reads nothing and redeems nothing.
- POST /launch/callback/<callback>: the launch itself.
- GET /.well-known/jwks.json: the app's public keys.
"""

import re
from pathlib import Path
from typing import Final

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from launch import browser, errors
from launch.client_auth import published_keys
from launch.departing import Departure, LaunchRequest
from launch.extension import SmartLaunch
from launch.report import LaunchReport
from launch.returning import Reply

blueprint = Blueprint(
    "launch", __name__, template_folder="templates", static_folder="static", static_url_path="/launch/static"
)

_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_REPLY_FIELDS: Final = ("state", "code", "iss", "error", "error_description", "error_uri")


@blueprint.get("/launch")
@blueprint.get("/launch/<placement>")
def begin(placement: str | None = None) -> ResponseReturnValue:
    """Steps 1 to 3, then off to the EHR."""
    if placement is not None and not _SLUG.fullmatch(placement):
        abort(404)
    g.frame_ancestors = ()
    extension, report = _extension(), LaunchReport()
    try:
        departure = extension.client.begin(_launch_request(placement), report)
        g.frame_ancestors = report.registration.frame_ancestors if report.registration else ()
    except errors.LaunchError as error:
        return _failed(error, report)
    response = _sent_off(departure)
    browser.drop_cookies(response, browser.surplus_cookies(request.cookies))
    browser.set_launch_cookie(response, state=departure.state, secret=departure.secret)
    return response


def _sent_off(departure: Departure) -> Response:
    """By redirect; or by a page that posts the request, where the address would be too long."""
    if departure.form is None:
        return make_response(redirect(departure.url, code=303))
    response = make_response(render_template("launch/authorize.html", form=departure.form, stylesheet=_stylesheet()))
    ancestors = " ".join(g.frame_ancestors) or "'none'"
    # Browsers hold the redirects after a form's POST against form-action too, and these end at our own callback.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; "
        f"form-action {departure.form.origin} 'self'; frame-ancestors {ancestors}"
    )
    return response


@blueprint.get("/launch/callback/<callback>")
def callback_page(callback: str) -> ResponseReturnValue:
    """The page that posts what came back; its address is clean once its script has run."""
    g.frame_ancestors = _hinted_ancestors(request.args.get("state"))
    try:
        fields = _single(request.args, _REPLY_FIELDS)
        _require_reply(fields)
    except errors.LaunchError as error:
        return _failed(error, LaunchReport())
    return render_template("launch/callback.html", fields=fields, stylesheet=_stylesheet())


@blueprint.post("/launch/callback/<callback>")
def complete(callback: str) -> ResponseReturnValue:
    """Steps 4 to 8, then the app's own page."""
    g.frame_ancestors = _hinted_ancestors(request.form.get("state"))
    extension, report = _extension(), LaunchReport()
    try:
        reply = _reply(callback)
        context = extension.client.complete(reply, request.cookies, report)
        return _without_cookie(extension.arrive(context), reply.state)
    except errors.LaunchError as error:
        return _without_cookie(_failed(error, report), request.form.get("state"))


@blueprint.get("/.well-known/jwks.json")
def jwks() -> ResponseReturnValue:
    """Public keys of private_key_jwt, for whoever asks; the rotated ones are still among them."""
    response = jsonify(published_keys(_extension().client.keys))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@blueprint.after_request
def _keep_private(response: Response) -> Response:
    """Addresses of a launch carry a code: no copy, no Referer."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _extension() -> SmartLaunch:
    extension: SmartLaunch = current_app.extensions["smart_launch"]
    return extension


def _launch_request(placement: str | None) -> LaunchRequest:
    fields = _single(request.args, ("iss", "launch"))
    way_out = request.args.get("way_out") == "1" and "launch" not in fields
    return LaunchRequest(iss=fields.get("iss"), launch=fields.get("launch"), placement=placement, way_out=way_out)


def _reply(callback: str) -> Reply:
    # A cross-site form cannot finish a launch, whatever its cookies. Old browsers send no such header.
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise errors.CrossSiteCallback("the reply was posted by another site")
    fields = _single(request.form, _REPLY_FIELDS)
    _require_reply(fields)
    return Reply(callback=callback, **fields)


def _require_reply(fields: dict[str, str]) -> None:
    if not fields.get("state") or not (fields.get("code") or fields.get("error")):
        raise errors.ReplyIncomplete("state, or both code and error, are missing")


def _single(values: MultiDict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """The named parameters; one given twice is refused, since two readers could see two values."""
    if any(len(values.getlist(name)) > 1 for name in names):
        raise errors.LaunchRequestInvalid("a parameter is given twice")
    return {name: values[name] for name in names if name in values}


def _hinted_ancestors(state: str | None) -> tuple[str, ...]:
    """Who may frame the answer, by the hint in `state`; nobody where it names no registration."""
    hint = browser.registration_hint(state or "")
    if hint is None:
        return ()
    try:
        return _extension().client.stores.registrations.get(hint).frame_ancestors
    except KeyError:
        return ()


def _stylesheet() -> str | None:
    """The app's own style sheet, where it has one."""
    name = current_app.config.get("LAUNCH_STYLESHEET", "preceptor.css")
    folder = current_app.static_folder
    return url_for("static", filename=name) if folder and (Path(folder) / name).is_file() else None


def _failed(error: errors.LaunchError, report: LaunchReport) -> Response:
    if report.registration is not None:
        g.frame_ancestors = report.registration.frame_ancestors
    return _extension().fail(error, report)


def _without_cookie(response: Response, state: str | None) -> Response:
    if state and browser.cookie_name(state) in request.cookies:
        browser.drop_cookies(response, [browser.cookie_name(state)])
    return response
