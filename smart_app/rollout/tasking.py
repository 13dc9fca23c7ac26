"""Which assignments stand in an EHR as Tasks, and what is still to be written there. Rows alone: no network.

A Task is made for each person whose Practitioner id at an EHR is known, where that EHR takes Tasks from here:
by Backend Services, or by the token of somebody who has launched. What is to be written stands in the row
before it is written, so that nothing is lost where the EHR is away.
"""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from launch.stores import Registration
from smart_app.keys import KeyRing
from smart_app.organizations.models import EhrRegistration
from smart_app.organizations.registration_rows import registration_of
from smart_app.organizations.roster.models import RosterPerson
from smart_app.organizations.roster.sealing import unseal
from smart_app.rollout.assigned import OPEN
from smart_app.rollout.models import AssignedPerson, Assignment, AssignmentTask

REQUESTED, COMPLETED, CANCELLED = "requested", "completed", "cancelled"
PERSONS_SCOPE = "user/Task.cu"


def takes_tasks(registration: Registration) -> bool:
    """Whether the organization lets assignments be written into this EHR."""
    return bool(registration.backend_client_id) or PERSONS_SCOPE in registration.extra_scopes


def registrations_with_tasks(session: Session, *, organization: UUID) -> list[Registration]:
    """The EHRs that take Tasks, oldest registration first."""
    rows = session.scalars(
        select(EhrRegistration).where(EhrRegistration.organization == organization).order_by(EhrRegistration.created_at)
    )
    return [found for row in rows if takes_tasks(found := registration_of(row, secret=None))]


def plan_tasks(session: Session, *, organization: UUID, keys: KeyRing) -> int:
    """A Task to be written for each assigned person who has none and whose EHR takes them; how many. Flushes."""
    ehrs = [UUID(found.id) for found in registrations_with_tasks(session, organization=organization)]
    if not ehrs:
        return 0
    planned = 0
    for asked, sealed in session.execute(_without_task(organization)):
        ids = unseal(sealed, keys=keys, organization=organization, person=asked.person).practitioner
        ehr = next((ehr for ehr in ehrs if ehr.hex in ids), None)
        if ehr is not None:
            session.add(_new_task(asked, ehr))
            planned += 1
    session.flush()
    return planned


def want_status(session: Session, asked: AssignedPerson, status: str) -> None:
    """The Task of this person, where there is one, is to say so. Flushes nothing."""
    row = session.get(AssignmentTask, (asked.organization, asked.assignment, asked.person))
    if row is not None and row.status != status:
        row.status, row.next_at, row.tries, row.problem = status, datetime.now(UTC), 0, None


def close_tasks(session: Session, *, organization: UUID, assignment: UUID) -> None:
    """All that is not done is cancelled there; what was never written there is not written any more."""
    mine = (AssignmentTask.organization == organization, AssignmentTask.assignment == assignment)
    still = (*mine, AssignmentTask.status == REQUESTED)
    unwritten = AssignmentTask.task.is_(None)
    session.execute(update(AssignmentTask).where(*still, unwritten).values(status=CANCELLED, next_at=None))
    session.execute(update(AssignmentTask).where(*still).values(status=CANCELLED, **_due_now()))


def reopen_tasks(session: Session, *, organization: UUID, assignment: UUID) -> None:
    """Those that were cancelled with their assignment are asked for again."""
    session.execute(
        update(AssignmentTask)
        .where(
            AssignmentTask.organization == organization,
            AssignmentTask.assignment == assignment,
            AssignmentTask.status == CANCELLED,
        )
        .values(status=REQUESTED, **_due_now())
    )


def _due_now() -> dict[str, object]:
    return {"next_at": datetime.now(UTC), "tries": 0, "problem": None}


def _without_task(organization: UUID) -> Select[AssignedPerson, bytes | None]:
    task = AssignmentTask
    return (
        select(AssignedPerson, RosterPerson.sealed)
        .join(
            Assignment,
            (Assignment.organization == AssignedPerson.organization) & (Assignment.id == AssignedPerson.assignment),
        )
        .join(
            RosterPerson,
            (RosterPerson.organization == AssignedPerson.organization) & (RosterPerson.id == AssignedPerson.person),
        )
        .outerjoin(
            task,
            (task.organization == AssignedPerson.organization)
            & (task.assignment == AssignedPerson.assignment)
            & (task.person == AssignedPerson.person),
        )
        .where(
            AssignedPerson.organization == organization,
            AssignedPerson.state == OPEN,
            Assignment.ended_at.is_(None),
            RosterPerson.sealed.is_not(None),
            task.person.is_(None),
        )
    )


def _new_task(asked: AssignedPerson, ehr: UUID) -> AssignmentTask:
    return AssignmentTask(
        organization=asked.organization, assignment=asked.assignment, person=asked.person, registration=ehr,
        status=REQUESTED, next_at=datetime.now(UTC), tries=0,
    )  # fmt: skip
