"""Who is staff at an EHR: its PractitionerRoles, projected; of a person the Practitioner's id alone, never a name."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from launch.fhir_session import FhirReadError, FhirSession
from launch.fhir_user import find_reference, is_fhir_id
from smart_app.fhir.facts import Code
from smart_app.fhir.projecting import staff_elements

MOST_STAFF = 25_000
MOST_PAGES = 600
"""Of a staff list: 25,000 roles also where an EHR gives fewer a page than it is asked for."""
MOST_BYTES = 60 * 1024 * 1024
_ELEMENTS = "id,active,period,practitioner,code,specialty,location,organization"
_A_PAGE = "200"


@dataclass(frozen=True, kw_only=True)
class StaffRole:
    """One PractitionerRole."""

    practitioner: str
    active: bool
    codes: tuple[Code, ...]
    specialties: tuple[Code, ...]
    words: str
    """What the EHR calls the role: for the question what it means here."""
    unit: str
    """Name of the location, or what the EHR calls it; empty where it names none."""
    since: str
    until: str


def read_staff(fhir: FhirSession, *, organization: str, until: float) -> list[StaffRole]:
    """All PractitionerRoles, of one Organization where its id is given. Raises FhirReadError."""
    if organization and not is_fhir_id(organization):
        raise FhirReadError("that is no id of an Organization")
    asked = {"_elements": _ELEMENTS, "_count": _A_PAGE} | ({"organization": organization} if organization else {})
    resources = list(_resources(fhir, "PractitionerRole", asked, until))
    names = _names_of_places(fhir, resources, until)
    roles = (_role(resource, fhir.base, names) for resource in resources)
    return [role for role in roles if role is not None]


def _resources(
    fhir: FhirSession, resource_type: str, asked: Mapping[str, str], until: float
) -> Iterable[dict[str, Any]]:
    seen = 0
    left = max(0.0, until - time.monotonic())
    for page in fhir.get_pages(resource_type, asked, deadline=left, most_pages=MOST_PAGES, most_bytes=MOST_BYTES):
        for entry in page.get("entry") or ():
            resource = entry.get("resource") if isinstance(entry, Mapping) else None
            if isinstance(resource, dict) and resource.get("resourceType") == resource_type:
                seen += 1
                if seen > MOST_STAFF:
                    raise FhirReadError(f"more than {MOST_STAFF} entries")
                yield resource


def _names_of_places(fhir: FhirSession, resources: Iterable[dict[str, Any]], until: float) -> dict[str, str]:
    """Location id -> name, for those that came without one."""
    wanted = {place for resource in resources for place, name in _places(resource, fhir.base) if not name}
    found: dict[str, str] = {}
    listed = sorted(wanted)
    for some in (listed[start : start + 50] for start in range(0, len(listed), 50)):
        asked = {"_id": ",".join(some), "_elements": "id,name", "_count": "50"}
        for resource in _resources(fhir, "Location", asked, until):
            if isinstance(resource.get("name"), str):
                found[str(resource.get("id"))] = resource["name"][:120]
    return found


def _places(resource: Mapping[str, Any], base: str) -> list[tuple[str, str]]:
    """(id of the Location, its display)."""
    places = resource.get("location")
    found = []
    for place in places if isinstance(places, list) else ():
        if isinstance(place, Mapping) and isinstance(place.get("reference"), str):
            reference = find_reference(place["reference"], base=base)
            if reference and reference[0] == "Location":
                display = place.get("display")
                found.append((reference[1], display[:120] if isinstance(display, str) else ""))
    return found


def _role(resource: Mapping[str, Any], base: str, names: Mapping[str, str]) -> StaffRole | None:
    facts = staff_elements(resource, base=base)
    if facts is None:
        return None
    place = next(iter(_places(resource, base)), None)
    period = facts.get("period", {})
    return StaffRole(
        practitioner=facts["practitioner"],
        active=facts.get("active") is not False,
        codes=facts["codes"],
        specialties=facts["specialties"],
        words=_words(resource),
        unit=(place[1] or names.get(place[0], place[0])) if place else "",
        since=_day(period.get("start")),
        until=_day(period.get("end")),
    )


def _words(resource: Mapping[str, Any]) -> str:
    for concept in resource.get("code") or ():
        if not isinstance(concept, Mapping):
            continue
        displays = [coding.get("display") for coding in concept.get("coding") or () if isinstance(coding, Mapping)]
        for said in (concept.get("text"), *displays):
            if isinstance(said, str) and said.strip():
                return said.strip()[:120]
    return ""


def _day(moment: object) -> str:
    """A FHIR date as a day; a year or a month alone says no day."""
    return moment[:10] if isinstance(moment, str) and len(moment) >= 10 else ""
