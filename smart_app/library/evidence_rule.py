"""How a feature's use may be seen in the chart: a FHIR search and a condition on what it finds. Pure.

Checked when it is saved: the search asks one type of the same server, by named parameters; the condition uses the
functions of a list that has no regular expressions and no open-ended repetition in it.
"""

import re
from typing import Final

SEARCHED: Final = ("AuditEvent", "Communication", "Composition", "DiagnosticReport", "DocumentReference", "Provenance")
"""Types that say AI had part in them."""
SLOTS: Final = ("{practitioner}", "{since}")
"""What is put into the search: who is here, and since when."""
FUNCTIONS: Final = frozenset(
    (
        *("all", "allTrue", "anyTrue", "as", "combine", "contains", "count", "distinct", "empty", "endsWith", "exists"),
        *("extension", "first", "hasValue", "iif", "indexOf", "intersect", "is", "isDistinct", "last", "length"),
        *("lower", "not", "ofType", "select", "single", "skip", "startsWith", "subsetOf", "substring", "tail", "take"),
        *("toInteger", "toString", "union", "upper", "where"),
    )
)
"""FHIRPath functions that end soon: without matches, replaceMatches, repeat and descendants."""
MOST_SEARCH, MOST_CONDITION = 500, 1000
MOST_DEPTH = 8
_SEARCH = re.compile(
    r"(?P<type>[A-Z][A-Za-z]{2,40})\?(?P<query>[A-Za-z0-9_:.\-]+=[^&=\s]*(?:&[A-Za-z0-9_:.\-]+=[^&\s]*)*)"
)
_CALL = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*\(")
_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'")
_CHARACTERS = re.compile(r"[A-Za-z0-9_ .,()\[\]'=!<>|&+\-:%~$@]*")
"""Outside of texts: no backtick, no comment, so that no name hides from the list."""
_OPERATORS = frozenset({"and", "or", "xor", "implies", "in", "div", "mod"})


class RuleRefused(ValueError):
    """The rule cannot be used; the text says why."""


def checked_rule(search: str, condition: str) -> dict[str, str] | None:
    """{"search", "condition"}; None where both are empty. Raises RuleRefused."""
    search, condition = search.strip(), condition.strip()
    if not search and not condition:
        return None
    if not search or not condition:
        raise RuleRefused("An evidence rule has both a search and a condition.")
    _check_search(search)
    _check_condition(condition)
    return {"search": search, "condition": condition}


def _check_search(search: str) -> None:
    found = _SEARCH.fullmatch(search) if len(search) <= MOST_SEARCH else None
    if found is None or found["type"] not in SEARCHED:
        raise RuleRefused(
            f"The search is Type?parameter=value, at most {MOST_SEARCH} characters; the type is one of "
            f"{', '.join(SEARCHED)}."
        )
    if "{practitioner}" not in search:
        raise RuleRefused("The search must name {practitioner}: a rule looks at one's own work alone.")
    left = search
    for slot in SLOTS:
        left = left.replace(slot, "")
    if set("{}%\\\"'<>") & set(left):
        raise RuleRefused(f"The search has no other slots than {' and '.join(SLOTS)}, and no quotes.")


def _check_condition(condition: str) -> None:
    if len(condition) > MOST_CONDITION or not condition.isprintable():
        raise RuleRefused(f"The condition is FHIRPath on one line, at most {MOST_CONDITION} characters.")
    bare = _TEXT.sub("''", condition)
    if bare.count("'") % 2 or not _CHARACTERS.fullmatch(bare):
        raise RuleRefused("The condition has a sign that is not allowed, or a quote that does not close.")
    strange = sorted(set(_CALL.findall(bare)) - FUNCTIONS - _OPERATORS)
    if strange:
        raise RuleRefused(
            f"The condition may not use {', '.join(strange)}. It may use: {', '.join(sorted(FUNCTIONS))}."
        )
    _check_brackets(bare)


def _check_brackets(bare: str) -> None:
    open_ones: list[str] = []
    for character in bare:
        if character in "([":
            open_ones.append(character)
        elif character in ")]" and (not open_ones or open_ones.pop() != {")": "(", "]": "["}[character]):
            raise RuleRefused("The condition has a bracket that does not close.")
        if len(open_ones) > MOST_DEPTH:
            raise RuleRefused(f"The condition is nested more than {MOST_DEPTH} deep.")
    if open_ones:
        raise RuleRefused("The condition has a bracket that does not close.")
