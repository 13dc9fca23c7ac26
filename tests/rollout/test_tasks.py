"""Assignments as FHIR Tasks, both ways, through the strict sandbox by Backend Services."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from launch.sandbox.faults import Fault
from smart_app.organizations.models import EhrRegistration
from smart_app.organizations.roster.models import RosterPerson
from smart_app.rollout.models import AssignmentTask
from tests.rollout.world import DUE, TUTORIAL, World


def statuses(world: World, *practitioners: str) -> list[str]:
    return [world.task(who)["status"] for who in practitioners]


def test_each_person_gets_one_task_that_says_what_by_when_and_nothing_of_a_patient(world: World) -> None:
    world.staff("ada", "ben")
    world.assigns()
    assert world.writes().written == 2
    task = world.task("ada")
    assert task["owner"] == {"reference": "Practitioner/ada"}
    assert task["restriction"] == {"period": {"end": DUE.isoformat()}}
    assert "Reply" not in task["description"]
    assert task["code"]["coding"][0]["code"] == "finish-tutorial"
    assert not {"for", "encounter", "focus", "note"} & set(task)
    assert world.writes().written == 0


def test_finished_here_is_completed_there(world: World) -> None:
    world.staff("ada", "ben")
    world.assigns()
    world.writes()
    world.finishes("ada")
    assert world.writes().written == 1
    assert statuses(world, "ada", "ben") == ["completed", "requested"]


def test_ticked_off_there_is_gone_here_and_says_where_it_was_finished(world: World) -> None:
    world.staff("ada", "ben")
    world.assigns()
    world.writes()
    world.somebody_changes("ada", status="completed")
    assert world.reads().finished_there == 1
    assert (world.asked("ada"), world.asked("ben")) == ({}, {TUTORIAL: DUE})
    assert world.state("ada") == ("finished", "EHR")


@pytest.mark.parametrize("status", ["cancelled", "rejected", "failed", "entered-in-error"])
def test_ended_otherwise_there_is_gone_here_and_not_finished(quick: World, status: str) -> None:
    quick.staff("ada")
    quick.assigns()
    quick.writes()
    quick.somebody_changes("ada", status=status)
    assert quick.reads().ended_there == 1
    assert quick.asked("ada") == {}
    assert quick.state("ada") == ("ended", None)


@pytest.mark.parametrize("status", ["accepted", "in-progress", "on-hold"])
def test_what_is_open_there_is_open_here_and_is_not_put_back(quick: World, status: str) -> None:
    quick.staff("ada")
    quick.assigns()
    quick.writes()
    quick.somebody_changes("ada", status=status)
    quick.reads()
    quick.writes()
    assert quick.asked("ada") == {TUTORIAL: DUE}
    assert statuses(quick, "ada") == [status]


def test_of_two_changes_at_once_neither_is_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between our read and our write somebody at the EHR writes a note: 412, read again, both stand."""
    world.staff("ada")
    world.assigns()
    world.writes()
    world.finishes("ada")
    source: Any = world.ehr.source
    update_it, conflicts = source.update, []

    def somebody_is_faster(resource_type: str, resource: dict[str, Any], *, only: str | None = None) -> Any:
        if not conflicts:
            conflicts.append(only)
            before = source.read("Task", resource["id"])
            update_it("Task", {**before, "note": [{"text": "Done together at the huddle."}]})
        return update_it(resource_type, resource, only=only)

    monkeypatch.setattr(source, "update", somebody_is_faster)
    assert world.writes().written == 1
    task = world.task("ada")
    assert task["status"] == "completed"
    assert task["note"] == [{"text": "Done together at the huddle."}]
    assert conflicts == ['W/"1"']
    assert task["meta"]["versionId"] == "3"


def test_somebody_elses_end_of_a_task_stands(quick: World) -> None:
    quick.staff("ada")
    quick.assigns()
    quick.writes()
    quick.somebody_changes("ada", status="rejected")
    quick.finishes("ada")
    quick.writes()
    assert statuses(quick, "ada") == ["rejected"]
    assert quick.state("ada") == ("finished", "Preceptor")
    assert quick.writes().written == 0


def test_a_withdrawn_assignment_is_cancelled_there_and_asked_for_again_when_undone(world: World) -> None:
    world.staff("ada", "ben")
    made = world.assigns()
    world.writes()
    world.finishes("ben")
    world.withdraws(made)
    world.writes()
    assert statuses(world, "ada", "ben") == ["cancelled", "completed"]
    world.withdraws(made, back=True)
    world.writes()
    assert statuses(world, "ada", "ben") == ["requested", "completed"]


def test_what_was_withdrawn_before_it_was_written_is_never_written(quick: World) -> None:
    quick.staff("ada")
    made = quick.assigns()
    quick.withdraws(made)
    assert quick.writes().written == 0
    assert quick.row("ada").task is None


def test_an_answer_that_got_lost_makes_no_second_task(quick: World) -> None:
    quick.staff("ada")
    quick.assigns()
    quick.ehr.faults.add(Fault(kind="cut off", path="/fhir/Task", method="POST", times=1))
    assert quick.writes().failed == 1
    assert quick.writes().written == 1
    found = quick.at_the_ehr("GET", "Task")
    assert len(found["entry"]) == 1


def test_an_ehr_that_is_away_is_asked_again_later_and_nothing_is_lost(quick: World) -> None:
    quick.staff("ada")
    quick.assigns()
    quick.writes()
    quick.finishes("ada")
    quick.ehr.faults.add(Fault(kind="status", status=503, path="/fhir/Task/*", times=20))
    assert quick.writes().failed == 1
    row = quick.row("ada")
    assert (row.tries, row.lease, row.problem) == (1, None, "FhirStatus")
    assert row.next_at is not None
    quick.ehr.faults.clear()
    quick.writes()
    assert statuses(quick, "ada") == ["completed"]


def test_a_task_that_another_worker_is_writing_is_left_alone(quick: World) -> None:
    quick.staff("ada")
    quick.assigns()
    held = {"lease": "other", "lease_until": datetime.now(UTC) + timedelta(seconds=30)}
    with quick.database.writing() as session:
        session.execute(update(AssignmentTask).values(**held))
        session.commit()
    assert quick.writes().written == 0
    assert quick.row("ada").task is None


def test_where_the_ehr_takes_no_tasks_none_is_planned(quick: World) -> None:
    with quick.database.writing() as session:
        session.execute(update(EhrRegistration).values(backend_client_id=None))
        session.commit()
    quick.staff("ada")
    quick.assigns()
    with quick.database.reading() as session:
        assert session.scalars(select(AssignmentTask)).all() == []
    assert quick.asked("ada") == {TUTORIAL: DUE}


def test_somebody_without_a_known_practitioner_is_asked_without_a_task(quick: World) -> None:
    quick.staff("ada")
    with quick.database.writing() as session:
        session.execute(update(RosterPerson).values(sealed=None))
        session.commit()
    quick.assigns()
    assert quick.writes().written == 0
    assert quick.asked("ada") == {TUTORIAL: DUE}


def test_a_grant_without_writing_writes_nothing_and_says_so(quick: World) -> None:
    quick.ehr.clients["preceptor-backend"].backend_scopes = "system/Task.rs"
    quick.staff("ada")
    quick.assigns()
    assert quick.writes().failed == 1
    assert quick.row("ada").problem == "BackendRefused"
    assert quick.ehr.hits["POST /fhir/Task"] == 0
