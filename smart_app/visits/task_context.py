"""Which Task is open. Pure. The patient plays no part in it.

1. a Task that the launch names: in fhirContext, then appContext.task;
2. an active Task of this person (or of a role of theirs) whose encounter is the launch encounter;
3. otherwise no Task is open: what this person's active Tasks are about is what they *often do*,
   never what is open.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from smart_app.fhir.facts import TaskFacts
from smart_app.ledger.event import recordable_task_codes

Source = Literal["launch", "appContext", "encounter"]


@dataclass(frozen=True)
class TaskContext:
    """What is open, in codes ("system|code")."""

    task_open: bool
    codes: tuple[str, ...]
    frequent_codes: tuple[str, ...]
    """Of this person's active Tasks, the most frequent first."""
    source: Source | None = None


def what_is_open(
    *,
    context_tasks: Sequence[TaskFacts],
    own_tasks: Sequence[TaskFacts],
    encounter: str | None,
    app_context: Mapping[str, Any],
) -> TaskContext:
    """The open Task's codes, by the first rule that finds one."""
    often = frequent_codes(own_tasks)
    named = [task for task in context_tasks if task.status != "entered-in-error"]
    if named:
        # The first that the launch names is the one on the screen; later ones are beside it.
        return TaskContext(True, _codes(named[:1]), often, "launch")
    said = _code_of(app_context)
    if said:
        return TaskContext(True, said, often, "appContext")
    here = [task for task in own_tasks if encounter is not None and task.encounter == encounter]
    if here:
        return TaskContext(True, _codes(_under_way(here)), often, "encounter")
    return TaskContext(False, (), often)


def frequent_codes(tasks: Iterable[TaskFacts]) -> tuple[str, ...]:
    """Codes of the tasks, the most frequent first; of equals the one met first."""
    counted = Counter(code for task in tasks for code in _codes([task]))
    return tuple(code for code, _ in counted.most_common())


def _under_way(tasks: list[TaskFacts]) -> list[TaskFacts]:
    """Those in progress, where some are; else all."""
    return [task for task in tasks if task.status == "in-progress"] or tasks


def _codes(tasks: Iterable[TaskFacts]) -> tuple[str, ...]:
    written = (f"{system}|{code}" for task in tasks for system, code in task.codes)
    # Some EHRs write free text where a code belongs; such codes are dropped here.
    return recordable_task_codes(tuple(dict.fromkeys(written)))


def _code_of(app_context: Mapping[str, Any]) -> tuple[str, ...]:
    """appContext.task where it is a code ("system|code") and not a reference."""
    said = app_context.get("task")
    return recordable_task_codes((said,)) if isinstance(said, str) and "|" in said else ()
