"""Which Task is open: the rules in their order, and what they never do."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from smart_app.fhir.facts import TaskFacts
from smart_app.visits.task_context import TaskContext, frequent_codes, what_is_open
from smart_app.visits.task_titles import find_title

SYSTEM = "urn:preceptor:task"


def task(code: str = "shift-handoff", encounter: str | None = None, status: str = "requested") -> TaskFacts:
    return TaskFacts(id=f"{code}-{encounter}", status=status, codes=((SYSTEM, code),), encounter=encounter)


def open_task(**said: Any) -> TaskContext:
    given_or_empty: dict[str, Any] = {"context_tasks": (), "own_tasks": (), "encounter": None, "app_context": {}}
    return what_is_open(**{**given_or_empty, **said})


def test_a_task_that_the_launch_names_is_open() -> None:
    found = open_task(context_tasks=[task("session-note")], own_tasks=[task("chart-review", "e")], encounter="e")
    assert (found.task_open, found.codes, found.source) == (True, (f"{SYSTEM}|session-note",), "launch")


def test_of_several_named_tasks_the_first_is_open() -> None:
    assert open_task(context_tasks=[task("session-note"), task("chart-review")]).codes == (f"{SYSTEM}|session-note",)


def test_a_named_task_that_was_entered_in_error_is_not_open() -> None:
    assert open_task(context_tasks=[task(status="entered-in-error")]).task_open is False


def test_a_code_in_app_context_is_open() -> None:
    found = open_task(app_context={"task": f"{SYSTEM}|session-note"}, own_tasks=[task("chart-review", "e")])
    assert (found.codes, found.source) == ((f"{SYSTEM}|session-note",), "appContext")


def test_an_own_task_of_the_launch_encounter_is_open() -> None:
    found = open_task(own_tasks=[task("chart-review", "other"), task("session-note", "e")], encounter="e")
    assert (found.codes, found.source) == ((f"{SYSTEM}|session-note",), "encounter")


def test_of_several_the_one_in_progress_is_open() -> None:
    own = [task("chart-review", "e"), task("session-note", "e", "in-progress")]
    assert open_task(own_tasks=own, encounter="e").codes == (f"{SYSTEM}|session-note",)


def test_tasks_of_other_encounters_are_never_open() -> None:
    found = open_task(own_tasks=[task("chart-review", "other"), task("session-note")], encounter="e")
    assert (found.task_open, found.codes) == (False, ())
    assert found.frequent_codes == (f"{SYSTEM}|chart-review", f"{SYSTEM}|session-note")


def test_without_a_launch_encounter_no_own_task_is_open() -> None:
    assert open_task(own_tasks=[task("chart-review")], encounter=None).task_open is False


def test_the_most_frequent_code_comes_first() -> None:
    assert frequent_codes([task("a"), task("b"), task("b")]) == (f"{SYSTEM}|b", f"{SYSTEM}|a")


def test_free_text_where_a_code_belongs_is_dropped() -> None:
    named = TaskFacts(id="t", status="requested", codes=((SYSTEM, "call Amara Obi back"), (SYSTEM, "session-note")))
    assert open_task(context_tasks=[named]).codes == (f"{SYSTEM}|session-note",)
    assert open_task(app_context={"task": f"{SYSTEM}|call Amara Obi"}).codes == ()


def test_titles_come_from_codes_alone() -> None:
    assert find_title(["other|x", f"{SYSTEM}|session-note"]) == "Session note"
    assert find_title(["other|x"]) is None


tasks = st.builds(
    task, st.sampled_from("abc"), st.sampled_from([None, "e", "f"]), st.sampled_from(["requested", "draft"])
)


@given(st.lists(tasks, max_size=5), st.lists(tasks, max_size=5), st.sampled_from([None, "e", "f", "g"]))
def test_what_is_open_was_named_or_is_of_the_launch_encounter(
    named: list[TaskFacts], own: list[TaskFacts], encounter: str | None
) -> None:
    found = open_task(context_tasks=named, own_tasks=own, encounter=encounter)
    of_encounter = [t for t in own if encounter is not None and t.encounter == encounter]
    allowed = {f"{s}|{c}" for t in (named[:1] or of_encounter) for s, c in t.codes}
    assert set(found.codes) <= allowed
    assert found.task_open == bool(named or of_encounter)
