"""Who sees what: cases written by hand, from how a ward, a clinic and a health department work."""

# ruff: noqa: E501  (a table of cases reads best one case a line)

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from smart_app.library.targeting import Situation, Target, because, choose, explain

TODAY = date(2026, 12, 1)
FEATURES = frozenset({"handoff-summary", "inbox-draft-reply", "scheduling-agent", "triage", "ambient-note"})


def code(word: str) -> frozenset[str]:
    return frozenset({f"urn:preceptor:task|{word}"})


def about(tutorial: str, feature: str, roles: str, work: str, **more: Any) -> Target:
    facts: dict[str, Any] = {"task_codes": code(work), "intents": frozenset({work})}
    return Target(tutorial=tutorial, version=1, ai_feature=feature, roles=frozenset(roles.split()), **facts | more)


HANDOFF = about(
    "handoff",
    "handoff-summary",
    "nurse",
    "shift-handoff",
    placements=frozenset({"handoff"}),
    encounter_classes=frozenset({"IMP", "EMER"}),
)
REPLY = about("reply", "inbox-draft-reply", "physician", "reply-to-message", placements=frozenset({"inbox"}))
BOOKING = about("booking", "scheduling-agent", "front-desk", "schedule-appointment")
REFERRAL = about("referral", "triage", "referral-coordinator nurse", "referral-triage")
CARDIAC = about(
    "cardiac-reply", "inbox-draft-reply", "physician", "reply-to-message", specialties=frozenset({"394579002"})
)
PAUSED = about("codes", "code-suggestion", "coder-him", "code-review")
POLICY = Target(tutorial="policy", version=1, ai_feature="any", roles=frozenset({"everyone"}), any=True)
WINTER = about("winter", "triage", "nurse", "outreach-call", starts=date(2026, 11, 1), until=date(2027, 3, 31))
SPRING = about("spring", "triage", "nurse", "outreach-call", starts=date(2027, 3, 1))
AUTUMN = about("autumn", "triage", "nurse", "outreach-call", until=date(2026, 11, 30))
CLINIC = about("clinic", "ambient-note", "physician", "session-note", care_settings=frozenset({"clinic"}))
LIBRARY = (HANDOFF, REPLY, BOOKING, REFERRAL, CARDIAC, PAUSED, POLICY, WINTER, SPRING, AUTUMN, CLINIC)


def open_task(word: str) -> dict[str, Any]:
    return {"task_open": True, "task_codes": code(word)}


