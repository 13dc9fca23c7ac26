"""The files beside the tutorials: AI features, sources, and what one organization fills in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from smart_app.library.evidence_rule import RuleRefused, checked_rule
from smart_app.library.field_checks import Fields
from smart_app.library.findings import Findings
from smart_app.library.source_entry import check_source
from smart_app.library.yaml_reading import YamlRefused, read_yaml

AI_FEATURES, SOURCES = "ai_features.yaml", "sources.yaml"
LOCAL, PICTURE_LIST = "local.yaml", "pictures.yaml"
FEATURE_STATUSES = ("pilot", "live", "paused")
ALL_TUTORIALS = "all"
MOST_SLOT_VALUE = 300
_FEATURE = ("id", "name", "version", "status", "launch_link", "sensitive")
MODEL_CARD = ("intended_use", "known_limits", "data_sent", "retention", "local_validation", "contact")
"""Facts that the organization and the vendor state of an AI feature; null or left out: not stated yet."""
ABOUT_STAFF = (
    "vendor",
    "available_roles",
    "available_units",
    "available_since",
    "states",
    "policy_link",
    "verify_card",
    "evidence_rule",
)
"""Who has it and under which rules; a file that leaves one out says nothing of it."""
MOST_FACT = 500
MOST_CHANGED = 300
_LAUNCH_LINK = re.compile(r"(?:https://[^/\s]|http://(?:localhost|127\.0\.0\.1)(?::\d+)?/)[^\s<>\"']*")


@dataclass(frozen=True)
class LocalFile:
    """What one organization fills in: slots, and the facts of its AI features."""

    slots: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Tutorial, or "all" -> slot text -> value."""
    ai_features: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Feature -> fields that stand instead of those of ai_features.yaml."""
    sensitive: Mapping[str, Any] = field(default_factory=dict)
    """`organization` (true or false) and `job_roles`: whose work leaves neither the task nor the hour."""

    targets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Tutorial -> `roles` and `targets` that stand here instead of those of its file."""

    def value(self, tutorial: str, slot: str) -> str | None:
        """What fills this slot; the tutorial's own value goes before the one for all."""
        for place in (tutorial, ALL_TUTORIALS):
            if slot in self.slots.get(place, {}):
                return self.slots[place][slot]
        return None


def read_ai_features(text: str, found: Findings) -> list[dict[str, Any]]:
    """Entries of ai_features.yaml; faults go to `found`."""
    return _read_list(text, found, kind="ai-features", name="features", check=_check_feature)


def read_sources(text: str, found: Findings) -> list[dict[str, Any]]:
    """Entries of sources.yaml; faults go to `found`."""
    return _read_list(text, found, kind="sources", name="sources", check=check_source)


def read_local(text: str, found: Findings) -> LocalFile:
    """An organization's own values; faults go to `found`."""
    fields = _open(text, found)
    if fields is None:
        return LocalFile()
    fields.known_only(("format", "slots", "ai_features", "sensitive", "targets"), ("format", "slots"))
    fields.one_of("format", ("preceptor-local/1",))
    for tutorial in fields.inside("slots").data:
        _check_values(fields.inside("slots", tutorial))
    for feature in fields.inside("ai_features").data if "ai_features" in fields.data else ():
        _check_feature_fields(fields.inside("ai_features", feature), required=())
    for tutorial in fields.inside("targets").data if "targets" in fields.data else ():
        fields.inside("targets", tutorial).known_only(("roles", "targets"), ("roles", "targets"))
    _check_sensitive(fields)
    if found.found:
        return LocalFile()
    more = {name: fields.data.get(name) or {} for name in ("ai_features", "sensitive", "targets")}
    return LocalFile(fields.data["slots"], **more)


def adds_nothing(given: str, here: str) -> bool:
    """Whether one local.yaml says only what the other one says too."""
    one, other = read_local(given, Findings(LOCAL)), read_local(here, Findings(LOCAL))
    slots = all(other.slots.get(place, {}).get(slot) == value for place, slot, value in _values_of(one))
    facts = all(name in other.ai_features and fields.items() <= other.ai_features[name].items()
                for name, fields in one.ai_features.items())  # fmt: skip
    targets = all(other.targets.get(name) == value for name, value in one.targets.items())
    return slots and facts and targets and (not one.sensitive or one.sensitive == other.sensitive)


def _values_of(local: LocalFile) -> list[tuple[str, str, str]]:
    return [(place, slot, value) for place, values in local.slots.items() for slot, value in values.items()]


