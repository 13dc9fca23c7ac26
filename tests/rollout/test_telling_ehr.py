"""Whoever finishes in a visit has it written into the EHR at once, where the EHR answers at once."""

import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select, update

from smart_app.organizations.models import EhrRegistration
from smart_app.rollout.models import AssignmentTask
from tests.launch.canned_ehr import Answer, Seen
from tests.plugins.app import RealApp, Visitor
from tests.studio.people.conftest import Trainer, trainer  # noqa: F401 -- a fixture
from tests.studio.people.test_assignment_pages import colleague, finish


@dataclass
class Tasks:
    """The Tasks of the canned EHR, with their versions; it gives tokens to Backend Services."""

    app: RealApp
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    bearer: list[str] = field(default_factory=list)
    seconds: float = 0.0
    away: bool = False

    def serve(self) -> None:
        ehr, by_code = self.app.ehr, self.app.ehr._token

        def token(seen: Seen) -> Answer:
            if seen.form.get("grant_type") != "client_credentials":
                return by_code(seen)
            given = {"access_token": "system-token", "token_type": "Bearer", "expires_in": 300}
            return Answer({**given, "scope": seen.form["scope"]})

        ehr.answers["/token"] = token
        ehr.answers["/fhir/Task"] = self.at_all
        ehr.answers["/fhir/Task/t-1"] = self.at_one

    def at_all(self, seen: Seen) -> Answer:
        if seen.method == "GET":
            return Answer({"resourceType": "Bundle", "type": "searchset", "entry": []})
        self.bearer.append(seen.headers["Authorization"])
        self.held["t-1"] = {"resourceType": "Task", "id": "t-1", "status": "requested", "meta": {"versionId": "1"}}
        return Answer(self.held["t-1"], 201)

    def at_one(self, seen: Seen) -> Answer:
        time.sleep(self.seconds)
        if self.away:
            return Answer({}, 503)
        if seen.method == "PUT":
            self.bearer.append(seen.headers["Authorization"])
            self.held["t-1"] = {**self.held["t-1"], "status": "completed", "meta": {"versionId": "2"}}
        return Answer(self.held["t-1"])


@pytest.fixture
def tasks(trainer: Trainer, app: RealApp) -> Tasks:  # noqa: F811
    """Maya Sample (prac-2) is asked, and has a Task."""
    with app.database.writing() as session:
        session.execute(update(EhrRegistration).values(backend_client_id="preceptor-backend"))
        session.commit()
    app.app.extensions["smart_launch"].client.stores.registrations._remembered.clear()
    found = Tasks(app)
    found.serve()
    trainer.imports()
    trainer.assigns()
    trainer.send("assignments/ehr")
    assert found.held["t-1"]["status"] == "requested"
    return found


def row(app: RealApp) -> AssignmentTask:
    with app.database.reading() as session:
        return session.scalars(select(AssignmentTask)).one()


def test_a_trainer_writes_the_tasks_by_backend_services(tasks: Tasks, trainer: Trainer) -> None:  # noqa: F811
    assert tasks.bearer == ["Bearer system-token"]
    assert "1 in the EHR" in trainer.open("assignments")


def test_what_is_finished_in_a_visit_is_completed_there_when_the_page_comes(tasks: Tasks, app: RealApp) -> None:
    finish(colleague(app))
    assert tasks.held["t-1"]["status"] == "completed"
    assert row(app).next_at is None


@pytest.mark.parametrize("trouble", [{"seconds": 4.0}, {"away": True}])
def test_an_ehr_that_is_slow_or_away_keeps_nobody_waiting_and_is_told_later(
    tasks: Tasks, app: RealApp, trouble: dict[str, Any]
) -> None:
    somebody: Visitor = colleague(app)
    for name, value in trouble.items():
        setattr(tasks, name, value)
    began = time.monotonic()
    finish(somebody)
    assert time.monotonic() - began < 3.5
    assert row(app).next_at is not None
    assert row(app).status == "completed"
