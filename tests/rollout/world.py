"""A small organization with a library, a roster, and an EHR that takes Tasks: a strict sandbox over any FHIR store."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import requests
from sqlalchemy import select, update

from launch.backend import BackendServices
from launch.documents import Documents
from launch.outbound import Door
from launch.sandbox.clients import client_from_json
from launch.sandbox.ehr import SandboxEhr
from launch.sandbox.server import running_sandbox
from launch.stores import Registration
from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.library.importing import import_library
from smart_app.organizations.launch_stores import sql_stores
from smart_app.organizations.learners import Identity, resolve_learner
from smart_app.organizations.roster.importing import From, import_roster, plan_import
from smart_app.organizations.roster.models import RosterIdentity
from smart_app.organizations.roster.reading import StaffLine
from smart_app.organizations.verbs import add_organization, register_ehr
from smart_app.rollout.assigned import assigned_to
from smart_app.rollout.assigning import assign, finish_assigned, put_back, withdraw
from smart_app.rollout.ehrs import TASKS, backend_sessions
from smart_app.rollout.models import AssignedPerson, AssignmentTask
from smart_app.rollout.task_sync import Turn, read_tasks, write_tasks
from smart_app.rollout.tasking import plan_tasks
from tests.player.conftest import LIBRARY, local_file

TUTORIAL = "nurse-handoff-summary"
BACKEND = {
    "client_id": "preceptor-backend",
    "auth": "private_key_jwt",
    "redirect_uris": ["http://localhost:8000/launch/callback/ehr"],
    "launch_url": "http://localhost:8000/launch",
    "backend_scopes": "system/Task.crus system/PractitionerRole.rs system/Location.rs",
}
DUE = datetime.now(UTC).date() + timedelta(days=14)


@dataclass
class World:
    """Everything at hand, and the acts as short calls."""

    database: Database
    keys: KeyRing
    organization: UUID
    registration: UUID
    ehr: SandboxEhr

    def staff(self, *practitioners: str, job_role: str = "nurse", unit: str = "Ward 3") -> None:
        """These Practitioners stand on the roster."""
        lines = [
            StaffLine(line=number, staff=f"S-{who}", unit=unit, job_role=job_role, known_as=(("practitioner", who),))
            for number, who in enumerate(practitioners, 2)
        ]
        source = From(
            organization=self.organization, keys=self.keys, ehr=self.registration, iss=self.ehr.iss,
            keep_practitioners=True,
        )  # fmt: skip
        with self.database.writing() as session:
            plan = plan_import(session, lines=lines, source=source)
            import_roster(session, plan=plan, source=source, actor="test")
            session.commit()

    def person(self, practitioner: str) -> UUID:
        value = f"{self.ehr.iss}|Practitioner/{practitioner}"
        with self.database.reading() as session:
            return session.scalars(
                select(RosterIdentity.person).where(
                    RosterIdentity.hash == self.keys.hash("learner identity practitioner", value)
                )
            ).one()

    def learner(self, practitioner: str) -> UUID:
        """The learner that launches as this Practitioner."""
        identities = [
            Identity("token", f"{self.ehr.iss}|user {practitioner}"),
            Identity("practitioner", f"{self.ehr.iss}|Practitioner/{practitioner}"),
        ]
        with self.database.writing() as session:
            found = resolve_learner(session, organization=self.organization, identities=identities, keys=self.keys)
            session.commit()
        return found.id

    def assigns(self, **more: Any) -> UUID:
        """A tutorial to all nurses, unless `more` says otherwise; its Tasks are planned."""
        said: dict[str, Any] = {"tutorial": TUTORIAL, "due": DUE, "actor": "test"}
        said |= more if {"roles", "units", "people"} & set(more) else {"roles": ["nurse"], **more}
        with self.database.writing() as session:
            made = assign(session, organization=self.organization, **said)
            plan_tasks(session, organization=self.organization, keys=self.keys)
            session.commit()
        return made.id

    def withdraws(self, assignment: UUID, *, back: bool = False) -> None:
        with self.database.writing() as session:
            act = put_back if back else withdraw
            act(session, organization=self.organization, assignment=assignment, actor="test")
            session.commit()

    def finishes(self, practitioner: str) -> None:
        """Finished in Preceptor."""
        with self.database.writing() as session:
            finish_assigned(
                session, organization=self.organization, learner=self.learner(practitioner), tutorial=TUTORIAL,
                version=1, on=datetime.now(UTC).date(),
            )  # fmt: skip
            session.commit()

    def asked(self, practitioner: str) -> dict[str, date]:
        """What comes first for this person at the next launch."""
        learner = self.learner(practitioner)
        with self.database.reading() as session:
            return assigned_to(session, organization=self.organization, learner=learner)

    def writes(self, backend: BackendServices | None = None, **more: Any) -> Turn:
        """A turn outwards, with a client as a fresh process has it; what waits for its time is due now."""
        with self.database.writing() as session:
            waiting = update(AssignmentTask).where(AssignmentTask.next_at.is_not(None))
            session.execute(waiting.values(next_at=datetime.now(UTC) - timedelta(seconds=1)))
            session.commit()
        of = backend_sessions(backend or self.backend(), self.registrations, scopes=TASKS)
        return write_tasks(self.database, organization=self.organization, keys=self.keys, session_of=of, **more)

    def reads(self) -> Turn:
        """A turn inwards."""
        of = backend_sessions(self.backend(), self.registrations, scopes=TASKS)
        return read_tasks(self.database, organization=self.organization, session_of=of)

    @property
    def registrations(self) -> Any:
        return sql_stores(self.database, self.keys).registrations

    def backend(self) -> BackendServices:
        door = Door()
        documents = Documents(door=door, cache=sql_stores(self.database, self.keys).metadata)
        return BackendServices(keys=self.keys, door=door, documents=documents)

    def row(self, practitioner: str) -> AssignmentTask:
        with self.database.reading() as session:
            return session.scalars(
                select(AssignmentTask).where(AssignmentTask.person == self.person(practitioner))
            ).one()

    def state(self, practitioner: str) -> tuple[str, str | None]:
        """(state, where it was finished) of the one assignment."""
        with self.database.reading() as session:
            asked = session.scalars(
                select(AssignedPerson).where(AssignedPerson.person == self.person(practitioner))
            ).one()
        return asked.state, asked.finished_in

    def task(self, practitioner: str) -> dict[str, Any]:
        """The Task as the EHR holds it now."""
        return self.at_the_ehr("GET", f"Task/{self.row(practitioner).task}")

    def somebody_changes(self, practitioner: str, **members: Any) -> dict[str, Any]:
        """Somebody at the EHR changes the Task there."""
        return self.at_the_ehr("PUT", f"Task/{self.row(practitioner).task}", {**self.task(practitioner), **members})

    def at_the_ehr(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """As the EHR's own people: with a token of their own."""
        session = self.backend().session(self.registrations.get(self.registration.hex), scopes=TASKS)
        with requests.Session() as http:
            http.trust_env = False
            answer = http.request(
                method, f"{self.ehr.fhir_base}/{path}", json=body,
                headers={"Authorization": str(session._authorization), "Cache-Control": "no-cache"}, timeout=30,
            )  # fmt: skip
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def world_over(database: Database, key_path: Path, **sandbox: Any) -> Iterator[World]:
    """`sandbox`: what stands behind it, `resources=[...]` or `fhir=URL`."""
    keys = KeyRing.load(key_path)
    with running_sandbox(**sandbox) as ehr:
        client = client_from_json({**BACKEND, "jwks": keys.public_jwks()})
        ehr.clients[client.client_id] = client
        with database.writing() as session:
            organization = add_organization(session, name="Lakeside", actor="test")
            registration = Registration(
                id="", organization=organization.hex, name="Sandbox", iss=ehr.iss, client_id="preceptor",
                backend_client_id=client.client_id,
            )  # fmt: skip
            made = register_ehr(session, registration=registration, keys=keys, actor="test")
            import_library(
                session, organization=organization, folder=LIBRARY, local=local_file(LIBRARY, False),
                reviewer="the reviewer", publish=True, grade=False,
            )  # fmt: skip
            session.commit()
        yield World(database, keys, organization, made, ehr)


__all__ = ["DUE", "TUTORIAL", "World", "world_over"]
