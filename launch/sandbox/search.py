"""FHIR R4 search over resources in memory: the parameters that SMART apps of this kind use. Pure.

A parameter that is not known is refused (FHIR lets a server choose): one that silently
ignored `owner` would hand one person's tasks to another. Source: hl7.org/fhir/R4/search.html.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

Resource = dict[str, Any]
Parameters = list[tuple[str, str]]

MAXIMUM_COUNT = 200

_PARAMETERS: dict[str, dict[str, tuple[str, str]]] = {
    "*": {"_id": ("token", "id"), "_tag": ("token", "meta.tag"), "_security": ("token", "meta.security")},
    "Practitioner": {"identifier": ("token", "identifier"), "name": ("string", "name"), "active": ("token", "active")},
    "PractitionerRole": {
        "practitioner": ("reference", "practitioner"),
        "organization": ("reference", "organization"),
        "location": ("reference", "location"),
        "role": ("token", "code"),
        "specialty": ("token", "specialty"),
        "active": ("token", "active"),
    },
    "Person": {"practitioner": ("reference", "link.target"), "link": ("reference", "link.target")},
    "Patient": {"identifier": ("token", "identifier"), "name": ("string", "name"), "birthdate": ("token", "birthDate")},
    "Encounter": {
        "participant": ("reference", "participant.individual"),
        "practitioner": ("reference", "participant.individual"),
        "patient": ("reference", "subject"),
        "subject": ("reference", "subject"),
        "status": ("token", "status"),
        "class": ("token", "class"),
    },
    "Task": {
        "owner": ("reference", "owner"),
        "requester": ("reference", "requester"),
        "encounter": ("reference", "encounter"),
        "focus": ("reference", "focus"),
        "patient": ("reference", "for"),
        "subject": ("reference", "for"),
        "status": ("token", "status"),
        "intent": ("token", "intent"),
        "priority": ("token", "priority"),
        "code": ("token", "code"),
        "identifier": ("token", "identifier"),
    },
    "Organization": {"name": ("string", "name"), "identifier": ("token", "identifier")},
    "Location": {"name": ("string", "name"), "organization": ("reference", "managingOrganization")},
}


def served_types() -> tuple[str, ...]:
    """Resource types that can be searched by more than id and tag."""
    return tuple(resource_type for resource_type in _PARAMETERS if resource_type != "*")


def search_parameters(resource_type: str) -> dict[str, str]:
    """Search parameters of this type: name -> type of parameter."""
    known = {**_PARAMETERS["*"], **_PARAMETERS.get(resource_type, {})}
    return {name: kind for name, (kind, _) in known.items()}


class SearchProblem(ValueError):
    """A search that this server does not understand; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """A parsed search. `filters`: (kind, path, alternatives); all must hold, of each any alternative."""

    resource_type: str
    filters: tuple[tuple[str, str, tuple[str, ...]], ...]
    count: int
    offset: int
    elements: tuple[str, ...]
    includes: tuple[str, ...]
    """Paths of the references whose targets come along."""


def parse_search(resource_type: str, parameters: Parameters, *, page_size: int) -> Search:
    """A search of query parameters; SearchProblem where one is unknown or malformed."""
    results = {name: value for name, value in parameters if name in ("_count", "_offset", "_elements")}
    filters = [p for p in parameters if p[0] not in (*results, "_include", "_format", "_total", "_sort")]
    return Search(
        resource_type=resource_type,
        filters=tuple(_filter(resource_type, name, value) for name, value in filters),
        count=min(_number(results.get("_count", str(page_size))), MAXIMUM_COUNT),
        offset=_number(results.get("_offset", "0")),
        elements=tuple(filter(None, results.get("_elements", "").split(","))),
        includes=tuple(_include(resource_type, value) for name, value in parameters if name == "_include"),
    )


def matches(resource: Resource, search: Search) -> bool:
    """Whether the resource is of the type and passes every filter."""
    return resource.get("resourceType") == search.resource_type and all(
        any(_TESTS[kind](value, wanted) for value in values_at(resource, path) for wanted in alternatives)
        for kind, path, alternatives in search.filters
    )


