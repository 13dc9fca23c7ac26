"""The hosts on which AI features may be opened at an organization. Verbs flush, callers commit."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.db import insert_new
from smart_app.library.launch_links import checked_host, host_of
from smart_app.library.models import LaunchHostRow
from smart_app.organizations.models import EhrRegistration
from smart_app.organizations.verbs import write_audit


def own_hosts(session: Session, *, organization: UUID) -> tuple[str, ...]:
    """Hosts that somebody here allowed."""
    rows = select(LaunchHostRow.host).where(LaunchHostRow.organization == organization).order_by(LaunchHostRow.host)
    return tuple(session.scalars(rows))


def ehr_hosts(session: Session, *, organization: UUID) -> tuple[str, ...]:
    """Hosts of the EHRs registered here: their FHIR base and whoever may frame us."""
    rows = session.execute(
        select(EhrRegistration.iss, EhrRegistration.frame_ancestors).where(EhrRegistration.organization == organization)
    )
    addresses = [address for iss, ancestors in rows for address in (iss, *(ancestors or ()))]
    return tuple(sorted({host for address in addresses if (host := host_of(address)) is not None}))


def add_host(session: Session, *, organization: UUID, host: str, actor: str) -> str:
    """Allow AI features on a host. Raises LinkRefused."""
    host = checked_host(host)
    new = insert_new(
        session, LaunchHostRow, organization=organization, host=host, added_by=actor, added_at=datetime.now(UTC)
    )
    if new:
        details = {"host": host, "before": None, "after": "allowed"}
        write_audit(session, organization=organization, actor=actor, action="launch host allowed", details=details)
    session.flush()
    return host


def remove_host(session: Session, *, organization: UUID, host: str, actor: str) -> bool:
    """Allow it no more: links to it stay in their entries and lead nowhere. False where it was not allowed."""
    row = session.get(LaunchHostRow, (organization, host))
    if row is None:
        return False
    session.delete(row)
    details = {"host": host, "before": "allowed", "after": None}
    write_audit(session, organization=organization, actor=actor, action="launch host removed", details=details)
    session.flush()
    return True


def allowed_link(session: Session, *, organization: UUID, link: str | None) -> str | None:
    """The link where its host is allowed today, else None: taking a host away closes every link to it."""
    host = host_of(link or "")
    if host is None:
        return None
    if session.get(LaunchHostRow, (organization, host)) is not None:
        return link
    return link if host in ehr_hosts(session, organization=organization) else None
