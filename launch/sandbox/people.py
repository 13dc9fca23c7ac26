"""People of the EHR in words for its screens: staff who sign in, patients in the chart."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Search = Callable[[str, list[tuple[str, str]]], list[dict[str, Any]]]
"""(resource type, parameters) -> matching resources."""

_ALL = [("_count", "200")]


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody on a screen: reference ("Practitioner/1"), name, and what one says after the name."""

    reference: str
    name: str
    note: str


def display_name(resource: Mapping[str, Any]) -> str:
    """A HumanName in reading order, or the id where there is none."""
    names = resource.get("name") or [{}]
    name = names[0] if isinstance(names, list) else {}
    text = name.get("text") or " ".join([*name.get("prefix", []), *name.get("given", []), name.get("family", "")])
    return text.strip() or str(resource.get("id", "unknown"))


def words_of(concept: Mapping[str, Any] | None) -> str:
    """A CodeableConcept as a person reads it."""
    concept = concept or {}
    codings = concept.get("coding") or [{}]
    return str(concept.get("text") or codings[0].get("display") or codings[0].get("code") or "")


def list_people(search: Search) -> list[Person]:
    """All staff by name, each with the words of their roles."""
    roles: dict[str, list[str]] = {}
    for role in search("PractitionerRole", _ALL):
        reference = role.get("practitioner", {}).get("reference", "")
        roles.setdefault(reference, []).append(words_of((role.get("code") or role.get("specialty") or [{}])[0]))
    people = [_staff(practitioner, roles) for practitioner in search("Practitioner", _ALL)]
    return sorted(people, key=lambda person: person.name)


def list_patients(search: Search) -> list[Person]:
    """All patients by name, each with the birth date."""
    found = search("Patient", _ALL)
    people = [
        Person(reference=f"Patient/{p['id']}", name=display_name(p), note=str(p.get("birthDate", ""))) for p in found
    ]
    return sorted(people, key=lambda person: person.name)


def _staff(practitioner: Mapping[str, Any], roles: Mapping[str, list[str]]) -> Person:
    reference = f"Practitioner/{practitioner['id']}"
    note = ", ".join(filter(None, roles.get(reference, []))) or "no role in the EHR"
    if practitioner.get("active") is False:
        note += ", inactive"
    return Person(reference=reference, name=display_name(practitioner), note=note)
