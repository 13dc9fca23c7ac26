"""Each obligation of a SMART launch client names its tests, and these exist."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests" / "conformance" / "obligations.toml"
OBLIGATIONS: list[dict[str, Any]] = tomllib.loads(TABLE.read_text())["obligation"]
GROUPS = (
    "Registration", "Discovery", "Authorize", "Callback", "Token", "id_token", "fhirUser", "One person, one learner",
    "Granted scopes", "Context", "Which Task is open", "Tokens", "FHIR calls", "Parsing",
)  # fmt: skip


def stands(test: str) -> bool:
    """Whether the file has a function of just this name."""
    file, _, function = test.partition("::")
    return (ROOT / file).exists() and bool(re.search(rf"^def {function}\(", (ROOT / file).read_text(), re.M))


@pytest.mark.parametrize("obligation", OBLIGATIONS, ids=lambda one: f"{one['of']}: {one['says']}")
def test_an_obligation_has_tests_and_they_exist(obligation: dict[str, Any]) -> None:
    assert obligation["tests"]
    assert [test for test in obligation["tests"] if not stands(test)] == []


def test_every_group_is_there_in_the_order_of_a_launch() -> None:
    assert tuple(dict.fromkeys(one["of"] for one in OBLIGATIONS)) == GROUPS


def test_an_obligation_is_stated_once() -> None:
    stated = [(one["of"], one["says"]) for one in OBLIGATIONS]
    assert len(set(stated)) == len(stated)


def test_every_module_of_conformance_shows_an_obligation() -> None:
    shown = {test.partition("::")[0] for one in OBLIGATIONS for test in one["tests"]}
    modules = {path.relative_to(ROOT).as_posix() for path in TABLE.parent.glob("test_*.py")}
    of_the_frame = {"tests/conformance/test_frame.py"}  # browsers' rules, not the standards'
    assert modules - shown == of_the_frame
