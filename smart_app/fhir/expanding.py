"""Search codes at the FHIR server: ValueSet/$expand with a filter. An answer may be slow, large or nonsense.

https://hl7.org/fhir/R4/valueset-operation-expand.html
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from launch.fhir_session import FhirReadError, FhirSession

SECONDS: Final = 2.5
"""All value sets together: somebody waits for the page."""
MOST: Final = 30
"""Codes taken of one value set."""
VALUE_SETS: Final = (
    "http://hl7.org/fhir/ValueSet/practitioner-role",
    "http://hl7.org/fhir/ValueSet/c80-practice-codes",
)
"""Roles, and specialties (SNOMED CT): what PractitionerRole is bound to in R4."""
_MOST_LOOKED_AT: Final = 1_000
_MOST_DEPTH: Final = 5


@dataclass(frozen=True)
class FoundCode:
    """A code that a search gave."""

    system: str
    code: str
    display: str


class NoCodeSearch(Exception):
    """The server answers no $expand; the text says why."""


def expand(fhir: FhirSession, words: str, *, seconds: float = SECONDS) -> tuple[FoundCode, ...]:
    """Codes of the value sets that hold these words. Raises NoCodeSearch where no value set could be expanded."""
    until, found, failed = time.monotonic() + seconds, list[FoundCode](), ""
    answered = False
    for value_set in VALUE_SETS:
        try:
            found += _expanded(fhir, value_set, words, until - time.monotonic())
            answered = True
        except FhirReadError as error:
            failed = str(error) or type(error).__name__
    if not answered:
        raise NoCodeSearch(failed)
    return tuple(dict.fromkeys(found))


def _expanded(fhir: FhirSession, value_set: str, words: str, seconds: float) -> list[FoundCode]:
    if seconds <= 0:
        raise FhirReadError("no time left")
    query = {"url": value_set, "filter": words, "count": str(MOST), "activeOnly": "true"}
    body = fhir.get_json("ValueSet/$expand", query, deadline=seconds)
    if body.get("resourceType") != "ValueSet" or not isinstance(body.get("expansion"), Mapping):
        raise FhirReadError("the answer is no expansion")
    entries = list[Any]()
    _gather(body["expansion"].get("contains"), entries, _MOST_DEPTH)
    codes = (_code(entry) for entry in entries)
    # A server may ignore the filter: what does not hold the words is left out here.
    wanted = words.casefold().split()
    return [code for code in codes if code and all(word in _text(code) for word in wanted)][:MOST]


def _gather(contains: Any, entries: list[Any], depth: int) -> None:
    if not isinstance(contains, list) or depth == 0:
        return
    for entry in contains:
        if len(entries) >= _MOST_LOOKED_AT:
            return
        if isinstance(entry, Mapping):
            entries.append(entry)
            _gather(entry.get("contains"), entries, depth - 1)


def _text(code: FoundCode) -> str:
    return f"{code.display} {code.code}".casefold()


def _code(entry: Mapping[str, Any]) -> FoundCode | None:
    system, code, display = (entry.get(name) for name in ("system", "code", "display"))
    if not isinstance(system, str) or not isinstance(code, str) or entry.get("abstract") is True:
        return None
    clean = 0 < len(system) <= 250 and 0 < len(code) <= 100 and not any(c.isspace() for c in system + code)
    words = " ".join(str(display or code).split())[:200]
    return FoundCode(system, code, words) if clean and words.isprintable() else None
