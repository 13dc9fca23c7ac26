"""The AI feature registry as its file: what an export writes, and an import reads back as it was."""

from typing import Any
from uuid import UUID

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.findings import Findings
from smart_app.library.models import AiFeatureRow, LibraryFileRow
from smart_app.library.registries import ABOUT_STAFF, AI_FEATURES, MODEL_CARD, read_ai_features

_FIRST = ("id", "name", "version", "status", "launch_link", "sensitive")


def registry_file(session: Session, *, organization: UUID) -> str:
    """Text of ai_features.yaml: the file that was brought, while it says what the registry says; else a new one."""
    rows = session.scalars(
        select(AiFeatureRow).where(AiFeatureRow.organization == organization).order_by(AiFeatureRow.id)
    )
    entries = [_entry(row) for row in rows]
    brought = session.get(LibraryFileRow, (organization, AI_FEATURES))
    if brought is not None and _says(brought.source, entries):
        return brought.source
    return "# The AI feature registry, as it stood in the studio.\n" + yaml.safe_dump(
        {"format": "preceptor-ai-features/1", "features": entries}, sort_keys=False, allow_unicode=True, width=100
    )


def registry_overrides(session: Session, *, organization: UUID) -> dict[str, dict[str, Any]] | None:
    """Feature -> fields in which the registry differs from the file that was brought, for local.yaml.

    None where the two do not have the same features: then the file is written anew.
    """
    brought = session.get(LibraryFileRow, (organization, AI_FEATURES))
    if brought is None:
        return None
    given = {str(entry.get("id")): entry for entry in read_ai_features(brought.source, Findings(AI_FEATURES))}
    rows = session.scalars(select(AiFeatureRow).where(AiFeatureRow.organization == organization))
    here = {row.id: _entry(row) for row in rows}
    if given.keys() != here.keys():
        return None
    differing = {feature: _differing(given[feature], here[feature]) for feature in sorted(here)}
    return {feature: fields for feature, fields in differing.items() if fields}


def _differing(given: dict[str, Any], here: dict[str, Any]) -> dict[str, Any]:
    names = sorted({*given, *here})
    return {name: here.get(name) for name in names if (given.get(name) or None) != (here.get(name) or None)}


def _entry(row: AiFeatureRow) -> dict[str, Any]:
    card = {name: row.model_card.get(name) for name in MODEL_CARD}
    about = {name: value for name in ABOUT_STAFF if (value := getattr(row, name))}
    changed = {"what_changed": row.what_changed} if row.what_changed else {}
    return {**{name: getattr(row, name) for name in _FIRST}, **card, **changed, **about}


def _says(text: str, entries: list[dict[str, Any]]) -> bool:
    brought = [
        {name: value for name, value in entry.items() if value or name in (*_FIRST, *MODEL_CARD)}
        for entry in read_ai_features(text, Findings(AI_FEATURES))
    ]
    return sorted(brought, key=lambda entry: str(entry.get("id"))) == entries
