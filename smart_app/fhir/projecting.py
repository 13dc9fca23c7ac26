"""From a resource to facts, in two steps: take the elements needed, then validate those.

fhir.resources refuses a whole resource for one wrong element, so what is not needed never reaches it
(`for`, `description`, `note`, `input` of a Task, every name), and a bad optional element costs that
element only. Resources that cannot be used give None; they hide no other.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from fhir.resources.R4B.encounter import Encounter
from fhir.resources.R4B.identifier import Identifier
from fhir.resources.R4B.period import Period
from fhir.resources.R4B.person import Person, PersonLink
from fhir.resources.R4B.practitioner import Practitioner
from fhir.resources.R4B.practitionerrole import PractitionerRole
from fhir.resources.R4B.reference import Reference
from fhir.resources.R4B.task import Task
from pydantic import ValidationError

from launch.fhir_user import find_reference, is_fhir_id
from smart_app.fhir.facts import Code, PersonFacts, RoleFacts, TaskFacts

NPI_SYSTEM = "http://hl7.org/fhir/sid/us-npi"
_MOST = 50
"""Most entries taken of any list: a hostile resource may hold millions."""

_REMEMBERED_CHARACTERS = 2_000
_CHECKED = ("resourceType", "id")
"""Elements that `_elements` has looked at."""
_TELLING = {
    **dict.fromkeys(("owner", "encounter", "practitioner"), Reference),
    "identifier": Identifier,
    "link": PersonLink,
    "period": Period,
}
"""Elements that tell of one person or visit: nothing of them is remembered. The type of each."""

Elements = dict[str, Any]


def person_facts(resource: Mapping[str, Any]) -> PersonFacts | None:
    """Of a Practitioner."""
    found = _validated(Practitioner, _elements(resource, "Practitioner", _PRACTITIONER))
    if found is None:
        return None
    npi = next(
        (i["value"] for i in found.get("identifier", ()) if i.get("system") == NPI_SYSTEM and "value" in i), None
    )
    qualifications = tuple(code for q in found.get("qualification", ()) for code in _codes([q["code"]]))
    return PersonFacts(id=found["id"], active=found.get("active") is not False, npi=npi, qualifications=qualifications)


def role_facts(resource: Mapping[str, Any], *, practitioner: str, base: str, today: date) -> RoleFacts | None:
    """Of a PractitionerRole of this Practitioner; None for anybody else's: a server may ignore the search."""
    found = _validated(PractitionerRole, _elements(resource, "PractitionerRole", _ROLE))
    if found is None or _referred(found, "practitioner", base) != ("Practitioner", practitioner):
        return None
    ended = _has_ended(found.get("period", {}).get("end"), today)
    return RoleFacts(
        id=found["id"],
        active=found.get("active") is not False and not ended,
        codes=_codes(found.get("code", [])),
        specialties=_codes(found.get("specialty", [])),
    )


def staff_elements(resource: Mapping[str, Any], *, base: str) -> Elements | None:
    """Of a PractitionerRole in the staff list: practitioner (id), active, period, codes, specialties."""
    found = _validated(PractitionerRole, _elements(resource, "PractitionerRole", _ROLE))
    practitioner = _id_of(found, "practitioner", base, "Practitioner")
    if found is None or practitioner is None:
        return None
    codes = {"codes": _codes(found.get("code", [])), "specialties": _codes(found.get("specialty", []))}
    return {**found, **codes, "practitioner": practitioner}


def practitioner_of(resource: Mapping[str, Any], *, base: str) -> str | None:
    """Id of the Practitioner of a PractitionerRole."""
    found = _validated(PractitionerRole, _elements(resource, "PractitionerRole", {"practitioner": _reference}))
    return _id_of(found, "practitioner", base, "Practitioner")


def linked_practitioner(resource: Mapping[str, Any], *, base: str) -> str | None:
    """Id of the first Practitioner that a Person links to."""
    found = _validated(Person, _elements(resource, "Person", {"link": _list_of(_link)}))
    targets = (_id_of(link, "target", base, "Practitioner") for link in (found or {}).get("link", ()))
    return next((target for target in targets if target), None)


def task_facts(resource: Mapping[str, Any], *, base: str) -> TaskFacts | None:
    """Of a Task."""
    # status and intent are required by the model; ours may lack them (intent is never read).
    found = _validated(Task, _elements(resource, "Task", _TASK), status="draft", intent="unknown")
    if found is None:
        return None
    return TaskFacts(
        id=found["id"],
        status=found.get("status"),
        codes=_codes([found["code"]] if "code" in found else []),
        encounter=_id_of(found, "encounter", base, "Encounter"),
        owner=_referred(found, "owner", base),
    )