CASES: list[tuple[str, Mapping[str, Any], list[str]]] = [
    # (what is so, the situation, the tutorials shown, best first)
    ("a nurse opens a handoff on the ward", {"job_roles": ("nurse",), **open_task("shift-handoff"), "encounter_class": "IMP"}, ["handoff", "policy"]),
    ("a nurse opens a handoff and the EHR is silent on the class", {"job_roles": ("nurse",), **open_task("shift-handoff")}, ["handoff", "policy"]),
    ("a handoff in an office visit is no ward handoff", {"job_roles": ("nurse",), **open_task("shift-handoff"), "encounter_class": "AMB"}, ["policy"]),
    ("a physician opens a handoff that is taught to nurses", {"job_roles": ("physician",), **open_task("shift-handoff")}, ["policy"]),
    ("a physician answers a message", {"job_roles": ("physician",), **open_task("reply-to-message")}, ["cardiac-reply", "reply", "policy"]),
    ("a cardiologist answers a message", {"job_roles": ("physician",), "specialties": frozenset({"394579002"}), **open_task("reply-to-message")}, ["cardiac-reply", "reply", "policy"]),
    ("a dermatologist answers a message", {"job_roles": ("physician",), "specialties": frozenset({"394582007"}), **open_task("reply-to-message")}, ["reply", "policy"]),
    ("the EHR says the intent and no task", {"job_roles": ("nurse",), "intent": "shift-handoff"}, ["handoff", "policy"]),
    ("the EHR says the placement alone", {"job_roles": ("physician",), "placement": "inbox"}, ["reply", "policy"]),
    ("an intent nobody knows is the default page", {"job_roles": ("front-desk",), "intent": "weigh-the-cat"}, ["booking", "policy"]),
    ("nothing is open: next for the role", {"job_roles": ("front-desk",)}, ["booking", "policy"]),
    ("nothing is open and a paused feature stays away", {"job_roles": ("coder-him",)}, ["policy"]),
    ("a coder reviews codes with a feature that is not live", {"job_roles": ("coder-him",), **open_task("code-review")}, ["policy"]),
    ("no job role is known", {**open_task("shift-handoff")}, ["policy"]),
    ("a job role of the organization's own", {"job_roles": ("chaplain",)}, ["policy"]),
    ("two job roles each bring their own", {"job_roles": ("nurse", "front-desk"), **open_task("schedule-appointment")}, ["booking", "policy"]),
    ("a tutorial for two roles shows to either", {"job_roles": ("referral-coordinator",), **open_task("referral-triage")}, ["referral", "policy"]),
    ("and to the other", {"job_roles": ("nurse",), **open_task("referral-triage")}, ["referral", "policy"]),
    ("a task is open that no tutorial is about", {"job_roles": ("nurse",), **open_task("fax-intake")}, ["policy"]),
    ("codes without an open task are not this task", {"job_roles": ("nurse",), "task_open": False, "task_codes": code("shift-handoff"), "placement": "inbox"}, ["policy"]),
    ("what a nurse often does, with nothing open", {"job_roles": ("nurse",), "frequent_task_codes": code("referral-triage")}, ["referral", "handoff", "winter"]),
    ("what is open ranks before what is often done", {"job_roles": ("nurse",), **open_task("shift-handoff"), "frequent_task_codes": code("referral-triage")}, ["handoff", "referral", "policy"]),
    ("the open task ranks before the intent", {"job_roles": ("nurse",), **open_task("referral-triage"), "intent": "shift-handoff"}, ["referral", "handoff", "policy"]),
    ("the intent ranks before the placement", {"job_roles": ("nurse",), "intent": "referral-triage", "placement": "handoff"}, ["referral", "handoff", "policy"]),
    ("within its dates", {"job_roles": ("nurse",), **open_task("outreach-call")}, ["winter", "policy"]),
    ("on its last day", {"job_roles": ("nurse",), **open_task("outreach-call"), "today": date(2026, 11, 30)}, ["autumn", "winter", "policy"]),
    ("on its first day", {"job_roles": ("nurse",), **open_task("outreach-call"), "today": date(2027, 3, 1)}, ["spring", "winter", "policy"]),
    ("after its last day", {"job_roles": ("nurse",), **open_task("outreach-call"), "today": date(2027, 4, 1)}, ["spring", "policy"]),
    ("the care setting fits", {"job_roles": ("physician",), **open_task("session-note"), "care_setting": "clinic"}, ["clinic", "policy"]),
    ("another care setting", {"job_roles": ("physician",), **open_task("session-note"), "care_setting": "hospital"}, ["policy"]),
    ("put away", {"job_roles": ("nurse",), **open_task("shift-handoff"), "dismissed": frozenset({"handoff"})}, ["policy"]),
    ("finished and open again: its checks stay at hand, after what is new", {"job_roles": ("nurse",), **open_task("shift-handoff"), "learned": frozenset({("handoff", 1)})}, ["policy", "handoff"]),
    ("finished and nothing open: it does not return", {"job_roles": ("nurse",), "learned": frozenset({("handoff", 1), ("policy", 1)})}, ["referral", "winter"]),
    ("an earlier version was finished", {"job_roles": ("nurse",), **open_task("shift-handoff"), "learned": frozenset({("handoff", 0)})}, ["handoff", "policy"]),
    ("started tutorials come first for resuming", {"job_roles": ("nurse",), **open_task("shift-handoff"), "in_progress": {"policy": 1}}, ["policy", "handoff"]),
    ("a started one that does not fit stays away", {"job_roles": ("nurse",), **open_task("shift-handoff"), "in_progress": {"referral": 1}}, ["handoff", "policy"]),
    ("an older version in progress is not resumed", {"job_roles": ("nurse",), **open_task("shift-handoff"), "in_progress": {"policy": 7}}, ["handoff", "policy"]),
    ("no feature is live: what teaches none still shows", {"job_roles": ("nurse",), **open_task("shift-handoff"), "live_features": frozenset()}, ["policy"]),
]  # fmt: skip


