"""FHIR resources that a canned EHR serves: people, roles, tasks, encounters."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.launch.canned_ehr import Answer, CannedEhr, Seen

SCT = "http://snomed.info/sct"
HL7 = "http://terminology.hl7.org/CodeSystem/practitioner-role"
TASKS = "urn:preceptor:task"
NURSE = "224535009"
PHYSICIAN = "309343006"

Resource = dict[str, Any]


def concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def practitioner(logical_id: str, **more: Any) -> Resource:
    name = [{"family": "Canary-Family", "given": ["Canary-Given"]}]
    return {"resourceType": "Practitioner", "id": logical_id, "active": True, "name": name, **more}


def role(logical_id: str, person: str, code: str = NURSE, system: str = SCT, **more: Any) -> Resource:
    return {
        "resourceType": "PractitionerRole",
        "id": logical_id,
        "active": True,
        "practitioner": {"reference": f"Practitioner/{person}", "display": "Canary-Family"},
        "code": [concept(system, code)],
        **more,
    }


def task(logical_id: str, owner: str, code: str = "shift-handoff", **more: Any) -> Resource:
    return {
        "resourceType": "Task",
        "id": logical_id,
        "status": "requested",
        "intent": "order",
        "code": concept(TASKS, code),
        "for": {"reference": "Patient/canary-patient", "display": "Canary-Patient"},
        "description": "Canary description of a patient",
        "owner": {"reference": owner},
        **more,
    }


def encounter(logical_id: str, code: str = "IMP") -> Resource:
    system = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    return {
        "resourceType": "Encounter",
        "id": logical_id,
        "status": "in-progress",
        "class": {"system": system, "code": code},
        "subject": {"reference": "Patient/canary-patient"},
    }


def bundle(*resources: Resource, **more: Any) -> Resource:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources], **more}


@dataclass
class FhirRecords:
    """What the EHR holds. Searches answer by the parameters that Preceptor uses."""

    resources: list[Resource] = field(default_factory=list)

    def add(self, *resources: Resource) -> None:
        self.resources.extend(resources)

    def add_nurse(self, person: str) -> None:
        """A nurse with one PractitionerRole and no Task, and the encounter of the canned launch."""
        self.add(practitioner(person), role(f"role-{person}", person), encounter("enc-4"))

    def clear(self) -> None:
        self.resources.clear()

    def serve_on(self, ehr: CannedEhr) -> None:
        """Answer what the EHR has no answer for yet."""
        whole = ehr.respond

        def respond(seen: Seen) -> Answer:
            own = seen.path.startswith("/fhir/") and ".well-known" not in seen.path and seen.path not in ehr.answers
            if not own:
                return whole(seen)
            ehr.seen.append(seen)
            return self._answer(seen)

        ehr.respond = respond  # type: ignore[method-assign]

    def _answer(self, seen: Seen) -> Answer:
        resource_type, _, logical_id = seen.path.removeprefix("/fhir/").partition("/")
        of_type = [r for r in self.resources if r["resourceType"] == resource_type]
        if logical_id:
            found = [r for r in of_type if r["id"] == logical_id]
            return Answer(found[0]) if found else Answer({"resourceType": "OperationOutcome"}, 404)
        query = {name: values[0] for name, values in parse_qs(seen.query).items()}
        return Answer(bundle(*(r for r in of_type if _matches(r, query))))


def _matches(resource: Resource, query: dict[str, str]) -> bool:
    if "owner" in query and resource.get("owner", {}).get("reference") not in query["owner"].split(","):
        return False
    if "status" in query and resource.get("status") not in query["status"].split(","):
        return False
    person = resource.get("practitioner", {}).get("reference", "")
    return "practitioner" not in query or person == f"Practitioner/{query['practitioner']}"
