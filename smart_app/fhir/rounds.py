"""One round of reads: sent together and waited for in one thread; what needs more of the network goes on in others."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from launch.context import LaunchContext
from launch.fhir_session import FhirReadError, FhirSession
from launch.report import LaunchReport
from smart_app.fhir.server import FhirReader

# Threads, not processes: reads wait for the network. Shared by all launches of this worker.
_POOL = ThreadPoolExecutor(max_workers=64, thread_name_prefix="fhir")


@dataclass(frozen=True)
class Read:
    """One read: where, relative to the FHIR base, and what is made of it."""

    path: str
    get: Callable[[FhirReader, str], Any]


@dataclass(frozen=True)
class Round:
    """What one round gave: by name, without those that failed; and which failed."""

    found: Mapping[str, Any]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class _Got:
    value: Any
    why: str | None
    """Why it is not all."""


@dataclass(frozen=True)
class _NotRead:
    why: str


def read_round(
    context: LaunchContext,
    reads: Mapping[str, Read],
    *,
    until: float,
    meanwhile: Callable[[], None] = lambda: None,
) -> Round:
    """Side by side; ends at `until` even where a read does not."""
    if not reads:
        return Round({}, ())
    began = time.monotonic()
    paths = [read.path for read in reads.values()]
    took = context.fhir.ask_all(paths, deadline=until - began, meanwhile=meanwhile)
    running = {
        name: _POOL.submit(_aside, context.fhir, name, read, until)
        for name, read in reads.items()
        if read.path not in took
    }
    results: dict[str, _Got | _NotRead] = {
        name: _one(context.fhir, context.report, name, read, until, took[read.path])
        for name, read in reads.items()
        if name not in running
    }
    if running:
        wait(running.values(), timeout=max(0.0, until - time.monotonic()))
    results |= {name: _of_thread(context.report, name, future, began) for name, future in running.items()}
    missing = tuple(f"{name}: {got.why}" for name, got in results.items() if got.why)
    return Round({name: got.value for name, got in results.items() if isinstance(got, _Got)}, missing)


def _aside(fhir: FhirSession, name: str, read: Read, until: float) -> tuple[_Got | _NotRead, LaunchReport]:
    """In a thread that may end too late: its step is told to a report of its own."""
    report = LaunchReport()
    return _one(fhir, report, name, read, until), report


def _of_thread(
    report: LaunchReport, name: str, future: "Future[tuple[_Got | _NotRead, LaunchReport]]", began: float
) -> _Got | _NotRead:
    """What a thread read; nothing where it is still at it."""
    if future.done():
        got, told = future.result()
        report.include(told.steps)
        return got
    late = _NotRead("no answer in time")
    with report.step(f"read {name}", seconds_before=time.monotonic() - began) as step:
        step.failed(late.why)
    return late


def _one(
    fhir: FhirSession, report: LaunchReport, name: str, read: Read, until: float, seconds: float = 0.0
) -> _Got | _NotRead:
    """`seconds`: what its answer took that is here already."""
    reader = FhirReader(fhir, until=until)
    with report.step(f"read {name}", seconds_before=seconds) as step:
        try:
            got = _Got(read.get(reader, read.path), reader.left_out)
            if got.why:
                step.fell_back(got.why)
            return got
        except FhirReadError as error:
            step.failed(str(error) or type(error).__name__)
            return _NotRead(str(error) or type(error).__name__)
