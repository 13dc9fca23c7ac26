"""Whatever stands where a value is expected, the checker answers with findings, never with an error of its own."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from smart_app.library.drill_file import check_drill
from smart_app.library.findings import Findings
from smart_app.library.front_matter import Known
from smart_app.library.registries import read_ai_features, read_local, read_sources
from smart_app.library.tutorial_file import ParsedTutorial, check_tutorial, parse
from tests.library.sample import DEMO_LOCAL, STARTER, TODAY, TUTORIAL

ODD: list[Any] = [None, "x", -1, True, [], [[]], {"x": None}, [{}]]
FRONT = yaml.safe_load(TUTORIAL.split("---\n")[1])
BODY = TUTORIAL.split("---\n", 2)[2]
DRILL = yaml.safe_load((STARTER / "inbox-draft-reply.drill.yaml").read_text(encoding="utf-8"))
KNOWN = Known(today=TODAY, ai_features=("record-summary",), drills=())


def spoilt(value: Any, odd: Any) -> Iterator[Any]:
    """The value with each thing inside it replaced by the odd one, or taken out, one at a time."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {other: item for other, item in value.items() if other != key}
            for changed in (odd, *spoilt(inner, odd)):
                yield {**value, key: changed}
    elif isinstance(value, list) and value:
        for changed in (odd, *spoilt(value[0], odd)):
            yield [changed, *value[1:]]


def few(value: Any) -> Any:
    """The first two of every list and mapping: the others are like them."""
    if isinstance(value, dict):
        kept = value if "format" in value else dict(list(value.items())[:6])
        return {key: few(item) for key, item in kept.items()}
    return [few(item) for item in value[:2]] if isinstance(value, list) else value


def dumped(value: Any) -> str:
    """As YAML: JSON is YAML, and quick to write; a date stays a date."""
    return re.sub(r'"(\d{4}-\d\d-\d\d)"', r"\1", json.dumps(value, default=str, indent=1)) + "\n"


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_values_in_a_tutorial_are_findings(odd: Any) -> None:
    for front in spoilt(FRONT, odd):
        text = f"---\n{dumped(front)}---\n{BODY}"
        check_tutorial(text, name="check-a-summary.md", known=KNOWN, grade=False)
        parsed = parse(text, name="check-a-summary.md")
        assert isinstance(parsed, ParsedTutorial) or parsed, "either it is read or it is told why not"


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_values_in_a_drill_are_findings(odd: Any) -> None:
    small = {**DRILL, "variants": [DRILL["variants"][2], DRILL["variants"][-1]]}
    for drill in spoilt(few(small), odd):
        check_drill(dumped(drill), name="x.drill.yaml", known=KNOWN, checks_of_tutorials={})


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_values_in_the_other_files_are_findings(odd: Any) -> None:
    for file, reader in (
        (STARTER / "ai_features.yaml", read_ai_features),
        (STARTER / "sources.yaml", read_sources),
        (DEMO_LOCAL, read_local),
    ):
        for value in spoilt(few(yaml.safe_load(file.read_text(encoding="utf-8"))), odd):
            reader(dumped(value), Findings(file.name))
