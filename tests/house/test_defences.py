"""The list of defences for `make mutation` is whole and fits the source; whether tests go red is shown there."""

from pathlib import Path

import pytest

from tests.attacks.mutate import ROOT, Defence, judge, read_defences

DEFENCES = read_defences()
ATTACKS = [*range(1, 20), 24, 25, 26, 27, 28, 32]


@pytest.mark.parametrize("defence", DEFENCES, ids=lambda defence: f"{defence.room}: {defence.name}")
def test_a_defence_stands_once_in_its_file_and_names_tests_that_exist(defence: Defence, tmp_path: Path) -> None:
    for file, _, _ in defence.changes:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text((ROOT / file).read_text())
    defence.take_out(tmp_path)
    assert defence.tests
    assert [test for test in defence.tests if not (ROOT / test.partition("::")[0]).exists()] == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_has_a_defence_that_is_taken_out(attack: int) -> None:
    assert [defence.name for defence in DEFENCES if defence.attack == attack]


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_has_its_tests(attack: int) -> None:
    assert list((ROOT / "tests" / "attacks").glob(f"test_{attack:02d}_*.py"))


def test_a_run_that_breaks_before_a_test_fails_proves_nothing() -> None:
    assert judge(1, "FAILED tests/a.py::test_b - assert 1 == 2\n1 failed") == (True, "tests/a.py::test_b")
    assert judge(0, "1 passed")[0] is False
    assert judge(2, "ERROR tests/a.py - SyntaxError\n1 error")[0] is False
    assert judge(1, "ERROR tests/a.py::test_b - fixture\n1 error")[0] is False
    assert judge(124, "longer than 300 s")[0] is False
