"""A draft's targets in words: for the editor, and side by side in review. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from smart_app.library import vocabulary as words
from smart_app.library.vocabulary import TASK_SYSTEM


class Kind(NamedTuple):
    """A list of the targets."""

    heading: str
    before: str
    """The word before its values in a sentence."""
    known: Mapping[str, str]


_WORK = {word: said.work for word, said in words.WORK.items()}
_TASKS = {f"{TASK_SYSTEM}|{word}": said for word, said in _WORK.items()}
_LISTS: Mapping[str, Kind] = {
    "task_codes": Kind("When a task is open", "or for a task", _TASKS),
    "intents": Kind("When Preceptor is opened for", "or opened for", _WORK),
    "placements": Kind("Place in the EHR", "or", words.PLACEMENTS),
    "specialties": Kind("Specialty", "in the specialty", {}),
    "encounter_classes": Kind("Class of the encounter", "in", words.ENCOUNTER_CLASSES),
    "care_settings": Kind("Care setting", "in", words.CARE_SETTINGS),
}


def lines_of(targets: Mapping[str, Any]) -> list[str]:
    """A line for each target that is given, in the order of the form; codes without words as they are."""
    given = [(kind, targets[name]) for name, kind in _LISTS.items() if targets.get(name)]
    lines = [f"{kind.heading}: {', '.join(_said(values, kind))}" for kind, values in given]
    lines += ["Any work: yes"] if targets.get("any") else []
    return lines + [f"{name.capitalize()}: {targets[name]}" for name in ("from", "until") if targets.get(name)]


def beyond_the_work(targets: Mapping[str, Any]) -> str:
    """What else brings or narrows it, beside the work that is ticked; "" for nothing."""
    said = []
    for name, kind in _LISTS.items():
        ticked = kind.known if name in ("task_codes", "intents") else ()
        values = [value for value in targets.get(name, ()) if value not in ticked]
        if values:
            said.append(f"{kind.before} {words.in_words(_said(values, kind), 'or')}")
    return "; ".join(said + [f"{name} {targets[name]}" for name in ("from", "until") if targets.get(name)])


def _said(values: Any, kind: Kind) -> list[str]:
    return [kind.known.get(value, value) for value in map(str, values)]