def encounter_class(resource: Mapping[str, Any]) -> str | None:
    """The class code of an Encounter, say "AMB"."""
    found = _validated(Encounter, _elements(resource, "Encounter", {"class": _coding}), status="unknown")
    code = (found or {}).get("class", {}).get("code")
    return code if isinstance(code, str) and code.isalnum() and len(code) <= 20 else None


def _elements(resource: Mapping[str, Any], resource_type: str, wanted: "Projection") -> Elements | None:
    """Id, type and the wanted elements; None for another type, or without a usable id."""
    if resource.get("resourceType") != resource_type or not is_fhir_id(resource.get("id")):
        return None
    taken: Elements = {"resourceType": resource_type, "id": resource["id"]}
    for name, project in wanted.items():
        value = project(resource.get(name))
        if value is not None:
            taken[name] = value
    return taken


def _validated(model: Any, elements: Elements | None, **required: str) -> Elements | None:
    """The elements that the model accepts, each looked at alone. `required`: stand-ins for what it insists on."""
    if elements is None:
        return None
    return {n: value for n, value in elements.items() if n in _CHECKED or _element_fits(model, n, value, required)}


def _element_fits(model: Any, name: str, value: Any, required: Mapping[str, str]) -> bool:
    data_type = _TELLING.get(name)
    if data_type is not None:
        return all(_accepts(data_type, one) for one in (value if isinstance(value, list) else [value]))
    text = json.dumps({name: value})
    check = _codes_fit if len(text) <= _REMEMBERED_CHARACTERS else _codes_fit.__wrapped__
    return check(model, text, tuple(required.items()))


@lru_cache(maxsize=2_048)
def _codes_fit(model: Any, text: str, required: tuple[tuple[str, str], ...]) -> bool:
    """Whether the model accepts the element in `text`. The same few codes come in every launch: remembered."""
    return _accepts(model, {"resourceType": model.get_resource_type(), "id": "1", **dict(required), **json.loads(text)})


def _accepts(model: Any, elements: Elements) -> bool:
    try:
        model.model_validate(elements)
    except ValidationError:
        return False
    return True


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 500 else None


def _token(value: Any) -> str | None:
    """A string without blanks: what FHIR's code and uri allow, as far as codes are written in practice."""
    text = _string(value)
    return text if text and text.split() == [text] else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _object(parts: "Projection", needed: str = "") -> Callable[[Any], Elements | None]:
    def project(value: Any) -> Elements | None:
        if not isinstance(value, Mapping):
            return None
        taken = {name: found for name, part in parts.items() if (found := part(value.get(name))) is not None}
        return taken if taken and (not needed or needed in taken) else None

    return project


def _list_of(part: Callable[[Any], Any]) -> Callable[[Any], list[Any] | None]:
    def project(value: Any) -> list[Any] | None:
        found = [part(entry) for entry in value[:_MOST]] if isinstance(value, list) else []
        return [entry for entry in found if entry is not None] or None

    return project


Projection = Mapping[str, Callable[[Any], Any]]
_coding = _object({"system": _token, "code": _token}, needed="code")
_concept = _object({"coding": _list_of(_coding)})
_reference = _object({"reference": _string})
_identifier = _object({"system": _string, "value": _string}, needed="value")
_qualification = _object({"code": _concept}, needed="code")
_link = _object({"target": _reference}, needed="target")
_PRACTITIONER: Projection = {
    "active": _boolean,
    "identifier": _list_of(_identifier),
    "qualification": _list_of(_qualification),
}
_ROLE: Projection = {
    "active": _boolean,
    "period": _object({"start": _string, "end": _string}),
    "practitioner": _reference,
    "code": _list_of(_concept),
    "specialty": _list_of(_concept),
}
_TASK: Projection = {"status": _string, "code": _concept, "owner": _reference, "encounter": _reference}


def _codes(concepts: list[Any]) -> tuple[Code, ...]:
    codings = (coding for concept in concepts for coding in concept.get("coding", ()))
    return tuple(dict.fromkeys((coding["system"], coding["code"]) for coding in codings if "system" in coding))


def _referred(found: Mapping[str, Any], name: str, base: str) -> tuple[str, str] | None:
    reference = found.get(name, {}).get("reference")
    return find_reference(reference, base=base) if reference else None


def _id_of(found: Mapping[str, Any] | None, name: str, base: str, resource_type: str) -> str | None:
    referred = _referred(found, name, base) if found else None
    return referred[1] if referred and referred[0] == resource_type else None


def _has_ended(end: str | None, today: date) -> bool:
    """Whether a FHIR date ("2025", "2025-06", "2025-06-30", with or without a time) lies before today."""
    return end is not None and end[:10] < today.isoformat()[: len(end[:10])]
