"""Assignments as Tasks on a real FHIR server, behind the sandbox's Backend Services: both ways, and with a conflict."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import update

from smart_app.db import Database
from smart_app.rollout.models import AssignmentTask
from tests.rollout.world import DUE, TUTORIAL, World, world_over

pytestmark = pytest.mark.hapi
NURSE, PHYSICIAN = "prac-lindqvist-nurse", "prac-okafor-physician"


@pytest.fixture
def world(hapi: str, sqlite_database: Database, key_path: Path) -> Iterator[World]:
    with world_over(sqlite_database, key_path, fhir=hapi) as made:
        made.staff(NURSE, PHYSICIAN)
        made.assigns()
        assert made.writes().written == 2
        tasks = [made.row(person).task for person in (NURSE, PHYSICIAN)]
        yield made
    for task in tasks:  # the other tests share the server
        assert requests.delete(f"{hapi}/Task/{task}", timeout=10).status_code == 200


def test_a_task_is_created_for_each_person_and_found_by_its_owner(world: World) -> None:
    task = world.task(NURSE)
    assert (task["status"], task["owner"]) == ("requested", {"reference": f"Practitioner/{NURSE}"})
    assert task["restriction"]["period"]["end"] == DUE.isoformat()
    found = world.at_the_ehr("GET", f"Task?owner=Practitioner/{NURSE}&code=urn:preceptor:learning|finish-tutorial")
    assert task["id"] in [entry["resource"]["id"] for entry in found["entry"]]


def test_finished_in_preceptor_is_completed_there(world: World) -> None:
    world.finishes(NURSE)
    assert world.writes().written == 1
    assert (world.task(NURSE)["status"], world.task(PHYSICIAN)["status"]) == ("completed", "requested")


def test_completed_there_is_gone_here(world: World) -> None:
    world.somebody_changes(NURSE, status="completed")
    assert world.reads().finished_there == 1
    assert (world.asked(NURSE), world.asked(PHYSICIAN)) == ({}, {TUTORIAL: DUE})
    assert world.state(NURSE) == ("finished", "EHR")


def test_a_conflict_loses_neither_change(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """HAPI answers the stale If-Match by 409: the newer version is read, and the status is put onto that."""
    source: Any = world.ehr.source
    write, answers = source.update, []

    def somebody_is_faster(resource_type: str, resource: dict[str, Any], *, only: str | None = None) -> Any:
        if not answers:
            before = source.read("Task", resource["id"])
            write("Task", {**before, "priority": "urgent", "note": [{"text": "Asked at the huddle."}]})
        try:
            done = write(resource_type, resource, only=only)
        except Exception as error:
            answers.append(getattr(error, "status", 0))
            raise
        answers.append(done.status)
        return done

    monkeypatch.setattr(source, "update", somebody_is_faster)
    world.finishes(NURSE)
    assert world.writes().written == 1
    assert answers == [409, 200]
    task = world.task(NURSE)
    assert (task["status"], task["priority"], task["note"]) == (
        "completed", "urgent", [{"text": "Asked at the huddle."}],
    )  # fmt: skip
    assert task["meta"]["versionId"] == "3"


def test_a_create_whose_answer_got_lost_makes_no_second_task(world: World) -> None:
    first = world.row(NURSE).task
    with world.database.writing() as session:
        lost = update(AssignmentTask).where(AssignmentTask.person == world.person(NURSE))
        session.execute(lost.values(task=None, version=None, next_at=datetime.now(UTC)))
        session.commit()
    assert world.writes().written == 1
    assert world.row(NURSE).task == first


def test_withdrawn_here_is_cancelled_there(world: World) -> None:
    world.withdraws(world.row(NURSE).assignment)
    assert world.writes().written == 2
    assert (world.task(NURSE)["status"], world.task(PHYSICIAN)["status"]) == ("cancelled", "cancelled")
