"""The launch report: what happened in one launch, step by step, for the EHR analyst.

It holds names of steps, times, and what was missing. No token, no code, no state,
no patient data, no person's name.
"""

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from launch.documents import now
from launch.errors import LaunchError, printable
from launch.stores import Registration, ReportRecord

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O or U to misread


def new_reference() -> str:
    """A reference that can be read out on the telephone: "7F3K-92QD", 40 bits."""
    letters = [secrets.choice(_ALPHABET) for _ in range(8)]
    return f"{''.join(letters[:4])}-{''.join(letters[4:])}"


class Step:
    """One step under way; mark it where a fallback was taken."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.outcome = "ok"
        self.detail: str | None = None

    def fell_back(self, detail: str) -> None:
        """The step went on another way; `detail` says which."""
        self.outcome, self.detail = "fell back", printable(detail)

    def failed(self, detail: str) -> None:
        """The step gave nothing, and the launch goes on without it."""
        self.outcome, self.detail = "failed", printable(detail)


class LaunchReport:
    """Collects the steps of one launch; several threads may add steps at once."""

    def __init__(
        self,
        *,
        reference: str | None = None,
        earlier: tuple[Mapping[str, Any], ...] = (),
        started_at: datetime | None = None,
    ) -> None:
        """`earlier`: the steps before the browser went to the EHR, from the launch transaction."""
        self.reference = reference or new_reference()
        self.registration: Registration | None = None
        self.started_at = started_at or now()
        self._earlier = earlier
        self._steps: list[Mapping[str, Any]] = []
        self._missing: list[str] = []
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        """How long this request has been working on the launch."""
        return time.perf_counter() - self._began

    @property
    def steps(self) -> tuple[Mapping[str, Any], ...]:
        """All steps so far: {name, outcome, milliseconds, detail?}."""
        return (*self._earlier, *self._steps)

    def resume(self, *, reference: str, earlier: tuple[Mapping[str, Any], ...], started_at: datetime) -> None:
        """Go on with a launch whose first half another request did."""
        self.reference, self._earlier, self.started_at = reference, earlier, started_at

    @contextmanager
    def step(self, name: str, *, seconds_before: float = 0.0) -> Iterator[Step]:
        """Time a step. An exception marks it as failed and goes on its way.

        `seconds_before`: what of it was done before, with other steps.
        """
        step, began, failed = Step(name), time.perf_counter() - seconds_before, True
        try:
            yield step
            failed = False
        except LaunchError as err:
            step.detail = err.reason
            raise
        finally:
            if failed:
                step.outcome = "failed"
            self._steps.append(_as_entry(step, round((time.perf_counter() - began) * 1000)))

    def include(self, steps: tuple[Mapping[str, Any], ...]) -> None:
        """Steps that were timed in a report of their own, since they might have ended too late for this one."""
        self._steps.extend(steps)

    def note_missing(self, text: str) -> None:
        """Something was not granted or not given; `text` says what, and the fallback taken."""
        self._missing.append(printable(text))

    def finish(self, error: LaunchError | None = None) -> ReportRecord:
        """The record to keep. `error`: what ended the launch; None where it succeeded."""
        return self._record("failed" if error else "launched", type(error).__name__ if error else None, error)

    def finish_with_fault(self) -> ReportRecord:
        """The record of a launch that a fault of the app itself ended."""
        return self._record("failed", "Fault", None)

    def _record(self, outcome: Any, name: str | None, error: LaunchError | None) -> ReportRecord:
        registration = self.registration
        here = round(self.seconds * 1000)
        return ReportRecord(
            reference=self.reference,
            organization=registration.organization if registration else None,
            registration_id=registration.id if registration else None,
            ehr_name=registration.name if registration else None,
            outcome=outcome,
            error=name,
            reason=error.reason if error else None,
            steps=self.steps,
            missing=tuple(self._missing),
            started_at=self.started_at,
            milliseconds=here + sum(int(step["milliseconds"]) for step in self._earlier),
        )


def _as_entry(step: Step, milliseconds: int) -> Mapping[str, Any]:
    entry: dict[str, Any] = {"name": step.name, "outcome": step.outcome, "milliseconds": milliseconds}
    if step.detail:
        entry["detail"] = step.detail
    return entry
