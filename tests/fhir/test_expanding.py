"""Code search at the FHIR server: what it finds, and what a slow, large or odd answer costs."""

import json
import time
from typing import Any

import pytest

from launch.fhir_session import FhirReadError
from smart_app.fhir.expanding import MOST, FoundCode, NoCodeSearch, expand


class Server:
    """What expand() uses of a FHIR session: answers from a list, or raises."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, str]] = []

    def get_json(self, path: str, params: dict[str, str], *, deadline: float) -> dict[str, Any]:
        assert path == "ValueSet/$expand"
        assert 0 < deadline <= 2.5
        self.asked.append(params)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return json.loads(json.dumps(answer))


def expansion(*contains: Any) -> dict[str, Any]:
    return {"resourceType": "ValueSet", "expansion": {"contains": list(contains)}}


CARDIOLOGIST = {"system": "http://snomed.info/sct", "code": "17561000", "display": "Cardiologist"}
FOUND = FoundCode("http://snomed.info/sct", "17561000", "Cardiologist")


def test_codes_of_all_value_sets_come_each_once() -> None:
    server = Server(expansion(CARDIOLOGIST), expansion(CARDIOLOGIST))
    assert expand(server, "cardio") == (FOUND,)  # type: ignore[arg-type]
    assert {asked["filter"] for asked in server.asked} == {"cardio"}
    assert len({asked["url"] for asked in server.asked}) == 2


def test_what_a_server_gives_without_filtering_is_filtered_here() -> None:
    nurse = {**CARDIOLOGIST, "code": "1", "display": "Nurse"}
    assert expand(Server(expansion(nurse, CARDIOLOGIST), expansion()), "CARDIO") == (FOUND,)  # type: ignore[arg-type]


def test_one_value_set_that_cannot_be_had_does_not_hide_the_other() -> None:
    assert expand(Server(FhirReadError("404"), expansion(CARDIOLOGIST)), "cardio") == (FOUND,)  # type: ignore[arg-type]


def test_without_any_answer_the_reason_is_told() -> None:
    with pytest.raises(NoCodeSearch, match="not granted"):
        expand(Server(FhirReadError("x"), FhirReadError("not granted")), "x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "odd",
    [
        {"resourceType": "OperationOutcome"},
        {"resourceType": "ValueSet"},
        {"resourceType": "ValueSet", "expansion": []},
        {"resourceType": "ValueSet", "expansion": None},
    ],
)
def test_an_answer_that_is_no_expansion_is_none(odd: dict[str, Any]) -> None:
    with pytest.raises(NoCodeSearch):
        expand(Server(odd, odd), "x")  # type: ignore[arg-type]


def test_odd_entries_are_left_out() -> None:
    odd = [
        None, 7, "x", {}, {"system": "s"}, {"system": "s", "code": 7}, {"system": "s", "code": "x y"},
        {**CARDIOLOGIST, "abstract": True}, {"system": "s", "code": "x" * 101, "display": "Cardiologist"},
        {**CARDIOLOGIST, "display": "Cardio\u0000logist"},
    ]  # fmt: skip
    assert expand(Server(expansion(*odd, CARDIOLOGIST), expansion()), "cardiologist") == (FOUND,)  # type: ignore[arg-type]


def test_a_million_entries_and_deep_nesting_cost_little() -> None:
    nested: dict[str, Any] = {"contains": [CARDIOLOGIST]}
    for _ in range(200):
        nested = {"contains": [nested]}
    many = [{**CARDIOLOGIST, "code": str(n)} for n in range(100_000)]
    began = time.monotonic()
    found = expand(Server(expansion(*many), expansion(nested)), "cardiologist")  # type: ignore[arg-type]
    assert len(found) == MOST
    assert time.monotonic() - began < 5
