"""The starter library itself: it passes its own checks, and the demo organization can publish all of it."""

import re
from functools import cache
from pathlib import Path
from statistics import median

import pytest

from smart_app.library.body import HEADINGS
from smart_app.library.checking import check_folder
from smart_app.library.findings import Findings
from smart_app.library.length import reading_text
from smart_app.library.reading_grade import reading_grade
from smart_app.library.registries import MODEL_CARD, read_ai_features, read_sources
from smart_app.library.tutorial_file import ParsedTutorial, parse
from smart_app.library.vocabulary import PLACEMENTS, WORK
from tests.library.sample import STARTER, TODAY, demo_local

CONTENT = STARTER.parents[2] / "docs" / "content.md"

TASKS = {
    "physician-ambient-visit-note": ("physician", "visit-note", "ambient-note"),
    "inbox-draft-reply": ("physician", "reply-to-message", "inbox-draft-reply"),
    "physician-chart-summary": ("physician", "chart-review", "record-summary"),
    "physician-queued-orders": ("physician", "order-entry", "queued-orders"),
    "nurse-ambient-flowsheet": ("nurse", "flowsheet-charting", "ambient-note"),
    "nurse-handoff-summary": ("nurse", "shift-handoff", "handoff-summary"),
    "nurse-deterioration-score": ("nurse", "deterioration-alert", "risk-score"),
    "medical-assistant-pre-visit-summary": ("medical-assistant", "pre-visit-review", "record-summary"),
    "medical-assistant-inbox-routing": ("medical-assistant", "message-routing", "triage"),
    "front-desk-scheduling-agent": ("front-desk", "schedule-appointment", "scheduling-agent"),
    "referral-fax-extraction": ("referral-coordinator", "fax-intake", "data-extraction"),
    "referral-urgency-triage": ("referral-coordinator", "referral-triage", "triage"),
    "referral-prior-authorization-draft": ("referral-coordinator", "prior-authorization", "drafted-document"),
    "behavioral-health-session-note": ("behavioral-health-clinician", "session-note", "ambient-note"),
    "behavioral-health-plan-suggestion": ("behavioral-health-clinician", "treatment-plan", "drafted-document"),
    "behavioral-health-substance-use-summary": (
        "behavioral-health-clinician",
        "substance-use-review",
        "record-summary",
    ),
    "care-manager-risk-list": ("care-manager", "risk-list-review", "risk-score"),
    "care-manager-outreach-draft": ("care-manager", "outreach-call", "drafted-document"),
    "public-health-case-report-triage": ("public-health-investigator", "case-report-triage", "triage"),
    "public-health-line-list-narrative": ("public-health-nurse", "line-list-report", "drafted-document"),
    "coder-code-suggestion": ("coder-him", "code-review", "code-suggestion"),
    "coder-denial-appeal": ("coder-him", "denial-appeal", "drafted-document"),
    "pharmacist-medication-reconciliation": ("pharmacist", "medication-reconciliation", "data-extraction"),
    "pharmacist-chart-questions": ("pharmacist", "chart-question", "assistant-chat"),
    "team-leader-first-workflow": ("team-leader", None, "any"),
    "everyone-policy-assistant": ("everyone", None, "assistant-chat"),
}
"""Tutorial to its role, its work (None: fits any) and its AI feature, row by row as docs/content.md lists them."""

FAMILIES = {
    "ambient-note",
    "inbox-draft-reply",
    "record-summary",
    "handoff-summary",
    "queued-orders",
    "risk-score",
    "triage",
    "scheduling-agent",
    "data-extraction",
    "drafted-document",
    "code-suggestion",
    "assistant-chat",
}


@cache
def tutorials() -> dict[str, ParsedTutorial]:
    found = {}
    for file in sorted(STARTER.glob("*.md")):
        tutorial = parse(file.read_text(encoding="utf-8"), name=file.name)
        assert isinstance(tutorial, ParsedTutorial), tutorial
        found[tutorial.id] = tutorial
    return found


def test_nothing_is_wrong_with_the_starter_library() -> None:
    assert check_folder(STARTER, today=TODAY) == []


def test_twenty_six_tutorials_are_there() -> None:
    assert set(tutorials()) == set(TASKS)
    assert len(TASKS) == 26


@pytest.mark.parametrize("name", TASKS)
def test_a_tutorial_is_for_its_role_its_work_and_its_feature(name: str) -> None:
    role, work, feature = TASKS[name]
    front = tutorials()[name].front
    assert (front["roles"], front["ai_feature"]) == ([role], feature)
    targets = front["targets"]
    if work is None:
        assert targets == {"any": True}
        return
    assert targets["task_codes"] == [f"urn:preceptor:task|{work}"]
    assert targets["intents"] == [work]
    assert work in WORK
    assert set(targets.get("placements", ())) <= set(PLACEMENTS)


@pytest.mark.parametrize("name", TASKS)
def test_a_tutorial_has_its_six_parts_three_checks_and_three_questions(name: str) -> None:
    tutorial = tutorials()[name]
    assert [part.heading for part in tutorial.parts] == list(HEADINGS)
    assert 2 <= len(tutorial.checks) <= 3
    questions = tutorial.front["questions"]
    assert len(questions) == 3
    assert all(question["why"] and question["answer"] in question["choices"] for question in questions)


