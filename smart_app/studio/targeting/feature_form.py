"""The form of an AI feature: from the registry to fields, and back."""

from collections.abc import Iterable
from typing import Any

from werkzeug.datastructures import MultiDict

from smart_app.library.ai_registry import MOST_CHECKS, Entry
from smart_app.library.reading import AiFeature
from smart_app.library.registries import MODEL_CARD

CARD_WORDS = {
    "intended_use": ("Intended use", "What it is for, by whom, on what."),
    "known_limits": ("Known limits", "Where it fails, and for whom it was not tested."),
    "data_sent": ("Data sent", "What leaves the chart, and to where."),
    "retention": ("Retention", "What the vendor keeps, and how long."),
    "local_validation": ("Local validation", "Who tried it here, on how many, with what result."),
    "contact": ("Contact", "Whom to call when it goes wrong."),
}
"""Fact of the model card -> label, hint. Nobody has stated it yet: leave it empty."""
assert tuple(CARD_WORDS) == MODEL_CARD
_LONGEST = 4000


def entry_of(form: MultiDict[str, str], feature: str) -> Entry:
    """What the form sends."""

    def text(name: str) -> str:
        return form.get(name, "").strip()[:_LONGEST]

    checks = tuple((text(f"check_{n}_action"), text(f"check_{n}_text")) for n in range(1, MOST_CHECKS + 1))
    return Entry(
        id=feature,
        name=text("name"),
        version=text("version"),
        status=text("status"),
        vendor=text("vendor"),
        available_roles=tuple(form.getlist("available_roles")),
        available_units=_lines((*form.getlist("available_units"), *text("other_units").splitlines())),
        available_since=text("available_since"),
        states=_lines(text("states").replace(",", " ").split()),
        model_card={name: text(name) for name in MODEL_CARD},
        policy_link=text("policy_link"),
        launch_link=text("launch_link"),
        verify_card=checks,
        evidence_search=text("evidence_search"),
        evidence_condition=text("evidence_condition"),
        sensitive=form.get("sensitive") == "on",
        what_changed=text("what_changed"),
    )


def as_entry(feature: AiFeature) -> Entry:
    """An entry of the registry as the form has it."""
    rule: Any = feature.evidence_rule or {}
    return Entry(
        id=feature.id,
        name=feature.name,
        version=feature.version,
        status=feature.status,
        vendor=feature.vendor or "",
        available_roles=feature.available_roles,
        available_units=feature.available_units,
        available_since=str(feature.available_since or ""),
        states=feature.states,
        model_card={name: value or "" for name, value in feature.model_card.items()},
        policy_link=feature.policy_link or "",
        launch_link=feature.launch_link or "",
        verify_card=tuple((check.action, check.text) for check in feature.verify_card),
        evidence_search=rule.get("search", ""),
        evidence_condition=rule.get("condition", ""),
        sensitive=feature.sensitive,
        what_changed=feature.what_changed or "",
    )


def _lines(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.strip() for each in given if each.strip()))
