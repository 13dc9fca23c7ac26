"""Codes that a search found, as boxes to tick in a form of targets: as a specialty, or as the code of a task."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smart_app.studio.targeting.code_search import CodeSearch, search_codes
from smart_app.studio.targeting.role_map_page import SYSTEMS
from smart_app.visits.view import VisitView

LONGEST = 80
"""Characters of the words that are searched for."""


@dataclass(frozen=True)
class CodeOffer:
    """A code that was found."""

    value: str
    """ "system|code", as the targets have it."""
    words: str
    code: str
    system: str
    is_specialty: bool
    """It is among the specialties already."""
    is_task: bool


@dataclass(frozen=True)
class CodeOffers:
    """What a search gave."""

    words: str
    """That were searched for."""
    codes: tuple[CodeOffer, ...] = ()
    said: str = ""
    """Where they were found; empty: nothing was searched."""


NOTHING_SEARCHED = CodeOffers("")


def offers(visit: VisitView, asked: str, targets: Mapping[str, Any]) -> CodeOffers:
    """Search, and say of each code whether `targets` hold it. Asks the network: no transaction may be open."""
    words = " ".join(asked.split())[:LONGEST]
    if not words:
        return NOTHING_SEARCHED
    found = search_codes(visit, words)
    tasks, specialties = (set(targets.get(name) or ()) for name in ("task_codes", "specialties"))
    codes = []
    for each in found.codes:
        value = f"{each.system}|{each.code}"
        system = SYSTEMS.get(each.system, each.system)
        codes.append(CodeOffer(value, each.display, each.code, system, value in specialties, value in tasks))
    return CodeOffers(words, tuple(codes), _where(found))


def _where(found: CodeSearch) -> str:
    ours = "in the lists that come with Preceptor"
    more = f" and, {found.added} of them, {ours}" if found.added else ""
    why = f" Your EHR was not used: {found.why}." if found.why else ""
    return f"{len(found.codes)} found {'at your EHR' if found.from_ehr else ours}{more}.{why}"
