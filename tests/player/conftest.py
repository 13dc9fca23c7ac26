"""An app with one organization, a published library, and learners who have just launched."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask, Response
from sqlalchemy import select

from launch.stores import Registration
from smart_app.config import Settings
from smart_app.db import Database
from smart_app.factory import create_app
from smart_app.keys import generate
from smart_app.ledger.models import UsageEventRow
from smart_app.library.body import SLOT
from smart_app.library.importing import import_library
from smart_app.library.registries import LocalFile
from smart_app.organizations.job_roles import job_roles
from smart_app.organizations.learners import Identity, resolve_learner
from smart_app.organizations.verbs import add_organization, register_ehr
from smart_app.player.choosing import choices_for
from smart_app.player.nudging import nudge_if_due
from smart_app.player.preferring import welcome
from smart_app.services import EXTENSION, Services
from smart_app.visits import cookies
from smart_app.visits.models import Visit
from smart_app.visits.verbs import keep_choices, open_visit
from smart_app.visits.view import VisitView, view_of
from tests.player.reader import BASE, Reader

HANDOFF = "nurse-handoff-summary"
LIBRARY = Path(__file__).with_name("library")
"""Two tutorials with their registries; the one for nurses has three questions."""


@dataclass(frozen=True)
class House:
    """The app and what stands in its database."""

    app: Flask
    database: Database
    services: Services
    organization: UUID
    registration: UUID

    def events(self) -> list[UsageEventRow]:
        """All usage events, oldest first; of the day-only ones the order is not told."""
        with self.database.reading() as session:
            return list(session.scalars(select(UsageEventRow).order_by(UsageEventRow.recorded_at)))

    def told(self) -> list[str]:
        """Types of the events that have a clock time, oldest first."""
        return [row.type for row in self.events() if row.event_id.version == 7]


Arrive = Callable[..., Reader]


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key file; making one takes a second."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    generate(path)
    return path


@pytest.fixture
def sensitive() -> bool:
    """Whether the handoff summary is marked sensitive; tests say otherwise by parametrizing."""
    return False


@pytest.fixture
def house(database_url: str, tmp_path: Path, keys: Path, sensitive: bool) -> Iterator[House]:
    """A running app on each kind of database."""
    with opened_house(database_url, tmp_path, keys, sensitive) as house:
        yield house


@contextmanager
def opened_house(url: str, folder: Path, keys: Path, sensitive: bool = False, **settings: Any) -> Iterator[House]:
    """An app on the migrated, empty database at `url`, with its library published."""
    app = create_app(Settings(data_dir=folder, database_url=url, base_url=BASE, keys=keys, **settings))
    held: Services = app.extensions[EXTENSION]
    with held.database.writing() as session:
        organization = add_organization(session, name="Lakeside", actor="test")
        registration = register_ehr(
            session,
            registration=Registration(
                id="",
                organization=str(organization),
                name="Lakeside EHR",
                iss="https://ehr.example/fhir",
                client_id="c",
            ),
            keys=held.keys,
            actor="test",
        )
        import_library(
            session,
            organization=organization,
            folder=LIBRARY,
            local=local_file(LIBRARY, sensitive),
            reviewer="the reviewer",
            publish=True,
            grade=False,
        )
        session.commit()
    yield House(app, held.database, held, organization, registration)
    held.database.dispose()


@pytest.fixture
def arrive(house: House) -> Arrive:
    """Opens a visit as a launch does, and sits a reader before it. `first`: who was never told what this is."""
    return arriving_at(house)


def arriving_at(house: House) -> Arrive:
    """What the fixture `arrive` gives, for any house."""

    def arrive(
        *,
        person: str = "nurse 1",
        roles: tuple[str, ...] = ("nurse",),
        task: str | None = "shift-handoff",
        first: bool = False,
        **more: Any,
    ) -> Reader:
        with house.database.writing() as session:
            identity = Identity("token", f"https://ehr.example|{person}")
            learner = resolve_learner(
                session, organization=house.organization, identities=[identity], keys=house.services.keys
            )
            titles = {role.id: role.title for role in job_roles(session, organization=house.organization)}
            visit, secret = open_visit(
                session, visit=_visit(house, learner.id, roles, [titles[role] for role in roles], task, **more)
            )
            view = _view(visit)
            if not first:
                welcome(session, visit=view)
            kept = keep_choices(session, visit=view, choices=choices_for(session, visit=view))
            nudge_if_due(session, visit=kept)
            session.commit()
        return _reader(house, view, secret)

    return arrive


def _visit(house: House, learner: UUID, roles: Any, titles: list[str], task: str | None, **more: Any) -> Visit:
    facts: dict[str, Any] = {
        "organization": house.organization,
        "learner": learner,
        "registration": house.registration,
        "reference": "7F3K-92QD",
        "job_roles": list(roles),
        "role_titles": titles,
        "role_declared": False,
        "specialties": [],
        "task_open": task is not None,
        "task_codes": [f"urn:preceptor:task|{task}"] if task else [],
        "frequent_task_codes": [],
        "intent": None,
        "placement": None,
        "encounter_class": "IMP",
        "standalone": False,
        "missing": [],
        "choices": [],
    }
    return Visit(**{**facts, **more}, id=uuid4())


def _view(visit: Visit) -> VisitView:
    return view_of(visit, organization_name="Lakeside", ehr_name="Lakeside EHR", frame_ancestors=())


def _reader(house: House, view: VisitView, secret: str) -> Reader:
    answer = Response()
    cookies.set_cookie(answer, visit=view.id, secret=secret, keys=house.services.keys, lifetime=3600)
    name, _, value = answer.headers["Set-Cookie"].partition(";")[0].partition("=")
    client = house.app.test_client()
    client.set_cookie(name, value, domain="localhost", secure=True)
    return Reader(client, f"/v/{view.id}/")


def local_file(folder: Path, sensitive: bool) -> LocalFile:
    slots = {match[1]: "as your unit does" for path in folder.glob("*.md") for match in SLOT.finditer(path.read_text())}
    live = {"status": "live", "version": "4.2", "sensitive": False}
    return LocalFile(
        slots={"all": slots},
        ai_features={
            "handoff-summary": {**live, "sensitive": sensitive, "launch_link": "https://ehr.example/handoff"},
            "inbox-draft-reply": {**live, "version": "May 2026 (r2)"},
        },
    )
