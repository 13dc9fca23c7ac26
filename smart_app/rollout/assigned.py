"""What is assigned to a learner: read at each launch, so that it comes first."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from smart_app.db import once
from smart_app.organizations.models import LearnerIdentity
from smart_app.organizations.roster.models import RosterIdentity
from smart_app.rollout.models import AssignedPerson, Assignment

OPEN, FINISHED, ENDED = "open", "finished", "ended"
"""States of an assigned person: to do; done; taken back in the EHR."""

_OF_ASSIGNMENT = and_(
    AssignedPerson.organization == Assignment.organization, AssignedPerson.assignment == Assignment.id
)
_OF_PERSON = and_(
    RosterIdentity.organization == AssignedPerson.organization, RosterIdentity.person == AssignedPerson.person
)
_SAME_IDENTITY = and_(
    LearnerIdentity.organization == RosterIdentity.organization,
    LearnerIdentity.kind == RosterIdentity.kind,
    LearnerIdentity.hash == RosterIdentity.hash,
)

_ANY = (
    select(Assignment.id)
    .where(Assignment.organization == bindparam("organization"), Assignment.ended_at.is_(None))
    .limit(1)
)
"""Made once, as the next: every launch asks, and in most organizations nothing is assigned."""
_OWN = (
    select(Assignment.tutorial, Assignment.due, AssignedPerson.state)
    .join(AssignedPerson, _OF_ASSIGNMENT)
    .join(RosterIdentity, _OF_PERSON)
    .join(LearnerIdentity, _SAME_IDENTITY)
    .where(
        LearnerIdentity.organization == bindparam("organization"),
        LearnerIdentity.learner == bindparam("learner"),
        Assignment.ended_at.is_(None),
    )
)


def assigned_to(
    session: Session, *, organization: UUID, learner: UUID, job_roles: Iterable[str] = (), learned: Iterable[str] = ()
) -> dict[str, date]:
    """Tutorial -> the day it is due, of all that this learner was asked to finish and has not.

    By the person on the roster that the learner is. Somebody who stands on no roster is asked by what is assigned
    to `job_roles` as such, without what is `learned`.
    """
    found = once(session, _own, organization, learner)
    if found is None:
        return {}
    if not found:
        found = _of_roles(session, organization, learner, frozenset(job_roles), frozenset(learned))
    due: dict[str, date] = {}
    for tutorial, day, state in found:
        if state == OPEN:
            due[tutorial] = min(day, due.get(tutorial, day))
    return due


def _own(session: Session, organization: UUID, learner: UUID) -> list[tuple[str, date, str]] | None:
    """What the learner is asked for by name; None where nothing is assigned to anybody."""
    connection = session.connection()
    if connection.execute(_ANY, {"organization": organization}).first() is None:
        return None
    rows = connection.execute(_OWN, {"organization": organization, "learner": learner}).all()
    return [(tutorial, day, state) for tutorial, day, state in rows]


def _of_roles(
    session: Session, organization: UUID, learner: UUID, job_roles: frozenset[str], learned: frozenset[str]
) -> list[tuple[str, date, str]]:
    of_roles = select(Assignment.tutorial, Assignment.due, Assignment.roles, Assignment.units).where(
        Assignment.organization == organization, Assignment.ended_at.is_(None)
    )
    fitting = [
        (tutorial, due, OPEN)
        for tutorial, due, roles, units in session.execute(of_roles)
        if not units and job_roles & set(roles) and tutorial not in learned
    ]
    return [] if fitting and _stands_on_the_roster(session, organization, learner) else fitting


def _stands_on_the_roster(session: Session, organization: UUID, learner: UUID) -> bool:
    person = (
        select(RosterIdentity.person)
        .join(LearnerIdentity, _SAME_IDENTITY)
        .where(LearnerIdentity.organization == organization, LearnerIdentity.learner == learner)
    )
    return session.scalar(person.limit(1)) is not None
