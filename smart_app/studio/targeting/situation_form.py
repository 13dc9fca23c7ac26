"""Somebody and their open work, as a form's query says it: for *preview as* and *why did it (not) show?*."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from werkzeug.datastructures import MultiDict

from smart_app.library import vocabulary as words
from smart_app.library.situation import Situation
from smart_app.studio.targeting.surroundings import Surroundings
from smart_app.studio.targeting.target_list import Option

_LONGEST = 350


@dataclass(frozen=True)
class Select:
    """A choice of the form."""

    name: str
    label: str
    none: str
    """Words for not choosing."""
    options: tuple[Option, ...]
    chosen: str


def situation_of(asked: MultiDict[str, str], around: Surroundings, today: date) -> Situation:
    """What the query says; unknown words are left out."""
    known = {role.id: role.title for role in around.roles}
    role, other = (_word(asked, name) for name in ("role", "second_role"))
    roles = tuple(dict.fromkeys(each for each in (role, other) if each in known))
    task = _code(_word(asked, "task"))
    specialty = _code(_word(asked, "specialty"), system="")
    return Situation(
        today=today,
        job_roles=roles,
        role_titles={each: known[each] for each in roles},
        specialties=frozenset({specialty} if specialty else ()),
        task_open=task is not None,
        task_codes=frozenset({task} if task else ()),
        intent=_word(asked, "intent") or None,
        placement=_word(asked, "placement") or None,
        encounter_class=_known(_word(asked, "encounter_class"), words.ENCOUNTER_CLASSES),
        care_setting=_known(_word(asked, "care_setting"), words.CARE_SETTINGS),
    )


def selects(asked: MultiDict[str, str], around: Surroundings) -> tuple[Select, ...]:
    """The form, with what was chosen."""
    roles = tuple(Option(role.id, role.title) for role in around.roles)
    work = tuple(Option(word, said.work[:1].upper() + said.work[1:]) for word, said in words.WORK.items())
    return (
        _select(asked, "role", "Job role", "No role known", roles),
        _select(asked, "second_role", "Second role", "None", roles),
        _select(asked, "task", "Open task", "No task open", work),
        _select(asked, "intent", "Opened for (intent)", "Not said", work),
        _select(asked, "placement", "Place in the EHR", "Not said", _options(words.PLACEMENTS)),
        _select(asked, "encounter_class", "Encounter", "Not said", _options(words.ENCOUNTER_CLASSES)),
        _select(asked, "care_setting", "Care setting", "As the encounter says", _options(words.CARE_SETTINGS)),
    )


def _options(known: Mapping[str, str]) -> tuple[Option, ...]:
    return tuple(Option(value, said[:1].upper() + said[1:]) for value, said in known.items())


def _select(asked: MultiDict[str, str], name: str, label: str, none: str, options: tuple[Option, ...]) -> Select:
    chosen = _word(asked, name)
    if chosen and chosen not in {option.value for option in options}:
        options = (*options, Option(chosen, chosen))
    return Select(name, label, none, options, chosen)


def _word(asked: MultiDict[str, str], name: str) -> str:
    return asked.get(name, "").strip()[:_LONGEST]


def _known(word: str, known: Mapping[str, str]) -> str | None:
    return word if word in known else None


def _code(word: str, system: str = words.TASK_SYSTEM) -> str | None:
    """ "system|code" as it is; a word alone in our own system."""
    if not word:
        return None
    return word if "|" in word or not system else f"{system}|{word}"