@pytest.mark.parametrize("name", TASKS)
def test_it_reads_at_grade_five_to_nine_in_sentences_of_eight_to_fourteen_words(name: str) -> None:
    text = reading_text(tutorials()[name].parts)
    sentences = [len(sentence.split()) for sentence in re.split(r"(?<=[.!?])[\"']?\s+", text) if sentence.strip()]
    assert 5 <= reading_grade(text) <= 9
    assert 8 <= median(sentences) <= 14


def test_the_right_answer_of_the_questions_is_not_always_in_the_same_place_or_the_longest() -> None:
    questions = [question for tutorial in tutorials().values() for question in tutorial.front["questions"]]
    places = [question["choices"].index(question["answer"]) for question in questions]
    assert all(places.count(place) >= len(questions) // 5 for place in range(3))
    longest = [question["answer"] == max(question["choices"], key=len) for question in questions]
    assert sum(longest) <= len(questions) // 2


@pytest.mark.parametrize("name", TASKS)
def test_the_demo_fills_every_slot_and_no_other(name: str) -> None:
    slots = {slot.text for slot in tutorials()[name].slots}
    assert slots == set(demo_local().slots.get(name, {}))


def test_the_twelve_families_are_paused_and_state_nothing_for_the_organization() -> None:
    found = Findings("ai_features.yaml")
    listed = read_ai_features((STARTER / "ai_features.yaml").read_text(encoding="utf-8"), found)
    assert found.found == []
    assert {entry["id"] for entry in listed} == FAMILIES
    taught = {tutorial.front["ai_feature"] for tutorial in tutorials().values()}
    assert taught == FAMILIES | {"any"}
    for entry in listed:
        assert (entry["status"], entry["launch_link"], entry["sensitive"]) == ("paused", None, False)
        assert [entry[fact] for fact in MODEL_CARD] == [None] * len(MODEL_CARD)
    names = {entry["id"]: entry["name"] for entry in listed}
    assert names["triage"] == "Triage of messages, referrals and reports"


def test_the_demo_makes_every_family_live_and_hides_none_from_everybody() -> None:
    features = demo_local().ai_features
    assert {name: facts["status"] for name, facts in features.items()} == dict.fromkeys(FAMILIES, "live")
    assert not any(facts.get("sensitive") for facts in features.values())


def test_behavioral_health_is_marked_sensitive_and_nothing_else() -> None:
    marked = {name for name, tutorial in tutorials().items() if tutorial.front.get("sensitive")}
    assert marked == {name for name, (role, _, _) in TASKS.items() if role == "behavioral-health-clinician"}


def test_every_source_has_the_sentence_relied_on_says_how_it_was_checked_and_is_used() -> None:
    listed = read_sources((STARTER / "sources.yaml").read_text(encoding="utf-8"), Findings("sources.yaml"))
    text = "".join(Path(file).read_text(encoding="utf-8") for file in STARTER.iterdir() if file.name != "sources.yaml")
    assert len(listed) >= 60
    for source in listed:
        assert len(source["sentence"].split()) >= 8, source["id"]
        assert len(source["checked"].split()) >= 4, source["id"]
        assert source["id"] in text, source["id"]


def test_the_record_of_the_reading_names_every_tutorial_and_no_source_that_is_gone() -> None:
    record = CONTENT.read_text(encoding="utf-8").partition("## What the starter texts were checked for")[2]
    record = record.partition("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", record, re.M)) == set(TASKS)
    listed = read_sources((STARTER / "sources.yaml").read_text(encoding="utf-8"), Findings("sources.yaml"))
    weakest = set(re.findall(r"`([a-z-]+-(?:\d{4}|[a-z]+))`", record.partition("Weakest")[2]))
    assert weakest
    assert weakest <= {source["id"] for source in listed}


def test_every_figure_of_a_tutorial_stands_in_a_sentence_relied_on_or_how_it_was_checked() -> None:
    listed = read_sources((STARTER / "sources.yaml").read_text(encoding="utf-8"), Findings("sources.yaml"))
    said = {source["id"]: f"{source['title']} {source['sentence']} {source['checked']}" for source in listed}
    adrift = []
    for tutorial in tutorials().values():
        for part in tutorial.parts:
            for paragraph in part.paragraphs() if part.slug != "how" else ():
                cited = re.findall(r"\[@([a-z0-9-]+)\]", paragraph.text)
                figures = re.findall(r"\d[\d,]*(?:\.\d+)?", re.sub(r"\[@[^\]]*\]|\{local:[^}]*\}", "", paragraph.text))
                known = (
                    " ".join(said[source] for source in cited)
                    .replace(",", "")
                    .replace("\u202f", "")
                    .replace(" 000", "000")
                )
                adrift += [(tutorial.id, figure) for figure in figures if figure.replace(",", "") not in known]
    assert adrift == []


@pytest.mark.parametrize("name", TASKS)
def test_a_tutorial_speaks_as_a_colleague(name: str) -> None:
    text = tutorials()[name].text
    assert "Time saved: not measured here." in text
    assert '"Not yet"' in text
    for word in ("!", "simply", "seamless", "powerful", "don't worry", "revolution", "leverage", "delve"):
        assert word not in text.split("\n---\n", 1)[1].lower(), word
