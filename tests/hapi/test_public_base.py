"""Against any public R4 base: `pytest -m hapi --fhir-base https://hapi.fhir.org/baseR4`.

Without the option the base is the local HAPI behind a proxy that adds what public sandboxes do on a bad day.
The tests run in this order; the last ones remove what the run made, and say what it saw.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from launch import LaunchContext
from smart_app.fhir.facts import Findings
from smart_app.fhir.reading import ALL_SECONDS, read_person_and_task
from tests.hapi import public_base
from tests.hapi.faulty_proxy import FaultyProxy, faulty_proxy
from tests.hapi.public_base import PublicBase, Resource
from tests.hapi.sandbox import launch, sandbox_before
from tests.plugins.hapi import TOLD

pytestmark = pytest.mark.hapi

SCT, TASKS = "http://snomed.info/sct", "urn:preceptor:task"
NURSE, HANDOFF = "224535009", "shift-handoff"
LAUNCHES = 6
"""A busy base may answer too late for a launch: then the launch says so, and another one is tried."""


class Made(dict[str, str]):
    """References of what the run made, by what it is."""


@pytest.fixture(scope="module")
def base(fhir_base: str, request: pytest.FixtureRequest) -> Iterator[PublicBase]:
    """One run; whatever happens, what it made is removed, and what it saw is told."""
    running = PublicBase(fhir_base)
    try:
        yield running
    finally:
        try:
            left = running.remove_all()
        finally:
            request.session.stash[TOLD] = running.told()
    assert left == [], f"remove by hand: {left}"


@pytest.fixture(scope="module")
def made(base: PublicBase) -> Made:
    """A nurse with a role, an encounter, two tasks; no patient. Each search is made before: it may grow stale."""
    for kind in ("Practitioner", "PractitionerRole", "Encounter", "Task"):
        assert base.search(kind) == []
    made = Made(
        person=base.create({"resourceType": "Practitioner", "active": True, "name": [{"text": "Nurse Sample"}]})
    )
    made["role"] = base.create(role(made["person"]))
    made["encounter"] = base.create({"resourceType": "Encounter", "status": "in-progress", "class": {"code": "IMP"}})
    made["task"] = base.create(task(made["person"], encounter=made["encounter"]))
    made["other task"] = base.create(task(made["person"]))
    return made


def role(person: str) -> Resource:
    code = [{"coding": [{"system": SCT, "code": NURSE}]}]
    return {"resourceType": "PractitionerRole", "active": True, "practitioner": {"reference": person}, "code": code}


def task(owner: str, *, encounter: str | None = None) -> Resource:
    resource: Resource = {
        "resourceType": "Task",
        "status": "in-progress" if encounter else "requested",
        "intent": "order",
        "code": {"coding": [{"system": TASKS, "code": HANDOFF}]},
        "owner": {"reference": owner},
    }
    return {**resource, "encounter": {"reference": encounter}} if encounter else resource


def test_it_speaks_fhir_r4(base: PublicBase) -> None:
    statement = base.read("metadata?_elements=fhirVersion")
    assert statement is not None
    assert str(statement["fhirVersion"]).startswith("4.0")


def test_all_that_was_made_carries_the_tag_of_the_run(base: PublicBase, made: Made) -> None:
    for reference in made.values():
        resource = base.read(reference)
        assert resource is not None
        assert base.run in [tag.get("code") for tag in resource["meta"]["tag"]]


@pytest.mark.parametrize("kind", ["Practitioner", "PractitionerRole", "Encounter", "Task"])
def test_the_run_finds_its_own_and_nobody_elses(base: PublicBase, made: Made, kind: str) -> None:
    own = {reference for reference in made.values() if reference.startswith(f"{kind}/")}
    assert base.search_until(kind, own) == own


def test_a_launch_finds_role_and_task_or_says_what_it_could_not_read(
    base: PublicBase, made: Made, tmp_path: Path
) -> None:
    encounter, task_id = made["encounter"].partition("/")[2], made["task"].partition("/")[2]
    read_ids: set[str] = set()

    def read(context: LaunchContext) -> tuple[Findings, float]:
        began = time.monotonic()
        return read_person_and_task(context), time.monotonic() - began

    with sandbox_before(base.base, tmp_path) as sandbox:
        for _ in range(LAUNCHES):
            found, seconds = launch(sandbox, read, person=made["person"], encounter=encounter, task=task_id)
            assert seconds < ALL_SECONDS + 0.5
            missing = " ".join(found.missing)
            assert found.roles or "roles:" in missing
            assert found.context_tasks or "task 1 of the launch:" in missing
            assert found.own_tasks or "tasks:" in missing
            assert [facts.codes for facts in found.roles] in ([], [((SCT, NURSE),)])
            read_ids |= {facts.id for facts in (*found.roles, *found.own_tasks, *found.context_tasks)}
            if not found.missing:
                break
            base.saw["launches that fell back"] += 1
    assert read_ids, f"of {LAUNCHES} launches none read anything"
    assert read_ids <= {reference.partition("/")[2] for reference in made.values()}


def test_what_was_made_is_removed_and_nothing_is_left(base: PublicBase, made: Made) -> None:
    assert base.remove_all() == []
    assert set(base.removed) == set(made.values())
    for reference in made.values():
        assert base.read(reference) is None


def test_the_proxy_had_its_way_and_the_run_says_so(base: PublicBase, made: Made, bad_day: FaultyProxy) -> None:
    assert {"429", "HTML", "cut off", "stale", "dirty"} <= set(bad_day.did)
    said = "\n".join(base.told())
    for what in ("429, too many requests", "HTML pages", "stale searches", "entries of strangers", "broken entries"):
        assert f"{what}: {base.saw[what]}" in said
        assert base.saw[what] > 0


def test_the_run_removed_nothing_but_its_own(made: Made, bad_day: FaultyProxy, stranger: str, hapi: str) -> None:
    assert set(bad_day.deleted) == set(made.values())
    assert PublicBase(hapi).read(stranger) is not None


def test_what_the_base_is_too_tired_to_remove_or_to_find_is_told_and_stops_nothing_else(
    hapi: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day so bad that one removal and one search are refused each time."""
    monkeypatch.setattr(public_base, "ATTEMPTS", 4)
    monkeypatch.setattr(public_base, "FIRST_PAUSE_SECONDS", 0.02)
    with faulty_proxy(hapi) as proxy:
        run = PublicBase(proxy.base)
        first, second = (run.create({"resourceType": "Practitioner", "active": True}) for _ in range(2))
        work = run.create(task(first))
        proxy.refuses = {f"DELETE {second}", "GET Task?"}
        search = f"Task?_tag={run.tag}"
        assert run.remove_all() == [f"{run.base}/{second}", f"{run.base}/{search}"]
        assert set(run.removed) == {first, work}
        said = "\n".join(run.told())
        for words in ("2 removed", "removals given up: 2", "searches given up: 1", "left there: 1"):
            assert words in said
        proxy.refuses = set()
        assert run.remove_all() == []
        assert PublicBase(hapi).read(second) is None
