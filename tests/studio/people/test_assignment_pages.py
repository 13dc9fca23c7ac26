"""Assignments by the screens: asked, seen first by the clinician, and who has finished by name, for a reason."""

import csv
import io
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from smart_app.organizations.models import AuditEntry
from smart_app.organizations.permissions import Permission
from smart_app.rollout.models import ListOpening
from smart_app.visits.models import Visit
from tests.plugins.app import RealApp, Visitor
from tests.plugins.studio import Studio
from tests.studio.people.conftest import HEAD, LINES, SOON, TODAY, Trainer

REASON = "Planning the huddle of next week"


def colleague(app: RealApp) -> Visitor:
    """Maya Sample of Ward 3, who launches as prac-2."""
    app.records.add_nurse("prac-2")
    return app.launch(person="prac-2")


def offered(app: RealApp, visitor: Visitor) -> list[tuple[str, str]]:
    """(tutorial, first reason) of the visit."""
    with app.database.reading() as session:
        visit = session.get_one(Visit, (app.organization, visitor.visit))
    return [(choice["tutorial"], choice["reasons"][0]["text"]) for choice in visit.choices]


def finish(visitor: Visitor) -> None:
    """Open the tutorial and go through all its parts."""
    key = "k" * 20
    visitor.post("tutorials/nurse-handoff-summary/open", {"key": key})
    visitor.post("tutorials/nurse-handoff-summary/start", {"part": "why"})
    for number, part in enumerate(("why", "how", "watch-for", "verify", "try-it", "when-not")):
        answer = visitor.post(f"tutorials/nurse-handoff-summary/{part}/complete", {"key": f"{key}{number}"})
        assert answer.status_code == 303
    assert urlsplit(answer.location).path.endswith("/finished")


def names(trainer: Trainer, assignment: str, reason: str = REASON) -> str:
    """The list of who has not finished."""
    return trainer.send(f"{assignment}/people", {"reason": reason, "as": "page"}).text


def test_what_is_assigned_comes_first_with_the_reason_and_goes_when_finished(trainer: Trainer, app: RealApp) -> None:
    trainer.imports()
    trainer.assigns()
    somebody = colleague(app)
    due = f"it is assigned to you, due {SOON.day} {SOON:%B}"
    tutorial, reason = offered(app, somebody)[0]
    assert (tutorial, reason.startswith(due)) == ("nurse-handoff-summary", True)
    finish(somebody)
    assert all("assigned" not in reason for _, reason in offered(app, colleague(app)))


def test_the_list_of_names_is_closed_where_the_organization_does_not_allow_it(trainer: Trainer, app: RealApp) -> None:
    trainer.imports()
    assignment = trainer.assigns()
    assert "has not allowed educators to see names" in trainer.open(assignment)
    refused = trainer.send(f"{assignment}/people", {"reason": REASON, "as": "page"}, status=403)
    assert "Maya" not in refused.text
    with app.database.reading() as session:
        assert session.scalars(select(ListOpening)).all() == []


@pytest.mark.parametrize("reason", ["", "huddle", " " * 30, "x" * 301])
def test_without_a_reason_nothing_is_opened(trainer: Trainer, reason: str) -> None:
    trainer.allows_names()
    trainer.imports()
    assignment = trainer.assigns()
    answer = trainer.send(f"{assignment}/people", {"reason": reason, "as": "page"}, status=400)
    assert "Give a reason" in answer.text
    assert "Maya" not in answer.text


def test_finished_and_not_finished_stand_by_name_and_nothing_else(trainer: Trainer, app: RealApp) -> None:
    trainer.allows_names()
    trainer.imports()
    assignment = trainer.assigns()
    finish(colleague(app))
    page = names(trainer, assignment)
    assert "Noor Sample" in page
    assert "Maya Sample" not in page
    assert '<span class="num">1</span> of 2' in page
    opening = re.search(r"people/([0-9a-f-]{36})\?show=all", page)
    assert opening is not None
    everybody = trainer.open(f"{assignment}/people/{opening[1]}?show=all")
    assert "Maya Sample" in everybody
    shown = everybody.partition("<main")[2]
    assert not re.search(r"second|minute[^s]|score|opened at", shown.replace("half an hour", ""), re.IGNORECASE)


def test_each_person_on_the_list_sees_who_looked_when_and_why(trainer: Trainer, app: RealApp) -> None:
    trainer.allows_names()
    trainer.imports()
    assignment = trainer.assigns()
    before = colleague(app)
    assert REASON not in before.get("record").text
    names(trainer, assignment)
    mine = before.get("record").text
    assert REASON in mine
    assert f"{TODAY.day} {TODAY:%B %Y}" in mine
    other = app.launch(person="prac-1")
    assert REASON not in other.get("record").text


