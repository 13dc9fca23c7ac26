"""A drill is checked against its own facts, its spans and the tutorial it serves."""

# ruff: noqa: E501  (a table of cases reads best one case a line)

from pathlib import Path

import pytest

from smart_app.library.drill_file import check_drill
from smart_app.library.front_matter import Known
from tests.library.sample import STARTER, TODAY, changed

NAME = "inbox-draft-reply.drill.yaml"
DRILL = (STARTER / NAME).read_text(encoding="utf-8")
CHECKS = {"inbox-draft-reply": ["go-back-to-the-message", "open-the-lab-and-the-med-list", "open-your-orders-and-plan"]}
FAULTS = [
    ("synthetic: true", "synthetic: false", "A drill must be synthetic: true. Use no real person and no real value."),
    ("format: preceptor-drill/1", "format: other", 'format "other" is not known. Write format: preceptor-drill/1.'),
    ("tutorial: inbox-draft-reply", "tutorial: inbox", 'No tutorial "inbox" in this folder.'),
    ("    source: biro-2025\n", "", 'Error type "omission" has no source. Name one of the sources.'),
    ("source: biro-2025", "source: biro-2024", '"biro-2024" is not in sources. Did you mean "biro-2025"?'),
    ("facts: [message, access]", "facts: [message, lab]", 'Variant e1 points to fact "lab"; there is none.'),
    ("span: s1\n    text: \"Hello Dora", "span: s99\n    text: \"Hello Dora", 'Variant e1 points to span "s99"; there is none.'),
    ("caught_by: go-back", "caught_by: run-back", "caught_by \"run-back-to-the-message\" is not a check in the tutorial's Verify."),
    ('    missing: "Emergency department, now, and the signs that mean 911."\n', "", "e3 is an omission: say what is missing."),
    ("harm: medium", "harm: huge", 'harm "huge" is not known.'),
    ("type: wrong_person", "type: rudeness", 'type "rudeness" is not known.'),
    ("errors: [0, 3]", "errors: [1, 3]", "The least number of errors must be 0."),
    ("errors: [0, 3]", "errors: [0, 7]", "Cannot draw 7 errors and 3 controls from 8 spans."),
    ("controls: [2, 3]", "controls: [3, 2]", "controls must be [least, most], from 0."),
    ("kind: control", "kind: decoy", 'kind "decoy" is not known.'),
    ("id: e2", "id: e1", 'Variant "e1" is here twice.'),
]  # fmt: skip


def said(text: str) -> list[str]:
    known = Known(today=TODAY, ai_features=("inbox-draft-reply",))
    return [str(finding) for finding in check_drill(text, name=NAME, known=known, checks_of_tutorials=CHECKS)]


def test_the_starter_drill_is_right() -> None:
    assert said(DRILL) == []


@pytest.mark.parametrize(("old", "new", "message"), FAULTS, ids=[fault[2][:60] for fault in FAULTS])
def test_a_fault_in_a_drill_is_named(old: str, new: str, message: str) -> None:
    assert any(message in line for line in said(changed(old, new, DRILL)))


def test_a_drill_keeps_at_least_three_controls_and_six_errors() -> None:
    start = DRILL.index("  - id: c1")
    lines = said(DRILL[:start])
    assert any("Add a control: 0 of 3." in line for line in lines)
    few = DRILL[: DRILL.index("  - id: e4")] + DRILL[start:]
    lines = said(few)
    assert any("Add an error: 3 of 6." in line for line in lines)
    assert any("The errors are of 3 types; 4 at least." in line for line in lines)


def test_a_file_that_is_no_yaml_is_one_finding(tmp_path: Path) -> None:
    (line,) = said("a: [1")
    assert line.startswith(f"{NAME}:1: This is not YAML:")
