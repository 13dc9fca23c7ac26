"""Every style times every fault: a usable page within three seconds, and a report that says what could not be read.

What the runs give fills the table in docs/ehr/README.md. To write it anew:
`PRECEPTOR_WRITE_TABLES=1 pytest tests/ehr/test_faults.py`.
"""

import os
from pathlib import Path

import pytest

from launch.sandbox.styles import STYLES
from tests.ehr.faults import FAULTS, OF_ONE_SEARCH
from tests.ehr.hospital import Arrival, Hospital, put_fault
from tests.ehr.test_styles import FALLBACKS, HANDOFF, OUTCOMES, fits
from tests.timing import PAGE_SECONDS, quickest

PAGE = Path(__file__).resolve().parents[2] / "docs/ehr/README.md"
BEGIN, END = "<!-- style x fault: begin -->", "<!-- style x fault: end -->"
SHORT = {"tutorial for role and task": "role + task", "tutorial for the role": "role", "role question": "asked"}
EVERY = {**FAULTS, **OF_ONE_SEARCH}
WORDS = {16: "sixteen", 17: "seventeen", 18: "eighteen", 19: "nineteen", 20: "twenty"}
HARMLESS = ("none", "429, once, one second", "one broken entry")
NOTICE = "Part of what your EHR knows could not be read"

_came: dict[tuple[str, str], Arrival] = {}


def arrival(hospital: Hospital, style: str, fault: str) -> Arrival:
    """A launch with this fault in the way of every read; made once a run."""
    if (style, fault) not in _came:
        ehr = hospital.ehrs[style]
        if EVERY[fault]:
            put_fault(ehr, **EVERY[fault])
        try:
            _came[style, fault] = quickest(
                lambda: hospital.launch(style, person=HANDOFF.person, encounter=HANDOFF.encounter, task=HANDOFF.task),
                lambda came: came.seconds,
            )
        finally:
            ehr.faults.clear()
    return _came[style, fault]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("fault", EVERY)
def test_a_usable_page_comes_within_three_seconds(hospital: Hospital, style: str, fault: str) -> None:
    came = arrival(hospital, style, fault)
    assert came.seconds < PAGE_SECONDS
    assert (came.status, came.report.outcome) == (200, "launched")
    assert came.asks_the_role or fits(came, HANDOFF)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("fault", HARMLESS)
def test_some_faults_cost_nothing(hospital: Hospital, style: str, fault: str) -> None:
    came = arrival(hospital, style, fault)
    assert came.outcome == OUTCOMES[style]
    assert sorted(came.report.missing) == sorted(FALLBACKS[style])


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("fault", [fault for fault in EVERY if fault not in HARMLESS])
def test_the_report_names_each_fallback(hospital: Hospital, style: str, fault: str) -> None:
    came = arrival(hospital, style, fault)
    reads = [step for step in came.report.steps if step["name"].startswith("read ") and step["outcome"] == "failed"]
    said = " ".join(came.report.missing)
    # Where an EHR is asked for no search at all, a fault of searches does not meet it.
    assert reads or (style == "oracle" and fault in ("20,000 entries", *OF_ONE_SEARCH))
    for step in reads:
        assert f"{step['name'].removeprefix('read ')}: " in said
    assert came.visit is not None
    assert ("no open task" in said) is not came.visit.task_open
    assert ("no job role from the EHR" in said) is not bool(came.visit.job_roles)


@pytest.mark.parametrize("style", STYLES)
def test_a_page_that_was_chosen_with_less_says_so(hospital: Hospital, style: str) -> None:
    """Where nothing was read the role is asked; where only some could not be, the tutorial stands with a notice."""
    came = arrival(hospital, style, "20,000 entries")
    assert came.asks_the_role or NOTICE in came.page


def test_one_search_that_fails_costs_what_it_would_have_told_and_no_more(hospital: Hospital) -> None:
    tasks, roles = (arrival(hospital, "epic", fault) for fault in OF_ONE_SEARCH)
    assert (tasks.outcome, roles.outcome) == ("tutorial for the role", "role question")
    assert tasks.visit is not None
    assert roles.visit is not None
    assert (tasks.visit.job_roles, tasks.visit.task_open) == (["nurse"], False)
    assert roles.visit.task_open


@pytest.mark.parametrize("page", ["README.md", "docs/ehr/README.md"])
def test_the_number_of_faults_is_told_as_it_is(page: str) -> None:
    number = len(EVERY) - 1
    assert f"{WORDS[number]} faults" in (PAGE.parents[2] / page).read_text("utf-8")


def row(hospital: Hospital, fault: str) -> list[str]:
    """What each style came to under this fault."""
    return [SHORT[arrival(hospital, style, fault).outcome] for style in STYLES]


def test_the_committed_table_is_what_the_runs_give(hospital: Hospital) -> None:
    rows = [
        "| fault in every read, the last two in one | " + " | ".join(STYLES) + " |",
        "|---" * (len(STYLES) + 1) + "|",
        *(f"| {fault} | " + " | ".join(row(hospital, fault)) + " |" for fault in EVERY),
    ]
    given = f"{BEGIN}\n" + "\n".join(rows) + f"\n{END}"
    text = PAGE.read_text("utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    if os.environ.get("PRECEPTOR_WRITE_TABLES"):
        PAGE.write_text(before + given + after, "utf-8")
    assert given in PAGE.read_text("utf-8"), f"docs/ehr/README.md is to hold:\n{given}"
