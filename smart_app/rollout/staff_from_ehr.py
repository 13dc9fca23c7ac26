"""The EHR's own staff list as a roster file: PractitionerRole, read by Backend Services.

It is written as the same table as a file, so that it is tried, reported on and imported in the same way: a role
code that means nothing here is asked for on the page, a line at a time that cannot be read is refused.
"""

import csv
import io
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from launch.backend import BackendError, BackendServices
from launch.extension import SmartLaunch
from launch.fhir_session import FhirReadError
from launch.stores import Registration, RegistrationStore
from smart_app.fhir.staff import StaffRole, read_staff
from smart_app.organizations.models import EhrRegistration, JobRole, RoleCode
from smart_app.organizations.registration_rows import registration_of
from smart_app.organizations.roster.reading import Reading
from smart_app.rollout.ehrs import STAFF, backend_sessions
from smart_app.services import services
from smart_app.visits.role_match import COARSE_SYSTEM
from smart_app.visits.view import VisitView

SECONDS: Final = 25.0
"""Within a page's request."""
_HEADINGS: Final = ("Practitioner", "Unit", "Job role", "From", "To")
_READING: Final = Reading(
    columns={
        "staff": "Practitioner", "unit": "Unit", "job_role": "Job role", "active_from": "From", "active_to": "To"
    },
    staff_is="practitioner",
    whole=True,
    source="EHR",
)  # fmt: skip


class EhrHasNoStaff(Exception):
    """The EHR gives no staff list; the text says why, for the page."""


def ehrs_with_staff(session: Session, *, organization: UUID) -> list[Registration]:
    """EHRs at which a client of Backend Services is registered."""
    rows = session.scalars(
        select(EhrRegistration)
        .where(EhrRegistration.organization == organization, EhrRegistration.backend_client_id.is_not(None))
        .order_by(EhrRegistration.name)
    )
    return [registration_of(row, secret=None) for row in rows]


def staff_file(visit: VisitView, *, ehr: str, below: str) -> tuple[bytes, Reading]:
    """Within a request: :func:`staff_table` of one of the organization's EHRs. Raises EhrHasNoStaff."""
    extension: SmartLaunch = current_app.extensions["smart_launch"]
    with services().database.reading() as session:
        known = [one for one in ehrs_with_staff(session, organization=visit.organization) if one.id == ehr]
        meaning = role_meanings(session, organization=visit.organization)
    if not known:
        raise EhrHasNoStaff("That EHR has no client of Backend Services here.")
    client = extension.client
    return staff_table(client.backend, client.stores.registrations, known[0], meaning, below=below)


def staff_table(
    backend: BackendServices,
    registrations: RegistrationStore,
    ehr: Registration,
    meaning: dict[tuple[str, str], str],
    *,
    below: str,
    seconds: float = SECONDS,
) -> tuple[bytes, Reading]:
    """The EHR's PractitionerRoles as CSV, and how to read it. `below`: id of its Organization; empty: of any."""
    try:
        fhir = backend_sessions(backend, registrations, scopes=STAFF)(UUID(ehr.id))
        try:
            found = read_staff(fhir, organization=below, until=time.monotonic() + seconds)
        finally:
            fhir.close()
    except BackendError as error:
        raise EhrHasNoStaff(f"The EHR gave no access by Backend Services: {error}.") from error
    except FhirReadError as error:
        raise EhrHasNoStaff(f"The EHR's staff list could not be read: {error}.") from error
    if not found:
        raise EhrHasNoStaff("The EHR answered, but names nobody. Nothing was changed.")
    return _written(found, meaning), replace(_READING, ehr=ehr.id, below=below)


def role_meanings(session: Session, *, organization: UUID) -> dict[tuple[str, str], str]:
    """(system, code) -> title of the job role that it means here."""
    rows = session.execute(
        select(RoleCode.system, RoleCode.code, JobRole.title)
        .join(JobRole, (JobRole.organization == RoleCode.organization) & (JobRole.id == RoleCode.job_role))
        .where(RoleCode.organization == organization)
    )
    return {(system, code): title for system, code, title in rows}


def _written(found: list[StaffRole], meaning: dict[tuple[str, str], str]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_HEADINGS)
    writer.writerows(_rows(found, meaning))
    return out.getvalue().encode()


def _rows(found: list[StaffRole], meaning: dict[tuple[str, str], str]) -> Iterator[tuple[str, ...]]:
    """A person once: the first active role that means something here, else the first."""
    today, by_person = datetime.now(UTC).date().isoformat(), dict[str, list[StaffRole]]()
    for role in found:
        if role.active and not (role.until and role.until < today):
            by_person.setdefault(role.practitioner, []).append(role)
    for practitioner, roles in by_person.items():
        best = next((role for role in roles if _title(role, meaning)), roles[0])
        yield practitioner, best.unit or "No unit", _title(best, meaning) or best.words or "?", best.since, best.until


def _title(role: StaffRole, meaning: dict[tuple[str, str], str]) -> str:
    """By its codes, HL7's coarse ones last; as a launch does."""
    codes = sorted(role.codes, key=lambda code: code[0] == COARSE_SYSTEM)
    return next((meaning[code] for code in (*codes, *role.specialties) if code in meaning), "")
