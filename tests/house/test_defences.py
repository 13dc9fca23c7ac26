"""The list of defences for `make mutation` is whole and fits the source; whether tests go red is shown there."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.attacks.taking_out import ROOT, Defence, judge, read_defences, red_tests

DEFENCES = read_defences()
SECURITY = (ROOT / "docs" / "security.md").read_text()
ATTACKS = [*range(1, 29), 31, 32]
"""Those that have a module in this folder of tests."""


def stands(test: str) -> bool:
    """Whether the file is there, and the function where one is named."""
    file, _, function = test.partition("[")[0].partition("::")
    return (ROOT / file).exists() and (not function or f"def {function}(" in (ROOT / file).read_text())


@pytest.mark.parametrize("defence", DEFENCES, ids=lambda defence: f"{defence.room}: {defence.name}")
def test_a_defence_stands_once_in_its_file_and_names_tests_that_exist(defence: Defence, tmp_path: Path) -> None:
    for file, _, _ in defence.changes:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text((ROOT / file).read_text())
    defence.take_out(tmp_path)
    assert [file for file, _, _ in defence.changes if file.startswith("tests/")] == []
    assert defence.tests
    assert [test for test in defence.tests if not stands(test)] == []


def test_what_stands_in_a_defences_place_is_a_program_too(tmp_path: Path) -> None:
    """A name that nobody knows would turn any test red."""
    for number, defence in enumerate(DEFENCES):
        for file, find, replace in defence.changes:
            if file.endswith(".py"):
                mutant = tmp_path / str(number) / file
                mutant.parent.mkdir(parents=True, exist_ok=True)
                source = mutant if mutant.exists() else ROOT / file
                mutant.write_text(source.read_text().replace(find, replace))
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "E9,F821,F822,F823"]
    said = subprocess.run([*ruff, "--output-format=concise", "."], cwd=tmp_path, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_has_a_defence_that_is_taken_out(attack: int) -> None:
    assert [defence.name for defence in DEFENCES if defence.attack == attack]


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_has_its_tests(attack: int) -> None:
    assert list((ROOT / "tests" / "attacks").glob(f"test_{attack:02d}_*.py"))


def test_no_module_of_attacks_is_left_out() -> None:
    modules = (ROOT / "tests" / "attacks").glob("test_*.py")
    assert sorted(int(module.name.split("_")[1]) for module in modules) == ATTACKS


def test_the_table_of_attacks_names_each() -> None:
    table = SECURITY.partition("\n## Attacks\n")[2].partition("\n## ")[0]
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", table, re.M)] == ATTACKS


def test_the_table_of_what_was_taken_out_has_each_defence_and_no_other() -> None:
    table = SECURITY.partition("\n## Defences taken out\n")[2]
    rows = re.findall(r"^\| (\d+|protocol) \| (.+?) \| `[^|`]+` \|", table, re.M)
    listed = sorted((0 if number == "protocol" else int(number), name) for number, name in rows)
    assert listed == sorted((defence.attack, defence.name) for defence in DEFENCES)


def test_a_run_that_breaks_before_a_test_fails_proves_nothing() -> None:
    assert judge(1, "FAILED tests/a.py::test_b - assert 1 == 2\n1 failed") == (True, "tests/a.py::test_b")
    assert judge(1, "FAILED tests/a.py::test_b[two words] - assert 1 == 2") == (True, "tests/a.py::test_b[two words]")
    assert judge(0, "1 passed")[0] is False
    assert judge(2, "ERROR tests/a.py - SyntaxError\n1 error")[0] is False
    assert judge(1, "ERROR tests/a.py::test_b - fixture\n1 error")[0] is False
    assert judge(124, "longer than 300 s")[0] is False


def test_a_defence_is_not_tried_where_one_of_its_tests_is_red_with_it() -> None:
    red = red_tests("FAILED tests/a.py::test_b[two words] - assert 1 == 2\nERROR tests/c.py::test_d - fixture\n")
    assert red == ["tests/a.py::test_b[two words]", "tests/c.py::test_d"]
    named = {"tests/a.py": True, "tests/a.py::test_b": True, "tests/c.py::test_d": True, "tests/a.py::test_": False}
    for test, is_red in named.items():
        assert bool(dataclasses.replace(DEFENCES[0], tests=(test,)).find_red(red)) is is_red
