"""The starter library itself: it passes its own checks, and the demo organization can publish all of it."""

from pathlib import Path

import pytest

from smart_app.library.checking import check_folder
from smart_app.library.finding import Findings
from smart_app.library.registries import LocalFile, read_ai_features, read_local, read_sources
from smart_app.library.tutorial_file import ParsedTutorial, parse
from tests.library.sample import DEMO_LOCAL, STARTER, TODAY

TASKS = {
    "inbox-draft-reply": ("physician", "reply-to-message", "inbox"),
    "nurse-handoff-summary": ("nurse", "shift-handoff", "handoff"),
    "front-desk-scheduling-agent": ("front-desk", "schedule-appointment", "schedule"),
    "medical-assistant-pre-visit-summary": ("medical-assistant", "pre-visit-review", "rooming"),
    "behavioral-health-session-note": ("behavioral-health-clinician", "session-note", "session"),
    "referral-urgency-triage": ("referral-coordinator", "referral-triage", "referrals"),
    "public-health-case-report-triage": ("public-health-investigator", "case-report-triage", "case-reports"),
}


def tutorials() -> dict[str, ParsedTutorial]:
    found = {}
    for file in sorted(STARTER.glob("*.md")):
        tutorial = parse(file.read_text(encoding="utf-8"), name=file.name)
        assert isinstance(tutorial, ParsedTutorial), tutorial
        found[tutorial.id] = tutorial
    return found


def demo_local() -> LocalFile:
    found = Findings("local.yaml")
    values = read_local(DEMO_LOCAL.read_text(encoding="utf-8"), found)
    assert found.found == []
    return values


def test_nothing_is_wrong_with_the_starter_library() -> None:
    assert check_folder(STARTER, today=TODAY) == []


def test_seven_tutorials_are_for_seven_roles_and_their_work() -> None:
    found = tutorials()
    assert set(found) == set(TASKS)
    for name, (role, work, placement) in TASKS.items():
        front = found[name].front
        assert front["roles"] == [role]
        assert front["targets"]["task_codes"] == [f"urn:preceptor:task|{work}"]
        assert front["targets"]["intents"] == [work]
        assert front["targets"]["placements"] == [placement]


@pytest.mark.parametrize("name", TASKS)
def test_the_demo_fills_every_slot_and_no_other(name: str) -> None:
    slots = {slot.text for slot in tutorials()[name].slots}
    assert slots == set(demo_local().slots[name])


def test_the_demo_makes_every_feature_live_that_is_taught() -> None:
    found = Findings("ai_features.yaml")
    listed = read_ai_features((STARTER / "ai_features.yaml").read_text(encoding="utf-8"), found)
    taught = {tutorial.front["ai_feature"] for tutorial in tutorials().values()}
    assert {entry["id"] for entry in listed} == taught
    assert {name: facts["status"] for name, facts in demo_local().ai_features.items()} == dict.fromkeys(taught, "live")
    assert {entry["status"] for entry in listed} == {"paused"}, "a starter feature is live only where a site says so"


def test_every_source_says_how_it_was_checked_and_is_used() -> None:
    listed = read_sources((STARTER / "sources.yaml").read_text(encoding="utf-8"), Findings("sources.yaml"))
    text = "".join(Path(file).read_text(encoding="utf-8") for file in STARTER.iterdir() if file.name != "sources.yaml")
    for source in listed:
        assert source["id"] in text
        assert source["checked"].strip()


@pytest.mark.parametrize("name", TASKS)
def test_a_tutorial_speaks_as_a_colleague(name: str) -> None:
    text = tutorials()[name].text
    assert "Time saved: not measured here." in text
    assert '"Not yet"' in text
    for word in ("!", "simply", "seamless", "powerful", "don't worry", "revolution"):
        assert word not in text.split("\n---\n", 1)[1].lower(), word
