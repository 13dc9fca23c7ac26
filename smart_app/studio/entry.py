"""From the bare address /studio/ to a visit: one that this browser holds, or a sign-in at an EHR."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.organizations.models import EhrRegistration, Organization
from smart_app.player.arrival import STUDIO
from smart_app.services import services
from smart_app.visits.cookies import all_cookies
from smart_app.visits.verbs import live_visits

MOST_SHOWN = 12


@dataclass(frozen=True)
class Way:
    """A link on the page."""

    words: str
    address: str


@dataclass(frozen=True)
class WaysIn:
    """What the page offers."""

    visits: tuple[Way, ...]
    ehrs: tuple[Way, ...]
    many: bool
    """Several organizations share this address, and none was named: their EHRs are not told to passers-by."""


def ways_in(session: Session, *, cookies: Mapping[str, str], ehr: str | None) -> WaysIn:
    """Live visits of this browser; EHRs to sign in at: the one named `ehr` (hex), or all of a lone organization."""
    rows = _ehrs(session, ehr)
    many = len({row.organization for row in rows}) > 1
    ehrs = () if many else tuple(Way(row.name, sign_in_address(row.iss)) for row in rows)
    return WaysIn(visits=tuple(_visits(session, cookies)), ehrs=ehrs, many=many)


def sign_in_address(iss: str) -> str:
    """A standalone launch that ends in the studio."""
    return f"{url_for('launch.begin', placement=STUDIO)}?{urlencode({'iss': iss})}"


def _visits(session: Session, cookies: Mapping[str, str]) -> list[Way]:
    held = live_visits(session, all_cookies(cookies, keys=services().keys))
    names = {
        organization: session.get_one(Organization, organization).name
        for organization in {v.organization for v in held}
    }
    newest = {visit.organization: visit for visit in held}
    return [Way(names[visit.organization], url_for("studio.home", visit=visit.id)) for visit in newest.values()]


def _ehrs(session: Session, ehr: str | None) -> Sequence[EhrRegistration]:
    query = select(EhrRegistration).order_by(EhrRegistration.name)
    named = _uuid(ehr)
    if named is not None:
        query = query.where(EhrRegistration.id == named)
    return session.scalars(query.limit(MOST_SHOWN)).all()


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
