"""*When it shows*: what the editor's form says of a draft's targets. Nothing is judged here. Pure.

A tick of work stands for our own code of the task and for the intent of the same word; `by` says which of the two
count. Codes of others, places, and what narrows stand below, as the file has them.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from smart_app.library.vocabulary import TASK_SYSTEM, WORK

MORE = "when_more"
"""A field that says that the form shows what stands below the work: a page that does not, changes none of it."""
BOTH, TASK, INTENT, AS_IT_IS = "both", "task", "intent", "as-it-is"
BY_WORDS: Mapping[str, str] = {
    BOTH: "By an open task, or by what Preceptor was opened for (the launch's intent)",
    TASK: "By an open task alone",
    INTENT: "By what Preceptor was opened for alone",
    AS_IT_IS: "As it is: some work by one of the two, some by both",
}
_LISTS = ("placements", "specialties", "encounter_classes", "care_settings")
_OURS = f"{TASK_SYSTEM}|"


def work_of(targets: Mapping[str, Any]) -> frozenset[str]:
    """The kinds of work that are ticked: our own task codes and intents."""
    return frozenset((*_our_tasks(targets), *_our_intents(targets)))


def work_by(targets: Mapping[str, Any]) -> str:
    """By which of the two the work is found now."""
    tasks, intents = set(_our_tasks(targets)), set(_our_intents(targets))
    if tasks == intents:
        return BOTH
    return TASK if not intents else INTENT if not tasks else AS_IT_IS


def with_work(
    targets: Mapping[str, Any], chosen: Iterable[str], *, any_work: bool, by: str = AS_IT_IS
) -> dict[str, Any]:
    """The targets with this work and no other of ours; foreign codes, placements and dates stay."""
    words = [word for word in WORK if word in set(chosen)]
    new = [word for word in words if word not in work_of(targets)]
    tasks = {BOTH: words, TASK: words, INTENT: []}.get(by, [*_kept(_our_tasks(targets), words), *new])
    intents = {BOTH: words, TASK: [], INTENT: words}.get(by, [*_kept(_our_intents(targets), words), *new])
    held = targets.get("task_codes", ()), targets.get("intents", ())
    foreign = [code for code in held[0] if code.removeprefix(_OURS) not in WORK]
    others = [word for word in held[1] if word not in WORK]
    changed = {
        **targets,
        "task_codes": in_order(held[0], [*foreign, *(_code(word, held[0]) for word in tasks)]),
        "intents": in_order(held[1], [*others, *intents]),
        "any": any_work,
    }
    return {name: value for name, value in changed.items() if value}


def with_more(
    targets: Mapping[str, Any], given: Mapping[str, Collection[str]], days: Mapping[str, str]
) -> dict[str, Any]:
    """The targets with what the form says below the work. Tasks and intents of ours are the work's: they stay."""
    lists = {name: in_order(targets.get(name, ()), given.get(name, ())) for name in _LISTS}
    ours = {"task_codes": {*WORK, *(f"{_OURS}{word}" for word in WORK)}, "intents": {*WORK}}
    for name, words in ours.items():
        held = targets.get(name, ())
        lists[name] = in_order(held, [*_kept(held, words), *given.get(name, ())])
    changed = {**targets, **lists, **{name: days.get(name, "") for name in ("from", "until")}}
    return {name: value for name, value in changed.items() if value}


def in_order(before: Iterable[str], given: Iterable[str]) -> list[str]:
    """What is given, each once: first what was there, in its order, so that a save of the same changes nothing."""
    wanted = list(dict.fromkeys(given))
    held = list(dict.fromkeys(before))
    return [*_kept(held, wanted), *(value for value in wanted if value not in held)]


def _our_tasks(targets: Mapping[str, Any]) -> list[str]:
    codes = (str(code).removeprefix(_OURS) for code in targets.get("task_codes", ()))
    return [word for word in codes if word in WORK]


def _our_intents(targets: Mapping[str, Any]) -> list[str]:
    return [word for word in targets.get("intents", ()) if word in WORK]


def _code(word: str, held: Collection[str]) -> str:
    return word if word in held else f"{_OURS}{word}"


def _kept(held: Iterable[str], wanted: Collection[str]) -> list[str]:
    return [value for value in held if value in wanted]
