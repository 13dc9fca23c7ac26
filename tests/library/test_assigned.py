"""What is assigned to somebody comes first, says so, and shows also where the work does not call for it."""

from datetime import date
from typing import Any

import pytest

from smart_app.library.targeting import Situation, Target, because, choose, explain, fits

TODAY = date(2026, 12, 1)
HANDOFF = "urn:preceptor:task|shift-handoff"
OPEN = Target(
    tutorial="open-work", version=1, ai_feature="any", roles=frozenset({"nurse"}), task_codes=frozenset({HANDOFF})
)
ASKED = Target(
    tutorial="asked", version=1, ai_feature="handoff-summary", roles=frozenset({"physician"}),
    intents=frozenset({"visit-note"}), specialties=frozenset({"x|1"}), encounter_classes=frozenset({"AMB"}),
)  # fmt: skip


def situation(**more: Any) -> Situation:
    said: dict[str, Any] = {
        "today": TODAY, "job_roles": ("nurse",), "task_open": True, "task_codes": frozenset({HANDOFF}),
        "specialties": frozenset({"x|2"}), "encounter_class": "IMP", "live_features": frozenset({"handoff-summary"}),
        "assigned": {"asked": date(2026, 12, 5)},
    }  # fmt: skip
    return Situation(**said | more)


def shown(*targets: Target, **more: Any) -> list[str]:
    return [choice.tutorial for choice in choose(targets, situation(**more))]


def test_what_is_assigned_comes_before_the_open_work() -> None:
    assert shown(OPEN, ASKED) == ["asked", "open-work"]
    assert shown(OPEN, ASKED, in_progress={"open-work": 1}) == ["asked", "open-work"]


def test_what_is_not_assigned_any_more_shows_by_the_rules_alone() -> None:
    assert shown(OPEN, ASKED, assigned={}) == ["open-work"]


def test_of_two_assigned_the_one_that_is_due_first_comes_first() -> None:
    due = {"asked": date(2026, 12, 5), "open-work": date(2026, 12, 4)}
    assert shown(OPEN, ASKED, assigned=due) == ["open-work", "asked"]


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (date(2026, 12, 5), "it is assigned to you, due 5 December"),
        (date(2026, 12, 1), "it is assigned to you, due 1 December"),
        (date(2026, 11, 30), "it is assigned to you; it was due on 30 November"),
        (date(2027, 1, 2), "it is assigned to you, due 2 January 2027"),
    ],
)
def test_the_reason_says_that_it_is_assigned_and_until_when(due: date, words: str) -> None:
    [choice] = choose([ASKED], situation(assigned={"asked": due}))
    assert because(choice.reasons) == f"You see this because {words}."
    assert choice.reasons[0].kind == "assigned"


@pytest.mark.parametrize("more", [{"live_features": frozenset()}, {"dismissed": frozenset({"asked"})}])
def test_an_assignment_does_not_show_what_is_not_there_or_was_put_away(more: dict[str, Any]) -> None:
    assert shown(ASKED, **more) == []


def test_every_rule_says_why_it_passes_for_what_is_assigned() -> None:
    said = {result.rule: result for result in explain(ASKED, situation())}
    assert fits(ASKED, situation())
    assert all(result.passed for result in said.values())
    for rule in ("job role", "specialty", "encounter class"):
        assert "assigned to you" in said[rule].words