def test_opening_stands_in_the_audit_with_the_reason(trainer: Trainer, app: RealApp) -> None:
    trainer.allows_names()
    trainer.imports()
    names(trainer, trainer.assigns())
    with app.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "list of names opened")).one()
    assert (entry.details["reason"], entry.details["people"]) == (REASON, 2)


def test_an_opened_list_is_for_whoever_opened_it(trainer: Trainer, studio: Studio) -> None:
    trainer.allows_names()
    trainer.imports()
    assignment = trainer.assigns()
    opened = re.search(r"people/[0-9a-f-]{36}", names(trainer, assignment))
    assert opened is not None
    other = studio(Permission.TRAINER, person="prac-9")
    answer = other.get(f"{assignment}/{opened[0]}")
    assert answer.status_code == 403
    assert "Noor" not in answer.text


def test_a_list_closes_when_the_organization_no_longer_allows_it(trainer: Trainer) -> None:
    trainer.allows_names()
    trainer.imports()
    assignment = trainer.assigns()
    opened = re.search(r"people/[0-9a-f-]{36}", names(trainer, assignment))
    assert opened is not None
    trainer.allows_names(False)
    assert trainer.visitor.get(f"{assignment}/{opened[0]}").status_code == 403


@pytest.mark.parametrize("permission", [Permission.LEADER, Permission.ANALYST, Permission.REVIEWER])
def test_no_leader_reviewer_or_analyst_opens_the_list(trainer: Trainer, studio: Studio, permission: Permission) -> None:
    trainer.allows_names()
    trainer.imports()
    assignment = trainer.assigns()
    other = studio(permission, person="prac-9")
    assert other.post(f"{assignment}/people", {"reason": REASON, "as": "page"}).status_code == 403


def test_the_transcript_says_who_finished_what_on_which_day(trainer: Trainer, app: RealApp) -> None:
    trainer.allows_names()
    trainer.imports()
    assignment = trainer.assigns()
    finish(colleague(app))
    answer = trainer.send(f"{assignment}/people", {"reason": REASON, "as": "file"})
    assert answer.headers["Content-Disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    by_staff = {row["Staff identifier"]: row for row in rows}
    assert (by_staff["S-1"]["Status"], by_staff["S-1"]["Finished on"]) == ("finished", TODAY.isoformat())
    assert (by_staff["S-2"]["Status"], by_staff["S-2"]["Finished on"]) == ("not finished", "")
    assert by_staff["S-1"]["Due on"] == SOON.isoformat()
    assert REASON in colleague(app).get("record").text


def test_a_withdrawn_assignment_is_not_shown_any_more_until_undone(trainer: Trainer, app: RealApp) -> None:
    trainer.imports()
    assignment = trainer.assigns()
    page = trainer.send(f"{assignment}/withdraw").text
    assert all("assigned" not in reason for _, reason in offered(app, colleague(app)))
    step = page.partition("/undo/")[2].partition('"')[0]
    trainer.send(f"undo/{step}")
    assert "assigned" in offered(app, colleague(app))[0][1]


def test_people_are_named_by_their_staff_identifiers(trainer: Trainer, app: RealApp) -> None:
    trainer.imports()
    form = {"tutorial": "nurse-handoff-summary", "due": SOON.isoformat(), "people": "S-1, S-3"}
    assert '<td class="n">2</td>' in trainer.send("assignments", form).text
    answer = trainer.send("assignments", {**form, "people": "S-77"}, status=400)
    assert "Nobody on the roster has the staff identifier &#34;S-77&#34;." in answer.text


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"tutorial": "no-such"}, "Choose a published tutorial."),
        ({"due": ""}, "Say by which day"),
        ({"due": (TODAY - timedelta(days=1)).isoformat()}, "has passed already"),
        ({"role": "", "unit": "no-such"}, "Nobody on the roster is meant."),
    ],
)
def test_what_cannot_be_asked_is_said_and_nothing_is_assigned(
    trainer: Trainer, more: dict[str, str], words: str
) -> None:
    trainer.imports()
    form = {"tutorial": "nurse-handoff-summary", "due": SOON.isoformat(), "role": "nurse", **more}
    answer = trainer.send("assignments", form, status=400)
    assert words in answer.text
    assert "Nothing is asked of anybody." in trainer.open("assignments")


def test_names_go_from_the_database_with_the_permission_for_them(
    trainer: Trainer, app: RealApp, studio: Studio
) -> None:
    trainer.allows_names()
    trainer.imports(LINES[0], head=HEAD)
    analyst = studio(Permission.ANALYST, person="prac-9")
    sent = {"review months": "12", "permissions contact": "", "sure": "yes"}
    assert analyst.post("admin/settings", sent).status_code == 303
    trainer.allows_names()
    page = names(trainer, trainer.assigns())
    assert "Maya" not in page
    assert "No name is kept" in page
