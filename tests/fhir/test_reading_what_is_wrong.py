"""Answers that are JSON and yet not what was asked for, or not all of it: named, never taken for "nothing found"."""

from collections.abc import Iterator

import pytest

from launch.sandbox.ehr import SandboxEhr
from launch.sandbox.faults import Fault
from launch.sandbox.identity import SigningKeys
from launch.sandbox.server import running_sandbox
from smart_app.fhir.facts import Findings
from smart_app.fhir.reading import read_person_and_task
from smart_app.fhir.server import MOST_ENTRIES
from tests.ehr.hospital import EHR_KEYS
from tests.fhir.records import practitioner, role, task
from tests.hapi.sandbox import CLIENT, launch

READS = "/fhir/[A-Z]*"


@pytest.fixture
def ehr() -> Iterator[SandboxEhr]:
    """A nurse with a role and three tasks."""
    tasks = [task(f"t-{number}", "Practitioner/prac-1") for number in range(3)]
    held = [practitioner("prac-1"), role("role-1", "prac-1"), *tasks]
    with running_sandbox(resources=held, clients=[CLIENT], keys=SigningKeys(EHR_KEYS)) as running:
        yield running


def read(ehr: SandboxEhr, **fault: object) -> Findings:
    """What a launch reads with this fault in the way."""
    if fault:
        ehr.faults.add(Fault(**{"path": READS, **fault}))  # type: ignore[arg-type]
    return launch(ehr.base_url, read_person_and_task, person="prac-1")


def test_without_a_fault_all_is_there(ehr: SandboxEhr) -> None:
    found = read(ehr)
    assert (len(found.roles), len(found.own_tasks), found.missing) == (1, 3, ())


def test_another_resource_is_not_nothing_found(ehr: SandboxEhr) -> None:
    found = read(ehr, kind="wrong type")
    assert sorted(found.missing) == [
        "Practitioner: the answer is not a Practitioner",
        "roles: the answer is not a Bundle",
        "tasks: the answer is not a Bundle",
    ]


def test_a_broken_entry_hides_no_other(ehr: SandboxEhr) -> None:
    found = read(ehr, kind="broken entry")
    assert (len(found.roles), len(found.own_tasks), found.missing) == (1, 3, ())


def test_of_a_thousand_tasks_the_first_are_taken_and_it_says_so(ehr: SandboxEhr) -> None:
    found = read(ehr, kind="many entries", entries=1000, path="/fhir/Task")
    assert 0 < len(found.own_tasks) <= MOST_ENTRIES
    assert found.missing == (f"tasks: only the first {MOST_ENTRIES} entries were looked at",)


def test_twenty_thousand_are_too_much_and_the_rest_is_read(ehr: SandboxEhr) -> None:
    found = read(ehr, kind="many entries", path="/fhir/Task")
    assert len(found.roles) == 1
    assert {text.partition(":")[0] for text in found.missing} == {"tasks", "tasks of the role"}


def test_a_page_that_does_not_come_costs_what_is_on_it(ehr: SandboxEhr) -> None:
    ehr.behaviour.page_size = 2
    ehr.source.search = _without_count(ehr.source.search)  # type: ignore[method-assign, attr-defined]
    ehr.faults.add(Fault(path="/fhir/Task", kind="status", status=500))
    ehr.faults.add(
        Fault(path="/fhir/Task", kind="slow", seconds=0, times=1)
    )  # the newest fault wins: the first page comes
    found = read(ehr)
    assert len(found.own_tasks) == 2
    assert found.missing == ("tasks: later pages were not read (HTTP 500)",)


def test_a_later_page_of_another_kind_is_named_too(ehr: SandboxEhr) -> None:
    ehr.behaviour.page_size = 2
    ehr.source.search = _without_count(ehr.source.search)  # type: ignore[method-assign, attr-defined]
    ehr.faults.add(Fault(path="/fhir/Task", kind="wrong type"))
    ehr.faults.add(Fault(path="/fhir/Task", kind="slow", seconds=0, times=1))
    found = read(ehr)
    assert found.missing == ("tasks: later pages were not read (the answer is not a Bundle)",)


def _without_count(search):  # type: ignore[no-untyped-def]
    """An EHR that ignores `_count` and pages as it likes."""

    def paged(kind, parameters, *, page_size=20):  # type: ignore[no-untyped-def]
        return search(kind, [(n, v) for n, v in parameters if n != "_count"], page_size=page_size)

    return paged
