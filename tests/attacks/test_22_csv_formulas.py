"""Attack 22: a cell that a spreadsheet would run as a formula, in what leaves as CSV about people."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from smart_app.rollout.naming import Listed, transcript
from tests.studio.people.conftest import HEAD, Trainer, trainer  # noqa: F401 -- a fixture

FORMULAS = (
    '=HYPERLINK("https://evil.example","x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
)
SOMEBODY = Listed("Ward 3", "Maya Sample", "S-1", "finished", date(2026, 12, 1), "Preceptor", 1)
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def cells(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("field", ["name", "staff", "unit"])
def test_no_cell_of_a_transcript_begins_a_formula(formula: str, field: str) -> None:
    listed = [replace(SOMEBODY, **{field: formula})]
    text = transcript(listed, tutorial="t", title=formula, assigned_on=date(2026, 11, 1), due=date(2026, 12, 5))
    assert not [cell for cell in cells(text) if cell.startswith(DANGEROUS)]
    assert formula.strip() in "".join(cells(text)).replace("\\|", "|")


def test_what_is_harmless_is_written_as_it_is() -> None:
    text = transcript([SOMEBODY], tutorial="t", title="Title", assigned_on=date(2026, 11, 1), due=date(2026, 12, 5))
    assert cells(text)[10:] == [
        "S-1", "Maya Sample", "Ward 3", "t", "Title", "1", "2026-11-01", "2026-12-05", "finished", "2026-12-01",
    ]  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS[:4])
def test_a_name_brought_in_as_a_formula_leaves_as_text(trainer: Trainer, formula: str) -> None:  # noqa: F811
    trainer.allows_names()
    quoted = formula.replace('"', '""')
    trainer.imports(f'S-1,Ward 3,Nurse,"{quoted}",,', head=HEAD)
    due = (datetime.now(UTC).date() + timedelta(days=3)).isoformat()
    assignment = trainer.assigns(due=due)
    answer = trainer.send(f"{assignment}/people", {"reason": "Sending it to the LMS", "as": "file"})
    assert not [cell for cell in cells(answer.text) if cell.startswith(DANGEROUS)]
    assert "S-1" in answer.text
