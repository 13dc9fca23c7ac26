"""From a read file to the roster, with what the organization knows and allows; who comes new is asked at once."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from launch.stores import Registration
from smart_app.keys import KeyRing
from smart_app.library.models import AiFeatureRow
from smart_app.organizations.job_roles import job_roles
from smart_app.organizations.models import EhrRegistration
from smart_app.organizations.registration_rows import registration_of
from smart_app.organizations.roster.importing import From, RosterPlan, import_roster, plan_import
from smart_app.organizations.roster.reading import Fault, Known, Reading, ReadRoster, read_roster
from smart_app.organizations.roster.table import Table
from smart_app.organizations.roster.uploads import purge_uploads
from smart_app.rollout.assigning import ask_newcomers
from smart_app.rollout.naming import names_allowed
from smart_app.rollout.tasking import plan_tasks, takes_tasks

WHICH_EHR = Fault(
    1,
    "It is not said which EHR these user ids or Practitioner ids belong to.",
    "Choose the EHR: the same id means another person at another one.",
)


@dataclass(frozen=True)
class Tried:
    """A dry run."""

    read: ReadRoster
    plan: RosterPlan | None
    """None where a line could not be read: then nothing is planned."""

    @property
    def is_fit(self) -> bool:
        """Whether it can be imported."""
        return self.plan is not None and not self.plan.faults

    @property
    def faults(self) -> tuple[Any, ...]:
        """Why not, line by line."""
        return (*self.read.faults, *(self.plan.faults if self.plan else ()))


def known_words(session: Session, *, organization: UUID) -> Known:
    """Job roles and AI features by any word they are called."""
    roles = job_roles(session, organization=organization)
    features = session.execute(
        select(AiFeatureRow.id, AiFeatureRow.name).where(AiFeatureRow.organization == organization)
    ).all()
    return Known(
        job_roles={word.lower(): role.id for role in roles for word in (role.title, role.id)},
        features={word.lower(): feature for feature, name in features for word in (name, feature)},
    )


def meant_ehr(session: Session, *, organization: UUID, reading: Reading) -> Registration | None:
    """The EHR that was said; the only one where none was. None where nobody said which of several, or it is gone."""
    rows = session.scalars(select(EhrRegistration).where(EhrRegistration.organization == organization))
    ehrs = [registration_of(row, secret=None) for row in rows]
    if reading.ehr:
        return next((ehr for ehr in ehrs if ehr.id == reading.ehr), None)
    return ehrs[0] if len(ehrs) == 1 else None


def source_of(session: Session, *, organization: UUID, keys: KeyRing, reading: Reading) -> From:
    """Where the lines come from, and what the organization lets us keep."""
    meant = meant_ehr(session, organization=organization, reading=reading)
    return From(
        organization=organization,
        keys=keys,
        staff_is=reading.staff_is,
        ehr=UUID(meant.id) if meant else None,
        iss=meant.iss if meant else None,
        keep_names=names_allowed(session, organization=organization),
        keep_practitioners=meant is not None and takes_tasks(meant),
        whole=reading.whole,
        source=reading.source,
        below=reading.below,
    )


def try_import(session: Session, *, organization: UUID, keys: KeyRing, table: Table, reading: Reading) -> Tried:
    """What importing the file so would do; reads only."""
    read = read_roster(table, reading, known_words(session, organization=organization))
    if read.faults:
        return Tried(read, None)
    if reading.names_an_ehr and meant_ehr(session, organization=organization, reading=reading) is None:
        return Tried(replace(read, faults=(WHICH_EHR,)), None)
    source = source_of(session, organization=organization, keys=keys, reading=reading)
    return Tried(read, plan_import(session, lines=read.lines, source=source))


def bring_in(
    session: Session, *, organization: UUID, keys: KeyRing, tried: Tried, reading: Reading, actor: str
) -> dict[str, Any]:
    """Import what was tried; returns what undoes it. Raises RosterRefused where it was not fit. Flushes."""
    source = source_of(session, organization=organization, keys=keys, reading=reading)
    plan = tried.plan or RosterPlan(faults=tried.read.faults, added=(), changed=(), same=0, leaving=(), units=())
    purge_uploads(session, organization=organization)
    undo = import_roster(session, plan=plan, source=source, actor=actor)
    ask_newcomers(session, organization=organization)
    plan_tasks(session, organization=organization, keys=keys)
    return undo
