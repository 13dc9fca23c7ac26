"""Within a visit: the EHR is told at once, where it answers at once; else the next turn tells it."""

from collections.abc import Collection
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from launch.extension import SmartLaunch
from launch.fhir_session import FhirSession
from smart_app.organizations.roster.people import persons_of_learner
from smart_app.rollout.ehrs import TASKS, backend_sessions
from smart_app.rollout.models import AssignmentTask
from smart_app.rollout.task_sync import SessionOf, Turn, read_tasks, write_tasks
from smart_app.rollout.tasking import PERSONS_SCOPE
from smart_app.services import services
from smart_app.visits.tokens import fhir_of
from smart_app.visits.view import VisitView

AT_ONCE_SECONDS = 1.5
"""A learner who has finished waits no longer than this for the EHR."""


def tell_ehr(visit: VisitView) -> None:
    """What this learner has just finished is written into their Tasks. Never raises for the EHR's sake."""
    persons = _persons_with_something_to_write(visit)
    if persons:
        write_tasks(
            services().database,
            organization=visit.organization,
            keys=services().keys,
            session_of=sessions_of(visit),
            only=lambda row: row.person in persons,
            seconds=AT_ONCE_SECONDS,
        )


def write_and_read(visit: VisitView, *, seconds: float = 20.0) -> tuple[Turn, Turn]:
    """A whole turn, asked for by a trainer: what is due goes out, what was ended there comes in."""
    held, session_of = services(), sessions_of(visit)
    out = write_tasks(
        held.database, organization=visit.organization, keys=held.keys, session_of=session_of, seconds=seconds
    )
    return out, read_tasks(held.database, organization=visit.organization, session_of=session_of)


def sessions_of(visit: VisitView) -> SessionOf:
    """The visit's own token at its EHR, where the organization turned that on; else Backend Services."""
    client = _launch().client
    by_backend = backend_sessions(client.backend, client.stores.registrations, scopes=TASKS)

    def session_of(registration: UUID) -> FhirSession:
        if registration.hex == visit.ehr and _writes_as_the_person(registration):
            return fhir_of(visit.id)
        return by_backend(registration)

    return session_of


def _writes_as_the_person(registration: UUID) -> bool:
    found = _launch().client.stores.registrations.get(registration.hex)
    return found.keeps_token and PERSONS_SCOPE in found.extra_scopes


def _persons_with_something_to_write(visit: VisitView) -> Collection[UUID]:
    with services().database.reading() as session:
        persons = persons_of_learner(session, organization=visit.organization, learner=visit.learner)
        if not persons:
            return ()
        due = select(AssignmentTask.person).where(
            AssignmentTask.organization == visit.organization,
            AssignmentTask.person.in_(persons),
            AssignmentTask.next_at.is_not(None),
        )
        return set(session.scalars(due))


def _launch() -> SmartLaunch:
    extension: SmartLaunch = current_app.extensions["smart_launch"]
    return extension
