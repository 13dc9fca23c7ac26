"""What may be done to a tenant. Verbs flush, callers commit; each writes its audit entry beside the change."""

import uuid
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from launch.discovery import normalise_iss
from launch.stores import Registration
from smart_app.keys import KeyRing
from smart_app.organizations.job_roles import add_starting_roles, job_roles
from smart_app.organizations.models import AuditEntry, EhrRegistration, Learner, Organization
from smart_app.organizations.registration_rows import facts_of
from smart_app.organizations.secrets_at_rest import keep_client_secret


class NoSuchOrganization(LookupError):
    """No organization of that name."""


class NameTaken(ValueError):
    """There is one of that name, or that issuer, already."""


class NoSuchRegistration(LookupError):
    """No EHR with that name or issuer at this organization."""


class NoSuchJobRole(LookupError):
    """The organization has no such job role."""


def add_organization(session: Session, *, name: str, actor: str) -> UUID:
    """A new tenant with the shipped job roles; raises NameTaken."""
    if find_organization(session, name=name) is not None:
        raise NameTaken(f'There is an organization "{name}" already.')
    organization = uuid.uuid4()
    session.add(Organization(organization=organization, name=name, created_at=datetime.now(UTC)))
    session.flush()
    add_starting_roles(session, organization=organization)
    details = {"name": name, "before": None, "after": {"name": name}}
    write_audit(session, organization=organization, actor=actor, action="organization added", details=details)
    return organization


def find_organization(session: Session, *, name: str) -> UUID | None:
    """Key of the organization of that name, or None."""
    return session.scalar(select(Organization.organization).where(Organization.name == name))


def get_organization(session: Session, *, name: str) -> UUID:
    """Key of the organization of that name; raises NoSuchOrganization."""
    found = find_organization(session, name=name)
    if found is None:
        raise NoSuchOrganization(f'No organization "{name}". Known ones: preceptor organization list')
    return found


class CallbackTaken(NameTaken):
    """Another registration has this callback, and the two may not share it."""


def register_ehr(
    session: Session, *, registration: Registration, keys: KeyRing, actor: str, stage: str = "production"
) -> UUID:
    """Register an EHR; `registration.id` is not used. `stage`: test or production.

    Raises NameTaken where its issuer is registered, CallbackTaken where it may not share its callback.
    """
    iss_key = normalise_iss(registration.iss)
    if session.scalar(select(EhrRegistration.id).where(EhrRegistration.iss_key == iss_key)):
        raise NameTaken(f"The issuer {registration.iss} is registered already.")
    check_callback(session, registration)
    row = EhrRegistration(
        organization=UUID(registration.organization),
        id=uuid.uuid4(),
        name=registration.name,
        iss=registration.iss,
        iss_key=iss_key,
        client_id=registration.client_id,
        auth=registration.auth,
        signing_algorithm=registration.signing_algorithm,
        callback=registration.callback,
        token_issuer=registration.token_issuer,
        jwks_uri=registration.jwks_uri,
        scopes=registration.scopes,
        legacy_metadata=registration.legacy_metadata,
        frame_ancestors=list(registration.frame_ancestors),
        extra_scopes=list(registration.extra_scopes),
        without_scopes=list(registration.without_scopes),
        style_origins=list(registration.style_origins),
        backend_client_id=registration.backend_client_id,
        stage=stage,
        created_at=datetime.now(UTC),
    )
    if registration.client_secret is not None:
        keep_client_secret(row, registration.client_secret, keys=keys)
    session.add(row)
    details = {"name": row.name, "iss": row.iss, "before": None, "after": facts_of(row)}
    write_audit(session, organization=row.organization, actor=actor, action="EHR registered", details=details)
    session.flush()
    return row.id


def check_callback(session: Session, registration: Registration, *, other_than: UUID | None = None) -> None:
    """One redirect URI for several EHRs: only as one client, and only where the tokens' issuers tell them apart.

    Else the code of one EHR could be brought to the other (mix-up, RFC 9700 4.4). Raises CallbackTaken.
    """
    same = session.scalars(select(EhrRegistration).where(EhrRegistration.callback == registration.callback))
    others = [row for row in same if row.id != other_than]
    issuers = [registration.token_issuer, *(other.token_issuer for other in others)]
    if not others or (
        {other.client_id for other in others} == {registration.client_id}
        and None not in issuers
        and len(set(issuers)) == len(issuers)
    ):
        return
    raise CallbackTaken(
        f'The callback "{registration.callback}" is used by {others[0].name}. Give this EHR one of its own '
        "(--callback). Two may share one only with the same client id and a --token-issuer of its own each."
    )


def remove_ehr(session: Session, *, organization: UUID, name: str, actor: str) -> None:
    """Take a registration away: launches from it are refused from now on. Raises NoSuchRegistration."""
    row = session.scalar(
        select(EhrRegistration).where(EhrRegistration.organization == organization, EhrRegistration.name == name)
    )
    if row is None:
        raise NoSuchRegistration(f'No EHR "{name}" here. Known ones: preceptor ehr list')
    details = {"name": row.name, "iss": row.iss, "before": facts_of(row), "after": None}
    session.delete(row)
    write_audit(session, organization=organization, actor=actor, action="EHR removed", details=details)
    session.flush()


def declare_job_role(session: Session, *, organization: UUID, learner: UUID, role: str) -> None:
    """Remember what the learner says where the EHR is silent. For teaching: gives no permission.

    Raises NoSuchJobRole.
    """
    if role not in {known.id for known in job_roles(session, organization=organization)}:
        raise NoSuchJobRole(role)
    session.get_one(Learner, (organization, learner)).declared_job_role = role
    session.flush()


def write_audit(session: Session, *, organization: UUID, actor: str, action: str, details: dict[str, Any]) -> None:
    """An entry beside the change it tells of."""
    entry = AuditEntry(organization=organization, id=uuid.uuid4(), at=datetime.now(UTC), actor=actor, action=action)
    entry.details = details
    session.add(entry)