def situation(facts: Mapping[str, Any]) -> Situation:
    return Situation(**{"today": TODAY, "live_features": FEATURES, **facts})


def test_there_are_at_least_thirty_cases() -> None:
    assert len(CASES) >= 30


@pytest.mark.parametrize(("what", "facts", "shown"), CASES, ids=[case[0] for case in CASES])
def test_the_right_tutorials_show_in_the_right_order(what: str, facts: Mapping[str, Any], shown: list[str]) -> None:
    assert [choice.tutorial for choice in choose(LIBRARY, situation(facts))] == shown, what


def sentence(facts: Mapping[str, Any], tutorial: str) -> str:
    return next(because(choice.reasons) for choice in choose(LIBRARY, situation(facts)) if choice.tutorial == tutorial)


def test_the_reason_names_the_open_task_and_the_role() -> None:
    facts = {"job_roles": ("nurse",), **open_task("shift-handoff"), "encounter_class": "IMP"}
    assert sentence(facts, "handoff") == "You see this because a handoff task is open and you are a nurse."


def test_the_reason_names_what_the_ehr_did_not_say() -> None:
    facts = {"job_roles": ("nurse",), **open_task("shift-handoff")}
    assert sentence(facts, "handoff") == (
        "You see this because a handoff task is open and you are a nurse. The EHR did not say the encounter class."
    )


def test_a_frequent_task_is_never_called_this_task() -> None:
    facts = {"job_roles": ("nurse",), "frequent_task_codes": code("referral-triage")}
    assert sentence(facts, "referral") == "You see this because you often do this and you are a nurse."


def test_the_reason_for_resuming_comes_first() -> None:
    facts = {"job_roles": ("nurse",), **open_task("referral-triage"), "in_progress": {"referral": 1}}
    assert sentence(facts, "referral") == (
        "You see this because you have started it, a referral triage task is open and you are a nurse."
    )


def test_a_role_of_the_organizations_own_speaks_by_its_title() -> None:
    own = about("spirit", "triage", "chaplain", "outreach-call")
    facts = {"job_roles": ("chaplain",), "role_titles": {"chaplain": "Chaplain"}, **open_task("outreach-call")}
    (choice,) = choose([own], situation(facts))
    assert because(choice.reasons) == "You see this because an outreach call task is open and your role is Chaplain."


def failed(target: Target, facts: Mapping[str, Any]) -> dict[str, str]:
    return {result.rule: result.words for result in explain(target, situation(facts)) if not result.passed}


def test_explain_names_the_rule_that_failed_and_both_sides_of_it() -> None:
    words = failed(HANDOFF, {"job_roles": ("physician",), **open_task("reply-to-message"), "encounter_class": "AMB"})
    assert words == {
        "job role": "It is for nurses; you are a physician.",
        "workflow": "It is for urn:preceptor:task|shift-handoff, shift-handoff or handoff. "
        "None of these is open: task urn:preceptor:task|reply-to-message.",
        "encounter class": "It asks for encounter class EMER or IMP; here it is AMB.",
    }


def test_explain_says_that_a_feature_is_not_live() -> None:
    words = failed(PAUSED, {"job_roles": ("coder-him",), **open_task("code-review")})
    assert words == {"AI feature": 'The AI feature "code-suggestion" is not live at this organization.'}


def test_explain_gives_every_rule_in_words_when_all_pass() -> None:
    results = explain(HANDOFF, situation({"job_roles": ("nurse",), **open_task("shift-handoff")}))
    assert [result.rule for result in results] == [
        "job role",
        "AI feature",
        "dates",
        "workflow",
        "specialty",
        "encounter class",
        "care setting",
        "learned already",
        "dismissed",
    ]
    assert all(result.passed for result in results)
    silent = next(result.words for result in results if result.rule == "encounter class")
    assert silent == "It asks for encounter class EMER or IMP. The EHR did not say it, so it excludes nothing."
