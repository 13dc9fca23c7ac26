"""What holds for every request: headers, the body's limit, and who may write.

1. Pages carry a strict Content-Security-Policy; only the launching EHR may frame them
   (``g.frame_ancestors``, set by the launch and by the visit), unknown callers never.
2. A write below /v/ or /studio/ must come from our own page: ``Sec-Fetch-Site`` (or ``Origin``, where a browser
   sends no fetch metadata) says so, and it carries the visit's form token or our own header.
   The cookie alone proves nothing: sibling frames of one EHR share its partition.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import TypeVar

from flask import Flask, Response, abort, current_app, g, request

from smart_app.services import services

MAX_BODY = 64 * 1024
"""Bytes; the longest honest body is a callback's form of some 10 kB."""
PARTS = 100
"""Fields of one form."""
PARTS_OF_A_LARGE_FORM = 2000
VISIT_PATHS = ("/v/", "/studio/")
"""What a visit's cookie guards."""
WRITE_HEADER = "X-Preceptor"
View = TypeVar("View", bound=Callable[..., object])
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def protect(app: Flask) -> None:
    """Install all of it; the routes are registered afterwards."""
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY, MAX_FORM_MEMORY_SIZE=MAX_BODY, MAX_FORM_PARTS=PARTS)
    # Werkzeug's own redirects (to add or merge slashes) lead to whatever the Host header says: there are none.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.before_request(refuse_large_bodies)
    app.after_request(set_headers)
    app.add_template_global(form_token)
    app.add_template_global(event_key)


def takes(most: int) -> Callable[[View], View]:
    """This view takes bodies of up to `most` bytes, say a file; all others keep the small limit."""

    def mark(view: View) -> View:
        view.most_bytes = most  # type: ignore[attr-defined]
        return view

    return mark


def refuse_large_bodies() -> None:
    """413 at once, also where the view would never read the body; 411 for a body that does not tell its length.

    Of such a body Werkzeug gives the first part, up to the limit, as if it were the whole.
    """
    if request.content_length is None and "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        abort(411)
    most = getattr(current_app.view_functions.get(request.endpoint or ""), "most_bytes", MAX_BODY)
    if (request.content_length or 0) > most:
        abort(413)
    if most > MAX_BODY:
        request.max_content_length = request.max_form_memory_size = most
        request.max_form_parts = PARTS_OF_A_LARGE_FORM


def belongs_to_a_visit() -> bool:
    """Whether the request is for a page that a visit's cookie guards."""
    return request.path.startswith(VISIT_PATHS)


def set_headers(response: Response) -> Response:
    """Headers of every answer; a view that needs another policy sets its own before."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", content_security_policy())
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if services().settings.base_url.startswith("https:"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    return response


def content_security_policy() -> str:
    """The policy of this request; `g.frame_ancestors` alone may frame the page."""
    ancestors = " ".join(getattr(g, "frame_ancestors", ())) or "'none'"
    own_frames = "frame-src 'self'; " if request.path.startswith("/studio/") else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        f"{own_frames}form-action 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    )


def protect_writes() -> None:
    """403 unless a write comes from our own page. Runs after the visit is known."""
    if request.method in _SAFE_METHODS:
        return
    if not came_from_our_page() or not (request.headers.get(WRITE_HEADER) == "1" or _token_fits()):
        abort(403)


def came_from_our_page() -> bool:
    """By fetch metadata; by Origin where a browser sends none."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == services().settings.origin


def form_token() -> str:
    """For the hidden field `form_token`: bound to the visit's cookie, of no use with another."""
    if "form_token" not in g:  # a page holds many forms
        digest = hmac.new(g.visit_secret.encode(), b"form token", hashlib.sha256).digest()
        g.form_token = urlsafe_b64encode(digest).rstrip(b"=").decode()
    token: str = g.form_token
    return token


def event_key() -> str:
    """For the hidden field `key`: makes a form sent twice count once."""
    return secrets.token_urlsafe(16)


def _token_fits() -> bool:
    return hmac.compare_digest(request.form.get("form_token", "").encode(), form_token().encode())
