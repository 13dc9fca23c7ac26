"""Rollouts by the screens: planned, what is missing in each unit, assigned by wave, printed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from smart_app.organizations.models import AuditEntry
from smart_app.organizations.naming import code_of
from smart_app.organizations.permissions import Permission
from smart_app.organizations.roster.models import RosterPerson
from tests.plugins.app import RealApp
from tests.plugins.studio import Studio
from tests.studio.people.conftest import SOON, TODAY, Trainer

PLAN = {
    "name": "Winter",
    "feature": ["handoff-summary", "inbox-draft-reply"],
    "starts-1": TODAY.isoformat(),
    "ends-1": SOON.isoformat(),
    "starts-2": SOON.isoformat(),
    "ends-2": (SOON + timedelta(days=14)).isoformat(),
    "unit-ward-3": "1",
    "unit-ward-4": "2",
    "target": "60",
    "target_by": SOON.isoformat(),
}
NO_TARGET = {"target": "", "target_by": ""}


def planned(trainer: Trainer, **more: Any) -> tuple[str, str]:
    """(path of the rollout, its page)."""
    page = trainer.send("rollouts/new", {**PLAN, **more}).text
    found = re.search(r"rollouts/[0-9a-f-]{36}", page)
    assert found is not None
    return found[0], page


def test_a_plan_shows_its_waves_units_and_what_is_missing(trainer: Trainer) -> None:
    trainer.imports()
    path, page = planned(trainer)
    assert "Wave 1:" in page
    assert "60% of people have used a feature by" in page
    assert "Ward 3" in page
    assert "access" in page
    unit = trainer.open(f"{path}/units/ward-3")
    assert "Neither the roster nor the registry says who has it." in unit


def test_with_access_the_unit_lacks_nothing_for_its_feature(trainer: Trainer) -> None:
    head = "Staff ID,Unit,Role,AI features"
    trainer.imports("S-1,Ward 3,Nurse,handoff-summary", "S-3,Ward 4,Physician,", head=head)
    path, page = planned(trainer, feature=["handoff-summary"])
    assert '<span class="state ready">Ready</span>' in page
    assert "Nothing is missing." in trainer.open(f"{path}/units/ward-3")
    assert "None of 1 people has it." in trainer.open(f"{path}/units/ward-4")


def test_a_wave_is_assigned_to_those_with_access_by_its_last_day(trainer: Trainer) -> None:
    head = "Staff ID,Unit,Role,AI features"
    trainer.imports("S-1,Ward 3,Nurse,handoff-summary", "S-3,Ward 4,Physician,", head=head)
    path, _ = planned(trainer, feature=["handoff-summary"])
    page = trainer.send(f"{path}/waves/1/assign").text
    assert "Assigned 1 tutorial to wave 1." in page
    assert f"due {SOON.day} {SOON:%B}" in page
    page = trainer.send(f"{path}/waves/2/assign").text
    assert "nobody in that wave has access" in page


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"name": " "}, "Give the rollout a name."),
        ({"feature": []}, "Choose at least one AI feature."),
        ({"unit-ward-3": "", "unit-ward-4": ""}, "Put at least one unit into a wave."),
        ({"ends-1": (TODAY - timedelta(days=3)).isoformat()}, "Wave 1 ends before it begins."),
        ({"starts-2": (TODAY - timedelta(days=3)).isoformat()}, "Wave 2 begins before wave 1."),
        ({"ends-2": ""}, "Wave 2: the last day is missing, or is no day."),
        ({"target": "", "target_by": SOON.isoformat()}, "give both, or neither."),
        ({"target": "101"}, "from 1 to 100 percent."),
        ({"target": "many"}, "a whole number of percent."),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_what_was_typed(
    trainer: Trainer, more: dict[str, Any], words: str
) -> None:
    trainer.imports()
    answer = trainer.send("rollouts/new", {**PLAN, **more}, status=400)
    assert words in answer.text
    assert 'value="Winter"' in answer.text or "name" in more
    assert "None yet." in trainer.open("rollouts")


def test_a_plan_is_changed_and_what_was_named_stays(trainer: Trainer) -> None:
    trainer.allows_names()
    trainer.imports()
    path, _ = planned(trainer)
    trainer.send(f"{path}/units/ward-3", {"staff": "S-1", "reach": "teal badge, ext. 4411"})
    trainer.send(f"{path}/plan", {**PLAN, "name": "Spring", "unit-ward-3": "2"})
    page = trainer.open(path)
    assert "<h1>Spring</h1>" in page
    assert "Maya Sample" in page
    assert "teal badge, ext. 4411" in trainer.open(f"{path}/units/ward-3")


def undo_of(page: str) -> str:
    """Path of the undo that the page offers."""
    return "undo/" + page.partition("/undo/")[2].partition('"')[0]


def test_a_changed_plan_is_put_back_with_how_its_super_users_are_reached(trainer: Trainer) -> None:
    trainer.imports()
    path, _ = planned(trainer)
    trainer.send(f"{path}/units/ward-3", {"staff": "S-1", "reach": "teal badge, ext. 4411"})
    page = trainer.send(f"{path}/plan", {**PLAN, "name": "Spring", "unit-ward-3": "", **NO_TARGET}).text
    assert "Changed the plan Spring." in page
    assert "Ward 3" not in page.partition("<main")[2]
    trainer.send(undo_of(page))
    back = trainer.open(path)
    assert "<h1>Winter</h1>" in back
    assert "60% of people have used a feature by" in back
    assert "teal badge, ext. 4411" in trainer.open(f"{path}/units/ward-3")


def test_a_plan_that_was_changed_again_is_not_put_back(trainer: Trainer) -> None:
    trainer.imports()
    path, _ = planned(trainer)
    first = undo_of(trainer.send(f"{path}/plan", {**PLAN, "name": "Spring"}).text)
    trainer.send(f"{path}/plan", {**PLAN, "name": "Summer"})
    assert "The plan was changed again since." in trainer.send(first, status=409).text
    assert "<h1>Summer</h1>" in trainer.open(path)


def test_a_plan_saved_as_it_was_offers_no_undo(trainer: Trainer) -> None:
    trainer.imports()
    path, _ = planned(trainer)
    assert "/undo/" not in trainer.send(f"{path}/plan", PLAN).text


def test_replaced_super_users_are_put_back(trainer: Trainer) -> None:
    trainer.allows_names()
    trainer.imports()
    path, _ = planned(trainer)
    unit = f"{path}/units/ward-3"
    trainer.send(unit, {"staff": "S-1", "reach": "ext. 4411"})
    replaced = undo_of(trainer.send(unit, {"staff": "S-2", "reach": ""}).text)
    assert "Maya Sample" not in trainer.open(unit)
    trainer.send(replaced)
    page = trainer.open(unit)
    assert "Maya Sample" in page
    assert "Reached by: ext. 4411." in page
    assert "Noor Sample" not in page


def test_the_audit_says_by_code_who_was_a_super_user_and_who_is(trainer: Trainer, app: RealApp) -> None:
    trainer.imports()
    path, _ = planned(trainer)
    for staff in ("S-1", "S-2"):
        trainer.send(f"{path}/units/ward-3", {"staff": staff, "reach": "ext. 4411"})
    with app.database.reading() as session:
        named = select(AuditEntry.details).where(AuditEntry.action == "super-users named").order_by(AuditEntry.at)
        first, second = session.scalars(named).all()
        codes = {code_of(row.id) for row in session.scalars(select(RosterPerson).where(RosterPerson.unit == "ward-3"))}
    assert (first["before"], second["before"]) == ({"people": [], "reach": None}, first["after"])
    assert {*first["after"]["people"], *second["after"]["people"]} == codes


def test_super_users_who_were_replaced_again_are_not_put_back(trainer: Trainer) -> None:
    trainer.imports()
    path, _ = planned(trainer)
    unit = f"{path}/units/ward-3"
    first = undo_of(trainer.send(unit, {"staff": "S-1", "reach": ""}).text)
    trainer.send(unit, {"staff": "S-1 S-2", "reach": ""})
    assert "changed again since" in trainer.send(first, status=409).text


def test_a_super_user_is_somebody_of_the_unit(trainer: Trainer) -> None:
    trainer.imports()
    path, _ = planned(trainer)
    answer = trainer.send(f"{path}/units/ward-3", {"staff": "S-3"}, status=400)
    assert "Nobody in this unit has the staff identifier &#34;S-3&#34;." in answer.text
    trainer.send(f"{path}/units/ward-3", {"staff": "S-1 S-2"})
    assert "2 colleagues" in trainer.open(path)


def test_the_huddle_sheet_says_what_when_whom_to_ask_and_what_is_recorded(trainer: Trainer) -> None:
    head = "Staff ID,Unit,Role,Name,AI features"
    trainer.allows_names()
    trainer.imports("S-1,Ward 3,Nurse,Maya Sample,handoff-summary", "S-3,Ward 4,Physician,,", head=head)
    path, _ = planned(trainer, feature=["handoff-summary"])
    trainer.send(f"{path}/units/ward-3", {"staff": "S-1", "reach": "ext. 4411"})
    sheet = trainer.open(f"{path}/units/ward-3/huddle")
    for words in ("Ward 3", "about", "Before you sign", "Maya Sample: ext. 4411", "What is recorded"):
        assert words in sheet
    cards = trainer.open(f"{path}/verify-cards")
    assert cards.count('class="card"') == 1


def test_a_removed_rollout_can_be_put_back(trainer: Trainer) -> None:
    trainer.imports()
    path, _ = planned(trainer)
    page = trainer.send(f"{path}/remove").text
    assert trainer.visitor.get(path).status_code == 404
    trainer.send(f"undo/{page.partition('/undo/')[2].partition(chr(34))[0]}")
    assert "Winter" in trainer.open(path)


def test_a_leader_looks_and_changes_nothing(trainer: Trainer, studio: Studio) -> None:
    trainer.imports()
    path, _ = planned(trainer)
    leader = studio(Permission.LEADER, person="prac-9")
    page = leader.get(path)
    assert page.status_code == 200
    assert "Assign wave" not in page.text
    for act in ("remove", "waves/1/assign", "plan", "units/ward-3"):
        assert leader.post(f"{path}/{act}").status_code == 403


def test_how_many_have_finished_stands_on_no_page_of_the_rollout(trainer: Trainer, app: RealApp) -> None:
    head = "Staff ID,Unit,Role,AI features"
    trainer.imports("S-1,Ward 3,Nurse,handoff-summary", "S-3,Ward 4,Physician,", head=head)
    path, _ = planned(trainer, feature=["handoff-summary"])
    trainer.send(f"{path}/waves/1/assign")
    for page in (trainer.open(path), trainer.open("assignments"), trainer.open(f"{path}/units/ward-3")):
        assert not re.search(r"\d+ (of \d+ )?(people )?(have|has) finished", page)
