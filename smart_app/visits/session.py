"""Whose visit a request below /v/<visit>/ or /studio/<visit>/ belongs to.

1. The visit is chosen by the URL; then its own cookie must fit. Visits at once never mix.
2. It ends after 30 idle minutes, after 12 hours (settings), at sign-out, or when another learner launches
   in the same cookie partition: workstations are shared.
3. Only then is a write looked at (:func:`smart_app.security.protect_writes`).
"""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask, Response, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from smart_app.errors import not_signed_in
from smart_app.organizations.models import EhrRegistration, Organization
from smart_app.security import belongs_to_a_visit, protect_writes
from smart_app.services import services
from smart_app.visits import cookies
from smart_app.visits.models import Visit
from smart_app.visits.view import VisitView, view_of
from smart_app.visits.views import blueprint

_VISIT = (
    select(
        *Visit.__table__.c,
        Organization.name.label("organization_name"),
        EhrRegistration.name.label("ehr_name"),
        EhrRegistration.frame_ancestors,
    )
    .join_from(Visit.__table__, Organization.__table__, Organization.organization == Visit.organization)
    .outerjoin(
        EhrRegistration.__table__,
        (EhrRegistration.organization == Visit.organization) & (EhrRegistration.id == Visit.registration),
    )
    .where(Visit.id == bindparam("visit"))
)
"""Made once: every page runs it."""

STUDIO = "/studio/"
"""Full pages in a window of their own: no EHR frames them."""

__all__ = ["VisitView", "current_visit", "enter", "find_visit", "install"]


def install(app: Flask) -> None:
    """Guard everything that belongs to a visit."""
    app.before_request(_resolve_visit)
    app.after_request(_renew_cookie)
    app.register_blueprint(blueprint)


def enter(visit: VisitView, secret: str) -> None:
    """From here on this request is the visit's: for the launch that has just opened it."""
    g.visit, g.visit_secret = visit, secret


def current_visit() -> VisitView:
    """The visit of this request; a 401 page where there is none."""
    visit = find_visit()
    if visit is None:
        raise not_signed_in()
    return visit


def find_visit() -> VisitView | None:
    """The visit of this request, or None."""
    found: VisitView | None = g.get("visit")
    return found


def _resolve_visit() -> ResponseReturnValue | None:
    if not belongs_to_a_visit():
        return None
    asked = (request.view_args or {}).get("visit")
    if not isinstance(asked, UUID):
        return None  # no such page: 404 follows. Or /studio/, which is open to anybody.
    cookie = cookies.find_cookie(request.cookies, asked, keys=services().keys)
    with services().database.reading() as session:
        found = _find(session, asked)
    in_studio = request.path.startswith(STUDIO)
    if found is not None and not in_studio:
        # Also where the cookie does not fit: the page that says so must show in the frame.
        g.frame_ancestors = found[1].frame_ancestors
    if cookie is None or found is None or not _holds(cookie, found[0]):
        return render_template("studio/visit_ended.html" if in_studio else "visit_ended.html"), 401
    g.visit, g.visit_secret, g.visit_cookie = found[1], cookie.secret, cookie
    protect_writes()
    return None


def _holds(cookie: cookies.VisitCookie, row: Any) -> bool:
    settings = services().settings
    same = hmac.compare_digest(cookies.secret_hash(cookie.secret), row.secret_hash)
    in_use = cookie.idle_minutes() < settings.visit_idle_minutes
    young = datetime.now(UTC) - row.started_at < timedelta(hours=settings.visit_hours)
    return same and row.ended_at is None and in_use and young


def _find(session: Session, visit: UUID) -> tuple[Any, VisitView] | None:
    row = session.connection().execute(_VISIT, {"visit": visit}).one_or_none()
    if row is None:
        return None
    view = view_of(
        row,
        organization_name=row.organization_name,
        ehr_name=row.ehr_name or "",
        frame_ancestors=row.frame_ancestors or (),
    )
    return row, view


def _renew_cookie(response: Response) -> Response:
    """Once a minute the cookie says anew that the visit is in use."""
    cookie: cookies.VisitCookie | None = g.get("visit_cookie")
    if cookie is not None and cookie.idle_minutes() >= 1:
        lifetime = services().settings.visit_hours * 3600
        cookies.set_cookie(response, visit=cookie.visit, secret=cookie.secret, keys=services().keys, lifetime=lifetime)
    return response
