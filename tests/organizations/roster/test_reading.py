"""A roster file is read line by line; what it says wrongly is refused with how to mend it."""

from datetime import date
from typing import Any

import pytest

from smart_app.organizations.roster.reading import Known, Reading, ReadRoster, guess_columns, read_roster
from smart_app.organizations.roster.table import NoTable, read_table

KNOWN = Known(
    job_roles={"nurse": "nurse", "medical assistant": "medical-assistant"}, features={"ambient note": "ambient-note"}
)
COLUMNS: dict[Any, str] = {"staff": "Staff ID", "unit": "Unit", "job_role": "Role"}


def read(*lines: str, **more: Any) -> ReadRoster:
    """A file of three columns, and those that `more` chooses."""
    columns = COLUMNS | more.pop("columns", {})
    heads = ",".join(columns.values())
    table = read_table("\n".join([heads, *lines]).encode())
    return read_roster(table, Reading(columns=columns, **more), KNOWN)


def wrong(*lines: str, **more: Any) -> list[tuple[int, str]]:
    return [(fault.line, fault.wrong) for fault in read(*lines, **more).faults]


def test_a_line_says_who_works_where_as_what() -> None:
    [line] = read("4711,Ward 3,Nurse").lines
    assert (line.line, line.staff, line.unit, line.job_role) == (2, "4711", "Ward 3", "nurse")
    assert (line.is_leader, line.active_from, line.active_to) == (False, None, None)


def test_a_job_role_is_known_by_its_title_in_any_case() -> None:
    assert read("1,Ward 3,MEDICAL ASSISTANT").lines[0].job_role == "medical-assistant"


def test_a_job_role_that_nobody_knows_is_refused_and_asked_for() -> None:
    found = read("1,Ward 3,RN II", "2,Ward 3,RN II", "3,Ward 3,nurse")
    assert [fault.line for fault in found.faults] == [2, 3]
    assert found.unknown_roles == ("rn ii",)


def test_a_word_for_a_job_role_is_learned_once_for_the_file() -> None:
    assert read("1,Ward 3,RN II", roles={"rn ii": "nurse"}).lines[0].job_role == "nurse"


@pytest.mark.parametrize("cells", [",Ward 3,nurse", "1,,nurse", "1,Ward 3,"])
def test_an_empty_cell_that_is_needed_refuses_the_line(cells: str) -> None:
    assert [line for line, _ in wrong(cells)] == [2]


def test_the_same_person_twice_is_refused_with_the_first_line() -> None:
    assert wrong("1,Ward 3,nurse", "2,Ward 3,nurse", "1,Ward 4,nurse") == [
        (4, "The same staff identifier stands in line 2.")
    ]


def test_the_same_npi_twice_is_refused() -> None:
    more: dict[str, Any] = {"columns": {"npi": "NPI"}}
    assert [line for line, _ in wrong("1,W,nurse,1234567893", "2,W,nurse,1234567893", **more)] == [3]


def test_an_npi_has_ten_digits() -> None:
    assert wrong("1,W,nurse,12345", columns={"npi": "NPI"})[0][1].endswith("ten digits.")


def test_ai_features_are_known_by_name_or_refused() -> None:
    more: dict[str, Any] = {"columns": {"access": "AI"}}
    assert read("1,W,nurse,Ambient note", **more).lines[0].access == "ambient-note"
    assert read("1,W,nurse,", **more).lines[0].access == ""
    assert read("1,W,nurse").lines[0].access == "*"
    assert wrong("1,W,nurse,Ghost writer", **more) == [(2, 'No AI feature is called "ghost writer" here.')]


@pytest.mark.parametrize(
    ("dates", "text"), [("year first", "2026-12-05"), ("month first", "12/05/2026"), ("day first", "05.12.2026")]
)
def test_days_are_read_as_the_file_writes_them(dates: str, text: str) -> None:
    more: dict[str, Any] = {"columns": {"active_from": "Start"}, "dates": dates}
    assert read(f"1,W,nurse,{text}", **more).lines[0].active_from == date(2026, 12, 5)


def test_a_day_in_another_shape_is_refused_not_guessed() -> None:
    assert wrong("1,W,nurse,05/12/2026", columns={"active_from": "Start"}) == [
        (2, 'First day: "05/12/2026" is not a day.')
    ]


def test_a_last_day_before_the_first_is_refused() -> None:
    more: dict[str, Any] = {"columns": {"active_from": "Start", "active_to": "End"}}
    assert wrong("1,W,nurse,2026-12-05,2026-12-04", **more) == [(2, "The last day is before the first.")]


def test_a_leader_is_yes_or_no() -> None:
    more: dict[str, Any] = {"columns": {"leader": "Leader"}}
    assert [line.is_leader for line in read("1,W,nurse,Yes", "2,W,nurse,", **more).lines] == [True, False]
    assert wrong("1,W,nurse,perhaps", **more) == [(2, 'Leader, yes or no: "perhaps" is neither.')]


def test_headings_are_guessed_and_nothing_twice() -> None:
    guessed = guess_columns(["Employee ID", "Department", "Job Title", "Full name", "NPI", "Start date", "Manager"])
    assert guessed == {
        "staff": "Employee ID", "unit": "Department", "job_role": "Job Title", "name": "Full name", "npi": "NPI",
        "active_from": "Start date", "leader": "Manager",
    }  # fmt: skip


def test_without_the_three_needed_columns_nothing_is_read() -> None:
    table = read_table(b"a,b,c\n1,2,3\n")
    found = read_roster(table, Reading(columns={"staff": "a"}), KNOWN)
    assert found.lines == ()
    assert found.faults[0].wrong == "No column is chosen for: Unit, Job role."


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"only,two\n1,2\n",
        b"a,b,c\n",
        b"a,a,c\n1,2,3\n",
        b"a,b,c\n1,2,3,4\n",
        b'a,b,c\n"1,2,3\n',
        b"PK\x03\x04\0\0",
        b"a,b,c\n" + b"x" * 5000 + b",2,3\n",
    ],
)
def test_what_is_no_table_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(NoTable, match=r"\.$"):
        read_table(content)


@pytest.mark.parametrize(
    "content",
    ["\ufeffa;b;c\nÄrztin;2;3\n".encode(), "a\tb\tc\r\nÄrztin\t2\t3\r\n".encode("cp1252")],
)
def test_excels_ways_of_writing_are_read(content: bytes) -> None:
    assert read_table(content).lines[0][1]["a"] == "Ärztin"