def read_picture_list(text: str, found: Findings) -> list[dict[str, Any]]:
    """Entries of pictures.yaml; faults go to `found`."""
    fields = _open(text, found)
    if fields is None:
        return []
    fields.known_only(("format", "pictures"), ("format", "pictures"))
    fields.one_of("format", ("preceptor-pictures/1",))
    entries = fields.list_of_fields("pictures")
    for entry in entries:
        entry.known_only(("name", "alt", "seal"), ("name", "alt"))
        entry.text("name", most=64)
        entry.text("alt", most=200)
        if "seal" in entry.data:
            entry.text("seal", most=64)
    return [dict(entry.data) for entry in entries]


def _open(text: str, found: Findings) -> Fields | None:
    try:
        located = read_yaml(text)
    except YamlRefused as refused:
        found.add(refused.line, refused.wrong, refused.mend)
        return None
    if not isinstance(located.value, dict):
        found.add(1, "The file has no fields.", 'Begin with "format:".')
        return None
    return Fields(located, found)


def _read_list(text: str, found: Findings, *, kind: str, name: str, check: Any) -> list[dict[str, Any]]:
    fields = _open(text, found)
    if fields is None:
        return []
    fields.known_only(("format", name), ("format", name))
    fields.one_of("format", (f"preceptor-{kind}/1",))
    seen: set[str] = set()
    entries = fields.list_of_fields(name)
    for entry in entries:
        check(entry)
        identifier = entry.slug("id")
        if identifier in seen:
            entry.wrong("id", f'"{identifier}" is here twice.', "Keep one.")
        seen.add(str(identifier))
    return [dict(entry.data) for entry in entries]


def _check_feature(entry: Fields) -> None:
    _check_feature_fields(entry, required=_FEATURE)


def _check_feature_fields(entry: Fields, *, required: tuple[str, ...]) -> None:
    entry.known_only((*_FEATURE, *MODEL_CARD, "what_changed", *ABOUT_STAFF), required)
    entry.text("name", most=80)
    entry.text("version", most=40)
    entry.one_of("status", FEATURE_STATUSES)
    link = entry.data.get("launch_link")
    if link is not None and not (isinstance(link, str) and len(link) <= 500 and _LAUNCH_LINK.fullmatch(link)):
        entry.wrong("launch_link", f'"{link}" is not an https address.', "Start it with https://, or write null.")
    if "sensitive" in entry.data and not isinstance(entry.data["sensitive"], bool):
        entry.wrong("sensitive", "sensitive must be true or false.")
    for name, most in (*((fact, MOST_FACT) for fact in MODEL_CARD), ("what_changed", MOST_CHANGED)):
        if entry.data.get(name) is not None:
            entry.text(name, most=most)
    _check_about_staff(entry)


def _check_about_staff(entry: Fields) -> None:
    given = {name: entry.data[name] for name in ABOUT_STAFF if entry.data.get(name) is not None}
    for name in ("available_roles", "available_units", "states"):
        entry.list_of_text(name)
    if "vendor" in given:
        entry.text("vendor", most=120)
    if "policy_link" in given:
        entry.https("policy_link")
    if "available_since" in given and type(given["available_since"]) is not date:
        entry.wrong("available_since", "available_since must be a date.", "Write it as 2027-05-22.")
    for check in entry.list_of_fields("verify_card"):
        check.known_only(("action", "text"), ("action", "text"))
        check.text("action", most=80)
        check.text("text", most=200)
    rule = given.get("evidence_rule")
    if rule is not None and not _is_rule(rule):
        entry.wrong("evidence_rule", "evidence_rule must have a search and a condition that may be used.")


def _is_rule(rule: Any) -> bool:
    try:
        return checked_rule(rule["search"], rule["condition"]) == rule
    except (RuleRefused, KeyError, TypeError, AttributeError):
        return False


def _check_sensitive(fields: Fields) -> None:
    if "sensitive" not in fields.data:
        return
    marks = fields.inside("sensitive")
    if not isinstance(fields.data["sensitive"], dict):
        fields.wrong("sensitive", "sensitive must have named fields.", "They are: organization, job_roles.")
    marks.known_only(("organization", "job_roles"), ())
    if not isinstance(marks.data.get("organization", False), bool):
        marks.wrong("organization", "organization must be true or false.")
    marks.list_of_text("job_roles")


def _check_values(values: Fields) -> None:
    for slot in values.data:
        values.text(slot, most=MOST_SLOT_VALUE)
