"""The form of a tutorial's targets: what it offers, and what it sends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from smart_app.library import vocabulary as words
from smart_app.library.own_targets import Targets
from smart_app.library.situation import Target
from smart_app.studio.targeting.surroundings import Surroundings
from smart_app.visits.codes_facts import StaffCodes

_LISTS = ("task_codes", "intents", "placements", "specialties", "encounter_classes", "care_settings")
_LONGEST = 4000
"""Characters of a box for other codes."""


@dataclass(frozen=True)
class Box:
    """A box to tick."""

    value: str
    words: str
    ticked: bool
    note: str = ""


@dataclass(frozen=True)
class Boxes:
    """One question of the form: known values as boxes, others one a line."""

    name: str
    legend: str
    hint: str
    boxes: tuple[Box, ...]
    others: str = ""
    others_words: str = ""
    """Label of the box for others; empty: there are none."""


def as_given(form: MultiDict[str, str]) -> Targets:
    """What the form sends; checked by the rules of a file when it is saved."""
    lists = {name: values_of(form, name) for name in _LISTS}
    days = {name: form.get(name, "").strip()[:10] for name in ("from", "until")}
    any_work = form.get("when") == "any"
    if any_work:
        lists |= {"task_codes": [], "intents": [], "placements": []}
    return Targets(tuple(form.getlist("roles")), {**lists, **days, "any": any_work})


def of_target(target: Target) -> Targets:
    """What holds now, as the form has it."""
    lists: dict[str, Any] = {name: sorted(getattr(target, name)) for name in _LISTS}
    days = {"from": str(target.starts or ""), "until": str(target.until or "")}
    return Targets(tuple(sorted(target.roles)), {**lists, **days, "any": target.any})


def questions(given: Targets, around: Surroundings, seen: Iterable[StaffCodes]) -> tuple[Boxes, ...]:
    """The questions about what is open and where."""
    of = {name: list(given.targets.get(name) or ()) for name in _LISTS}
    tasks = {f"{words.TASK_SYSTEM}|{word}": f"{_title(work.work)}" for word, work in words.WORK.items()}
    intents = {word: _title(work.work) for word, work in words.WORK.items()}
    places = {place: _title(said) for place, said in words.PLACEMENTS.items()}
    classes = {code: _title(said) for code, said in words.ENCOUNTER_CLASSES.items()}
    settings = {code: _title(said) for code, said in words.CARE_SETTINGS.items()}
    return (
        _boxes("task_codes", "An open task of this kind", "", tasks, of, "Other codes, one a line: system|code"),
        _boxes("intents", "Preceptor was opened for", "The launch's intent.", intents, of, "Other words, one a line"),
        _boxes(
            "placements", "Place in the EHR", "Where its sidebar was opened.", places, of, "Other places, one a line"
        ),
        _specialties(of, around, seen),
        _boxes("encounter_classes", "Class of the encounter", _NARROWS, classes, of),
        _boxes("care_settings", "Care setting", _NARROWS, settings, of),
    )


_NARROWS = "None ticked: any. What the EHR does not say excludes nothing."


def role_boxes(given: Targets, around: Surroundings, people: Mapping[str, int]) -> tuple[Box, ...]:
    """All job roles and everyone, each with its people; roles that are not there any more last."""
    titles = {words.EVERYONE: "Everyone", **{role.id: role.title for role in around.roles}}
    gone = {role: f"{role} (no job role here)" for role in given.roles if role not in titles}
    return tuple(
        Box(role, title, role in given.roles, "" if role == words.EVERYONE else _people(people.get(role, 0)))
        for role, title in {**titles, **gone}.items()
    )


def people_by_role(around: Surroundings) -> dict[str, int]:
    """How many people each job role has."""
    found: dict[str, int] = {}
    for group in around.people:
        for role in group.job_roles:
            found[role] = found.get(role, 0) + group.people
    return found


def _specialties(of: Mapping[str, list[str]], around: Surroundings, seen: Iterable[StaffCodes]) -> Boxes:
    counted: dict[str, int] = {}
    for group in seen:
        for code in {f"{system}|{code}" for role in group.roles for system, code in role.specialties}:
            counted[code] = counted.get(code, 0) + group.people
    shown = sorted(counted, key=lambda code: (-counted[code], code))[:40]
    known = {code: around.names.code(code) for code in (*shown, *(c for c in of["specialties"] if c in around.codes))}
    boxes = tuple(
        Box(code, said, code in of["specialties"], _people(counted.get(code, 0))) for code, said in known.items()
    )
    others = "\n".join(code for code in of["specialties"] if code not in known)
    hint = "Those with which people came here. None ticked: any."
    return Boxes("specialties", "Specialty", hint, boxes, others, "Other codes, one a line: system|code")


def _boxes(
    name: str, legend: str, hint: str, known: Mapping[str, str], of: Mapping[str, list[str]], others: str = ""
) -> Boxes:
    boxes = tuple(Box(value, said, value in of[name]) for value, said in known.items())
    rest = [value for value in of[name] if value not in known]
    if rest and not others:
        others = "Others, one a line"
    return Boxes(name, legend, hint, boxes, "\n".join(rest), others)


def values_of(form: MultiDict[str, str], name: str) -> list[str]:
    """What the boxes and the lines of one question say, each once."""
    lines = form.get(f"other_{name}", "")[:_LONGEST].splitlines()
    return list(dict.fromkeys(value.strip() for value in (*form.getlist(name), *lines) if value.strip()))


def _people(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"


def _title(said: str) -> str:
    for article in ("a ", "an ", "in the ", "on the ", "in "):
        said = said.removeprefix(article)
    return said[:1].upper() + said[1:]
