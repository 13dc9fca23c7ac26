"""A warm pytest sees the source as it stands at the moment, and says what a run of it shows."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.taking_out import ROOT, judge
from tests.attacks.warm_pytest import WarmPytest

SERVER = "tests/attacks/warm_pytest.py"
TESTS = """
from launch.rule import LIMIT

def test_that_always_holds():
    pass

def test_the_limit():
    assert LIMIT == 5
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A product of one line, which each test writes, and its two tests."""
    made = tmp_path_factory.mktemp("tree")
    for folder in ("launch", "tests/attacks"):
        (made / folder).mkdir(parents=True)
    (made / "launch/rule.py").write_text("LIMIT = 5\n")
    (made / "tests/test_rule.py").write_text(TESTS)
    shutil.copy(ROOT / SERVER, made / SERVER)
    return made


@pytest.fixture(scope="module")
def warm(tree: Path) -> Iterator[WarmPytest]:
    running = WarmPytest(tree)
    running.warm(["tests/test_rule.py"])
    yield running
    running.stop()


def test_each_run_sees_the_source_of_its_moment(tree: Path, warm: WarmPytest) -> None:
    """Of the same size, and written in the same second."""
    for text, caught in (("LIMIT = 5\n", False), ("LIMIT = 6\n", True), ("LIMIT = 5\n", False)):
        (tree / "launch/rule.py").write_text(text)
        assert judge(*warm.run(["tests/test_rule.py"]))[0] is caught


def test_the_test_that_caught_it_last_time_comes_first_and_the_run_ends_there(tree: Path, warm: WarmPytest) -> None:
    (tree / "launch/rule.py").write_text("LIMIT = 6\n")
    code, output = warm.run(["tests/test_rule.py"], first="tests/test_rule.py::test_the_limit")
    assert judge(code, output) == (True, "tests/test_rule.py::test_the_limit")
    assert "1 failed in" in output


def test_a_mutant_that_cannot_be_imported_proves_nothing(tree: Path, warm: WarmPytest) -> None:
    (tree / "launch/rule.py").write_text("LIMIT =\n")
    caught, why = judge(*warm.run(["tests/test_rule.py"]))
    assert (caught, why.partition(":")[0]) == (False, "PROVES NOTHING")


def test_a_test_that_is_not_there_proves_nothing(warm: WarmPytest) -> None:
    assert judge(*warm.run(["tests/test_rule.py::test_that_is_gone"]))[0] is False


def test_a_run_that_takes_too_long_proves_nothing_and_is_ended(tree: Path, warm: WarmPytest) -> None:
    (tree / "launch/rule.py").write_text("import time\ntime.sleep(60)\n")
    started = time.monotonic()
    assert judge(*warm.run(["tests/test_rule.py"], seconds=1)) == (
        False,
        "PROVES NOTHING: the run broke (longer than 1 s)",
    )
    assert time.monotonic() - started < 60
