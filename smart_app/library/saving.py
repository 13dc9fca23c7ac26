"""Write tutorials, files and AI features of an import; what is as it was stays untouched."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.library.findings import Finding, Findings
from smart_app.library.import_order import ImportReport, Order
from smart_app.library.launch_hosts import add_host, ehr_hosts, own_hosts
from smart_app.library.launch_links import LinkRefused, host_of
from smart_app.library.models import AiFeatureRow, LibraryFileRow, LibraryRow, LocalSlotRow, TutorialVersionRow
from smart_app.library.registries import AI_FEATURES, MODEL_CARD, read_ai_features
from smart_app.library.rendering import render
from smart_app.library.tutorial_file import ParsedTutorial


def save_tutorial(session: Session, tutorial: ParsedTutorial, order: Order, report: ImportReport) -> None:
    values = {slot.text: order.local.value(tutorial.id, slot.text) for slot in tutorial.slots}
    label = f"{tutorial.id} version {tutorial.version}"
    row = session.get(TutorialVersionRow, (order.organization, tutorial.id, tutorial.version))
    standing = row is not None and row.status != "draft"
    if standing and None in values.values():
        report.unchanged.append(label)  # what is published keeps the values it has
        return
    changed = _save_slots(session, tutorial.id, values, order)
    facts: dict[str, Any] = {
        "source": tutorial.text,
        "front_matter": tutorial.front,
        "rendered": render(tutorial, values.get),
    }
    if not standing:
        facts |= _state(tutorial, order)
    if row is None:
        key = {"organization": order.organization, "tutorial": tutorial.id, "version": tutorial.version}
        session.add(TutorialVersionRow(**key, **facts, saved_at=order.now))
        changed = True
    elif _differs(row, facts):
        for name, value in facts.items():
            setattr(row, name, value)
        changed = True
    report.changed |= changed
    if standing or not changed:
        report.unchanged.append(label + (" (local values changed)" if changed else ""))
    else:
        {"draft": report.saved, "retired": report.retired}.get(facts["status"], report.published).append(label)


def _state(tutorial: ParsedTutorial, order: Order) -> dict[str, Any]:
    if order.reviewer is None:
        return {"status": "draft", "author": order.author, "reviewer": None, "published_at": None}
    status = "retired" if tutorial.front["status"] == "retired" else "published"
    return {"status": status, "author": order.author, "reviewer": order.reviewer, "published_at": order.now}


def _differs(row: Any, facts: Mapping[str, Any]) -> bool:
    return any(getattr(row, name) != value for name, value in facts.items())


def _save_slots(session: Session, tutorial: str, values: Mapping[str, str | None], order: Order) -> bool:
    changed = False
    for slot, value in values.items():
        row = session.get(LocalSlotRow, (order.organization, tutorial, slot))
        if value is None or (row is not None and row.value == value):
            continue
        changed = True
        if row is None:
            session.add(LocalSlotRow(organization=order.organization, tutorial=tutorial, slot=slot, value=value))
        else:
            row.value = value
    return changed


def save_files(session: Session, texts: Mapping[str, str], order: Order, report: ImportReport) -> None:
    for name, text in texts.items():
        if name.endswith(".md"):
            continue
        row = session.get(LibraryFileRow, (order.organization, name))
        if row is None:
            session.add(LibraryFileRow(organization=order.organization, name=name, source=text))
        report.changed |= row is None or row.source != text
        if row is not None:
            row.source = text


def save_sensitive(library: LibraryRow, order: Order, report: ImportReport) -> None:
    """Whose work the organization marks; a file that says nothing of it changes nothing."""
    marks = dict(order.local.sensitive)
    if marks and library.sensitive != marks:
        library.sensitive = marks
        report.changed = True


def note_feature_versions(session: Session, organization: UUID) -> None:
    """For which version of its AI feature each tutorial was published: when that changes, the tutorial is stale."""
    session.flush()
    features = select(AiFeatureRow.id, AiFeatureRow.version).where(AiFeatureRow.organization == organization)
    versions = dict(session.execute(features).all())
    for row in session.scalars(
        select(TutorialVersionRow).where(
            TutorialVersionRow.organization == organization,
            TutorialVersionRow.status == "published",
            TutorialVersionRow.feature_version.is_(None),
        )
    ):
        row.feature_version = versions.get(row.front_matter["ai_feature"])


_LISTS = ("available_roles", "available_units", "states", "verify_card")


def _feature_facts(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The row's columns: the facts of the model card are kept together. A list that is null is empty."""
    card = {name: entry.get(name) for name in MODEL_CARD}
    others = {name: value for name, value in entry.items() if name not in MODEL_CARD}
    others |= {name: [] for name in _LISTS if name in others and others[name] is None}
    return {**others, "model_card": card, "what_changed": entry.get("what_changed")}


def foreign_links(session: Session, texts: Mapping[str, str], order: Order) -> list[Finding]:
    """Launch links on hosts that nobody allowed here. Who brings files may not say where clinicians are led."""
    allowed = {
        *own_hosts(session, organization=order.organization),
        *ehr_hosts(session, organization=order.organization),
    }
    found = [(entry["id"], host_of(_link(entry, order))) for entry in _entries(texts) if _link(entry, order)]
    return [
        Finding(
            AI_FEATURES,
            1,
            f'The launch link of "{feature}" lies on a host that is not allowed here.',
            "An analyst allows hosts, on the page AI features.",
        )
        for feature, host in found
        if host not in allowed
    ]


def allow_links(session: Session, texts: Mapping[str, str], order: Order, *, actor: str) -> None:
    """Allow the hosts of the launch links that the command line brings: who runs it holds the machine."""
    known = {*own_hosts(session, organization=order.organization), *ehr_hosts(session, organization=order.organization)}
    hosts = {host for entry in _entries(texts) if (host := host_of(_link(entry, order))) is not None}
    for host in sorted(hosts - known):
        with suppress(LinkRefused):
            add_host(session, organization=order.organization, host=host, actor=actor)


def _entries(texts: Mapping[str, str]) -> list[dict[str, Any]]:
    return read_ai_features(texts[AI_FEATURES], Findings(AI_FEATURES)) if AI_FEATURES in texts else []


def _link(entry: Mapping[str, Any], order: Order) -> str:
    link = {**entry, **order.local.ai_features.get(entry["id"], {})}.get("launch_link")
    return link or ""


def save_features(session: Session, texts: Mapping[str, str], order: Order, report: ImportReport) -> None:
    for entry in read_ai_features(texts[AI_FEATURES], Findings(AI_FEATURES)):
        facts = _feature_facts({**entry, **order.local.ai_features.get(entry["id"], {})})
        row = session.get(AiFeatureRow, (order.organization, entry["id"]))
        if row is None:
            session.add(AiFeatureRow(organization=order.organization, **facts))
        elif _differs(row, facts):
            for name, value in facts.items():
                setattr(row, name, value)
        else:
            continue
        report.changed = True
