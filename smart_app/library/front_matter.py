"""The front matter of a tutorial: its fields, their rules and messages."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from smart_app.library.field_checks import STATUSES, Fields
from smart_app.library.findings import Findings, did_you_mean
from smart_app.library.vocabulary import ANY_FEATURE, CARE_SETTINGS, ENCOUNTER_CLASSES, ROLES
from smart_app.library.yaml_reading import Located

REQUIRED = (
    "id",
    "title",
    "version",
    "status",
    "workflow",
    "ai_feature",
    "roles",
    "targets",
    "card",
    "drill",
    "minutes",
    "review_by",
    "sources",
)
OPTIONAL = ("questions", "what_changed", "sensitive")
MATCHING = ("task_codes", "intents", "placements")
NARROWING = ("specialties", "encounter_classes", "care_settings")
MOST_CARD = 90


@dataclass(frozen=True)
class Known:
    """What else there is to point at. None: not known here, so it is not checked."""

    today: date = field(default_factory=lambda: datetime.now(UTC).date())
    roles: Collection[str] = tuple(ROLES)
    ai_features: Collection[str] | None = None
    drills: Collection[str] | None = None
    pictures: Collection[str] | None = None


def check_front_matter(fields: Fields, *, name: str, known: Known) -> None:
    """Every rule of the front matter. `name`: the file's name."""
    fields.known_only(REQUIRED + OPTIONAL, REQUIRED)
    _check_id(fields, name)
    fields.text("title", least=5, most=60)
    fields.number("version", least=1)
    fields.one_of("status", STATUSES)
    fields.slug("workflow")
    _check_feature(fields, known)
    fields.roles(known.roles)
    _check_targets(fields)
    _check_card(fields)
    _check_drill(fields, known)
    fields.number("minutes", least=1, most=3, over="At most 3 minutes.")
    fields.review_by(known.today)
    _check_questions(fields)
    _check_what_changed(fields)
    if not isinstance(fields.data.get("sensitive", False), bool):
        fields.wrong("sensitive", "sensitive must be true or false.")


def check_targeting(given: dict[str, Any], found: Findings, known_roles: Collection[str]) -> None:
    """The rules of `roles` and `targets` alone, for targets that come from no file."""
    fields = Fields(Located(given), found)
    fields.roles(known_roles)
    _check_targets(fields)


def _check_id(fields: Fields, name: str) -> None:
    identifier = fields.slug("id")
    if identifier and f"{identifier}.md" != name:
        fields.wrong("id", f'id "{identifier}" must match the file name.', f"Name the file {identifier}.md.")


def _check_feature(fields: Fields, known: Known) -> None:
    feature = fields.slug("ai_feature")
    features = known.ai_features
    if feature and feature != ANY_FEATURE and features is not None and feature not in features:
        fields.wrong("ai_feature", f'No AI feature "{feature}" in the registry.', did_you_mean(feature, list(features)))


def _check_targets(fields: Fields) -> None:
    targets = fields.inside("targets")
    if "targets" not in fields.data:
        return
    targets.known_only((*MATCHING, *NARROWING, "any", "from", "until"), ())
    for name in MATCHING + NARROWING:
        targets.list_of_text(name)
    matching = [name for name in MATCHING if targets.data.get(name)]
    if not matching and targets.data.get("any") is not True:
        fields.wrong("targets", "Targets are all empty:", "say when this should show.")
    if matching and targets.data.get("any"):
        targets.wrong("any", "any: true stands instead of task_codes, intents and placements.", "Keep one of the two.")
    _check_codes(targets)
    _check_span(targets)


def _check_codes(targets: Fields) -> None:
    for index, code in enumerate(targets.list_of_text("task_codes")):
        system, _, word = code.partition("|")
        if not system or not word:
            mend = 'Write "urn:preceptor:task|shift-handoff".'
            targets.wrong(("task_codes", index), f'Task code "{code}" must be "system|code".', mend)
    for index, code in enumerate(targets.list_of_text("encounter_classes")):
        if code not in ENCOUNTER_CLASSES:
            wrong = f'Encounter class "{code}" is not in v3-ActCode.'
            targets.wrong(("encounter_classes", index), wrong, did_you_mean(code, list(ENCOUNTER_CLASSES)))
    for index, setting in enumerate(targets.list_of_text("care_settings")):
        if setting not in CARE_SETTINGS:
            mend = did_you_mean(setting, list(CARE_SETTINGS))
            targets.wrong(("care_settings", index), f'Care setting "{setting}" is not known.', mend)


def _check_span(targets: Fields) -> None:
    days = {name: targets.data[name] for name in ("from", "until") if targets.data.get(name) is not None}
    for name, day in days.items():
        if type(day) is not date:
            targets.wrong(name, f"{name} must be a date.", "Write it as 2027-05-22.")
            return
    if len(days) == 2 and days["from"] > days["until"]:
        targets.wrong("until", "until is before from.", "Swap them.")


def _check_card(fields: Fields) -> None:
    card = fields.data.get("card")
    if isinstance(card, str) and len(card) > MOST_CARD:
        fields.wrong("card", f"The card's line has {len(card)} characters; {MOST_CARD} at most.", "Cut it.")
    else:
        fields.text("card", most=MOST_CARD)


def _check_drill(fields: Fields, known: Known) -> None:
    drill = fields.data.get("drill")
    if drill is None:
        return
    if known.drills is not None and str(drill) not in known.drills:
        fields.wrong("drill", f'No drill "{drill}".', "Write drill: null while there is none.")


def _check_questions(fields: Fields) -> None:
    if fields.data.get("questions") is None:
        return
    questions = fields.list_of_fields("questions")
    if len(questions) < 3:
        fields.wrong(
            "questions", f"There are {len(questions)} of 3 questions.", f"Add a question: {len(questions)} of 3."
        )
    if len(questions) > 3:
        fields.wrong("questions", f"There are {len(questions)} questions; 3 exactly.", "Take one out.")
    for question in questions:
        _check_question(question)


def _check_question(question: Fields) -> None:
    question.known_only(("text", "choices", "answer", "why"), ("text", "choices", "answer", "why"))
    question.text("text", most=200)
    question.text("why", most=200)
    choices = question.list_of_text("choices")
    if choices and not 2 <= len(choices) <= 4:
        question.wrong("choices", f"A question has 2 to 4 choices; here are {len(choices)}.")
    if choices and question.data.get("answer") not in choices:
        question.wrong("answer", "The answer is not among the choices.", "Copy one choice, word for word.")


def _check_what_changed(fields: Fields) -> None:
    version, changed = fields.data.get("version"), fields.data.get("what_changed")
    if isinstance(version, int) and version > 1 and not changed:
        fields.wrong("version", f"Version {version} must say what changed.", "Add what_changed.")
    elif version == 1 and changed is not None:
        fields.wrong("what_changed", "Version 1 has nothing before it.", "Write what_changed: null.")
    elif changed is not None:
        fields.text("what_changed", most=300)
