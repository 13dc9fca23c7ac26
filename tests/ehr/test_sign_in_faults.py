"""Faults while signing in: a page that says what happened and what to do, with the reference; never a bare error.

The titles of these pages fill the second table in docs/ehr/README.md. To write it anew:
`PRECEPTOR_WRITE_TABLES=1 pytest tests/ehr/test_sign_in_faults.py`.
"""

import html
import os
import re

import pytest

from tests.ehr.faults import FAULTS
from tests.ehr.hospital import Arrival, Hospital, put_fault, sandbox_like
from tests.ehr.test_faults import PAGE
from tests.ehr.test_styles import HANDOFF

BEGIN, END = "<!-- sign-in x fault: begin -->", "<!-- sign-in x fault: end -->"
STEPS = {"settings": "/fhir/.well-known/*", "token": "/oauth/token", "key set": "/oauth/jwks"}
MET = {
    name: fault
    for name, fault in FAULTS.items()
    if fault.get("kind") in ("slow", "status", "truncated", "cut off", "wrong type", "html")
}
USUAL_SECONDS, SLOW_SECONDS = 3.0, 6.5
"""A sign-in step is waited for five seconds: a slow EHR is still the EHR, and without it nobody is signed in."""

_came: dict[tuple[str, str], Arrival] = {}


def arrival(hospital: Hospital, step: str, fault: str) -> Arrival:
    """A first launch from an EHR whose step has this fault: no cache knows it yet."""
    if (step, fault) not in _came:
        name = re.sub(r"[^a-z0-9]+", "-", f"{step}-{fault}".lower())
        with sandbox_like("plain", hospital, name=name) as ehr:
            hospital.register(ehr, name=name)
            put_fault(ehr, path=STEPS[step], **MET[fault])
            _came[step, fault] = hospital.launch(name, person=HANDOFF.person, encounter=HANDOFF.encounter)
            del hospital.ehrs[name]
    return _came[step, fault]


def title(came: Arrival) -> str:
    """The page's heading."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", came.page, re.DOTALL)
    return html.unescape(" ".join(found[1].split())) if found else ""


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", MET)
def test_the_page_says_why_and_what_to_do(hospital: Hospital, step: str, fault: str) -> None:
    came = arrival(hospital, step, fault)
    assert came.seconds < (SLOW_SECONDS if fault.startswith("slow") else USUAL_SECONDS)
    assert came.status in range(400, 600)
    assert title(came)
    assert "Internal Server Error" not in came.page


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", MET)
def test_the_report_is_found_by_the_reference_on_the_page(hospital: Hospital, step: str, fault: str) -> None:
    came = arrival(hospital, step, fault)
    assert came.report.outcome == "failed"
    assert came.report.reference in came.page
    assert came.report.reason


def test_the_committed_table_is_what_the_runs_give(hospital: Hospital) -> None:
    rows = [
        "| fault | " + " | ".join(STEPS) + " |",
        "|---" * (len(STEPS) + 1) + "|",
        *(
            f"| {fault} | " + " | ".join(title(arrival(hospital, step, fault)) for step in STEPS) + " |"
            for fault in MET
        ),
    ]
    given = f"{BEGIN}\n" + "\n".join(rows) + f"\n{END}"
    text = PAGE.read_text("utf-8")
    if os.environ.get("PRECEPTOR_WRITE_TABLES"):
        PAGE.write_text(text.partition(BEGIN)[0] + given + text.partition(END)[2], "utf-8")
    assert given in PAGE.read_text("utf-8"), f"docs/ehr/README.md is to hold:\n{given}"
