"""What is still to be written into an EHR, counted by EHR and by why the last try failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from smart_app.organizations.models import EhrRegistration
from smart_app.rollout.models import AssignmentTask

WHY: Final[Mapping[str, str]] = {
    "BackendError": "no access by Backend Services",
    "BackendNotRegistered": "no client of Backend Services is registered",
    "BackendRefused": "the EHR refuses access by Backend Services",
    "BackendAway": "the EHR gave no token for Backend Services just now",
    "TokenError": "the token of the visit gives no access any more",
    "RelaunchNeeded": "the token of the visit gives no access any more",
    "TokenBusy": "the token of the visit was just being renewed",
    "FhirConflict": "somebody there was faster, several times",
    "FhirRefused": "the EHR refused it",
    "FhirTimeout": "the EHR did not answer in time",
    "FhirUnreachable": "the EHR could not be reached",
    "FhirStatus": "the EHR answered with an error",
}
ODD: Final = "the EHR gave an answer that cannot be used"
NOT_TRIED: Final = "not tried yet"


@dataclass(frozen=True)
class Waiting:
    """Tasks of one EHR that wait for the same reason."""

    ehr: str
    by_command: bool
    """The EHR takes them by Backend Services; else only by the token of somebody who has launched."""
    why: str
    count: int
    next_at: datetime
    """When the first of them is tried again, at the earliest."""


def waiting(session: Session, *, organization: UUID) -> list[Waiting]:
    """What waits; empty where the EHR says all that it should."""
    task = AssignmentTask
    rows = session.execute(
        select(task.registration, task.problem, func.count(), func.min(task.next_at))
        .where(task.organization == organization, task.next_at.is_not(None))
        .group_by(task.registration, task.problem)
        .order_by(task.registration, task.problem)
    ).all()
    ehrs = session.scalars(select(EhrRegistration).where(EhrRegistration.organization == organization))
    known = {row.id: row for row in ehrs}
    return [
        Waiting(
            known[ehr].name if ehr in known else "an EHR that was removed",
            ehr in known and known[ehr].backend_client_id is not None,
            WHY.get(problem, ODD) if problem else NOT_TRIED,
            count,
            first,
        )
        for ehr, problem, count, first in rows
        if first is not None
    ]
