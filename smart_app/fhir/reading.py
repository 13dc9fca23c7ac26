"""Who is here and what is open, read side by side; whatever fails, what is known comes within two seconds.

fhirUser a Practitioner, who is the usual case: one round, all at once:

    Practitioner/P   PractitionerRole?practitioner=P   Task?owner=P   Encounter/E   Task/T of the launch

A PractitionerRole or a Person first leads to its Practitioner, so these take a second round; so do Tasks
that a PractitionerRole owns, where the person's own Tasks leave open which one it is.

They are sent together and waited for in one thread. A read that needs more of the network (the EHR was busy,
a search has more pages) goes on in a thread of its own, so that it holds up no other.

No search names the patient, and `_elements` asks for nothing that tells of one.
No database transaction may be open while this runs.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from launch.context import LaunchContext
from launch.fhir_user import find_reference, is_fhir_id
from smart_app.fhir import projecting
from smart_app.fhir.facts import Findings, RoleFacts, TaskFacts
from smart_app.fhir.rounds import Read, Round, read_round
from smart_app.fhir.server import FhirReader, path_of, search_path

ALL_SECONDS = 1.7
"""All reads together end after this, so that the page comes within three."""
FIRST_ROUND_SECONDS = 1.3
_END_BY_SECONDS = 2.2
"""Of the request that the launch ends with: a sign-in that was slow leaves less time for the reads."""
_AT_LEAST_SECONDS = 0.5
"""Time that the reads get however slow the sign-in was."""
ACTIVE = ("requested", "received", "accepted", "ready", "in-progress", "on-hold")
_MOST_CONTEXT_TASKS = 5
_TASK_ELEMENTS = "id,status,code,owner,encounter"
_ROLE_ELEMENTS = "id,active,period,practitioner,code,specialty"


def read_person_and_task(context: LaunchContext, *, meanwhile: Callable[[], None] = lambda: None) -> Findings:
    """All reads of a launch. Raises nothing of the network: what could not be read is in `missing`.

    `meanwhile`: what is done while the EHR works on the first round, by this thread.
    """
    began = time.monotonic()
    seconds = seconds_for_all(context.report.seconds)
    until = began + seconds * FIRST_ROUND_SECONDS / ALL_SECONDS
    first = read_round(context, _asked_for(context, _first_reads(context)), until=until, meanwhile=meanwhile)
    findings = _findings(context, first, Findings())
    second_reads = _asked_for(context, _second_reads(context, first, findings))
    if second_reads:
        second = read_round(context, second_reads, until=began + seconds)
        findings = _findings(context, second, findings)
    for text in findings.missing:
        context.report.note_missing(text)
    return findings


def seconds_for_all(seconds_before: float) -> float:
    """How long all reads may take together, where `seconds_before` of the launch went before them (sign-in, say)."""
    return min(ALL_SECONDS, max(_AT_LEAST_SECONDS, _END_BY_SECONDS - seconds_before))


def _asked_for(context: LaunchContext, reads: dict[str, Read]) -> dict[str, Read]:
    """Without those of types that this EHR, as registered, is not asked for."""
    unwanted = context.registration.without_scopes
    if not unwanted:
        return reads
    return {name: read for name, read in reads.items() if re.split("[/?]", read.path)[0] not in unwanted}


def _first_reads(context: LaunchContext) -> dict[str, Read]:
    user, reads = context.fhir_user, dict[str, Read]()
    if user is not None and user.resource_type == "Practitioner":
        reads |= _reads_of_practitioner(context, user.id)
    elif user is not None and user.resource_type == "PractitionerRole":
        reads["PractitionerRole"] = _resource("PractitionerRole", user.id)
        reads |= _reads_of_tasks(context, "tasks of the role", [f"PractitionerRole/{user.id}"])
    elif user is not None and user.resource_type == "Person":
        reads["Person"] = _resource("Person", user.id)
    if context.encounter is not None:
        reads["encounter"] = _resource("Encounter", context.encounter)
    for number, task in enumerate(_tasks_of_launch(context)):
        reads[f"task {number + 1} of the launch"] = _read_of_task(task)
    return reads


def _second_reads(context: LaunchContext, first: Round, findings: Findings) -> dict[str, Read]:
    base = context.fhir.base
    if "PractitionerRole" in first.found:
        practitioner = projecting.practitioner_of(first.found["PractitionerRole"], base=base)
        return _reads_of_practitioner(context, practitioner) if practitioner else {}
    if "Person" in first.found:
        practitioner = projecting.linked_practitioner(first.found["Person"], base=base)
        return _reads_of_practitioner(context, practitioner) if practitioner else {}
    roles = [f"PractitionerRole/{role.id}" for role in findings.roles if role.active]
    if roles and _task_is_open_to_question(context, findings):
        return _reads_of_tasks(context, "tasks of the role", roles)
    return {}


def _task_is_open_to_question(context: LaunchContext, findings: Findings) -> bool:
    """Whether a Task owned by a role could change the answer."""
    if any(task.codes for task in findings.context_tasks):
        return False
    if context.encounter is None:
        return not findings.own_tasks
    return all(task.encounter != context.encounter for task in findings.own_tasks)


def _reads_of_practitioner(context: LaunchContext, practitioner: str) -> dict[str, Read]:
    reads = {"Practitioner": _resource("Practitioner", practitioner)}
    if _is_granted(context, "PractitionerRole"):
        path = search_path("PractitionerRole", practitioner=practitioner, _elements=_ROLE_ELEMENTS)
        reads["roles"] = Read(path, lambda reader, path: [(practitioner, found) for found in reader.search(path)])
    return reads | _reads_of_tasks(context, "tasks", [f"Practitioner/{practitioner}"])


def _resource(resource_type: str, logical_id: str) -> Read:
    return Read(path_of(resource_type, logical_id), FhirReader.read)


def _is_granted(context: LaunchContext, resource_type: str) -> bool:
    """Whether reading was granted, be the scope of SMART 2 or 1: what was not is not asked for in vain."""
    return not {f"user/{resource_type}.rs", f"user/{resource_type}.read"} & context.missing_scopes


def _reads_of_tasks(context: LaunchContext, name: str, owners: list[str]) -> dict[str, Read]:
    if not _is_granted(context, "Task"):
        return {}
    path = search_path("Task", owner=",".join(owners), status=",".join(ACTIVE), _elements=_TASK_ELEMENTS, _count="50")
    allowed = {find_reference(owner, base=context.fhir.base) for owner in owners}

    def read(reader: FhirReader, path: str) -> list[TaskFacts]:
        facts = (projecting.task_facts(found, base=reader.base) for found in reader.search(path))
        # A server may ignore a parameter: whose Task it is and whether it is active is looked at again.
        return [task for task in facts if task and task.status in ACTIVE and task.owner in allowed]

    return {name: Read(path, read)}


def _tasks_of_launch(context: LaunchContext) -> list[str]:
    """Ids of the Tasks that the launch names: fhirContext first, then appContext."""
    named = [reference.id for reference in context.fhir_context if reference.resource_type == "Task"]
    said = context.app_context.get("task")
    if isinstance(said, str):
        reference = find_reference(said, base=context.fhir.base) or ("Task", said)
        if reference[0] == "Task" and is_fhir_id(reference[1]):
            named.append(reference[1])
    return list(dict.fromkeys(named))[:_MOST_CONTEXT_TASKS]


def _read_of_task(logical_id: str) -> Read:
    return Read(
        path_of("Task", logical_id),
        lambda reader, path: projecting.task_facts(reader.read(path), base=reader.base),
    )


def _findings(context: LaunchContext, got: Round, before: Findings) -> Findings:
    """What is known after a round."""
    base, found = context.fhir.base, got.found
    person = projecting.person_facts(found["Practitioner"]) if "Practitioner" in found else None
    roles = [*before.roles, *_launching_role(found, base), *_roles(found.get("roles", ()), base)]
    context_tasks = (task for name, task in found.items() if name.endswith("of the launch") and task)
    own = [*before.own_tasks, *found.get("tasks", ()), *found.get("tasks of the role", ())]
    return replace(
        before,
        person=person or before.person,
        roles=tuple({role.id: role for role in roles}.values()),
        context_tasks=before.context_tasks + tuple(sorted(context_tasks, key=_order_in(context))),
        own_tasks=tuple({task.id: task for task in own}.values()),
        encounter_class=_class(found) or before.encounter_class,
        missing=before.missing + got.missing,
    )


def _launching_role(found: Mapping[str, Any], base: str) -> Iterable[RoleFacts]:
    """The PractitionerRole that launched, where fhirUser is one: known even if the search for all fails."""
    resource = found.get("PractitionerRole")
    practitioner = projecting.practitioner_of(resource, base=base) if resource else None
    return _roles([(practitioner, resource)], base) if resource and practitioner else ()


def _roles(found: Iterable[tuple[str, Mapping[str, Any]]], base: str) -> Iterable[RoleFacts]:
    today = datetime.now(UTC).date()
    for practitioner, resource in found:
        facts = projecting.role_facts(resource, practitioner=practitioner, base=base, today=today)
        if facts is not None:
            yield facts


def _order_in(context: LaunchContext) -> Callable[[TaskFacts], int]:
    order = {logical_id: number for number, logical_id in enumerate(_tasks_of_launch(context))}
    return lambda task: order.get(task.id, len(order))


def _class(found: Mapping[str, Any]) -> str | None:
    return projecting.encounter_class(found["encounter"]) if "encounter" in found else None