def searchset(
    search: Search, *, found: list[Resource], parameters: Parameters, find: Callable[[str], Resource | None]
) -> Resource:
    """One page as a Bundle; URLs are relative to the FHIR base. `find` looks a reference up for _include."""
    page = found[search.offset : search.offset + search.count]
    included = _included(page, search.includes, find)
    entries = [_entry(_cut(resource, search.elements), "match") for resource in page]
    links = [{"relation": "self", "url": f"{search.resource_type}?{urlencode(parameters)}"}]
    after = search.offset + search.count
    if after < len(found) and search.count:
        rest = [(name, value) for name, value in parameters if name not in ("_offset", "_count")]
        following = urlencode([*rest, ("_count", search.count), ("_offset", after)])
        links.append({"relation": "next", "url": f"{search.resource_type}?{following}"})
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        "link": links,
        "entry": entries + [_entry(resource, "include") for resource in included],
    }


def values_at(resource: Any, path: str) -> Iterator[Any]:
    """All values at a dotted path; lists are walked into."""
    if isinstance(resource, list):
        for item in resource:
            yield from values_at(item, path)
        return
    if not path:
        yield resource
        return
    head, _, rest = path.partition(".")
    if isinstance(resource, dict) and head in resource:
        yield from values_at(resource[head], rest)


def _filter(resource_type: str, name: str, value: str) -> tuple[str, str, tuple[str, ...]]:
    bare, _, modifier = name.partition(":")
    known = {**_PARAMETERS["*"], **_PARAMETERS.get(resource_type, {})}
    if bare not in known:
        raise SearchProblem(f"{resource_type} has no search parameter {bare!r} here.")
    kind, path = known[bare]
    alternatives = tuple(value.split(","))
    if modifier and not (kind == "reference" and modifier[0].isupper()):
        raise SearchProblem(f"The modifier {modifier!r} is not served here.")
    return kind, path, tuple(f"{modifier}/{v}" for v in alternatives) if modifier else alternatives


def _include(resource_type: str, value: str) -> str:
    source, _, name = value.partition(":")
    kind, path = _PARAMETERS.get(source, {}).get(name.partition(":")[0], ("", ""))
    if source != resource_type or kind != "reference":
        raise SearchProblem(f"_include={value} is not served here.")
    return path


def _number(text: str) -> int:
    if not text.isdigit():
        raise SearchProblem(f"{text!r} is not a count.")
    return int(text)


def _is_token(value: Any, wanted: str) -> bool:
    system, bar, code = wanted.rpartition("|")
    if isinstance(value, dict) and "coding" in value:
        return any(_is_token(coding, wanted) for coding in value["coding"])
    if isinstance(value, dict):  # Coding has code, Identifier has value
        same_code = not code or code in (value.get("code"), value.get("value"))
        return same_code and (not bar or (value.get("system") or "") == system)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text == code


def _is_reference(value: Any, wanted: str) -> bool:
    reference = value.get("reference", "") if isinstance(value, Mapping) else ""
    short = "/".join(reference.split("/")[-2:])
    return short == "/".join(wanted.split("/")[-2:]) if "/" in wanted else short.rpartition("/")[2] == wanted


def _is_string(value: Any, wanted: str) -> bool:
    parts: Iterable[Any] = [value] if isinstance(value, str) else _strings(value)
    return any(str(part).lower().startswith(wanted.lower()) for part in parts)


def _strings(value: Any) -> Iterator[str]:
    for part in value.values() if isinstance(value, dict) else ():
        yield from (str(item) for item in (part if isinstance(part, list) else [part]))


_TESTS: dict[str, Callable[[Any, str], bool]] = {
    "token": _is_token,
    "reference": _is_reference,
    "string": _is_string,
}


def _cut(resource: Resource, elements: tuple[str, ...]) -> Resource:
    if not elements:
        return resource
    kept = {name: value for name, value in resource.items() if name in ("resourceType", "id", *elements)}
    tag = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
    return {**kept, "meta": {**resource.get("meta", {}), "tag": [*resource.get("meta", {}).get("tag", []), tag]}}


def _included(page: list[Resource], paths: tuple[str, ...], find: Callable[[str], Resource | None]) -> list[Resource]:
    references = (v.get("reference", "") for r in page for path in paths for v in values_at(r, path))
    return [target for reference in dict.fromkeys(references) if (target := find(reference)) is not None]


def _entry(resource: Resource, mode: str) -> Resource:
    url = f"{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource, "search": {"mode": mode}}
