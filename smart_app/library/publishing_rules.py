"""What must hold before a version is published: a second person, the next number, every local slot filled."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from smart_app.library.findings import Finding, Findings
from smart_app.library.import_order import STARTER_AUTHOR, Order
from smart_app.library.models import TutorialVersionRow
from smart_app.library.registries import ALL_TUTORIALS, LocalFile
from smart_app.library.tutorial_file import ParsedTutorial


def check_people(name: str, author: str, reviewer: str | None, *, publish: bool) -> list[Finding]:
    if not publish:
        return []
    if not reviewer or not reviewer.strip():
        return [Finding(name, 1, "Publishing needs a reviewer.", "Name one: --reviewer NAME.")]
    if _same_person(author, reviewer):
        wrong = f'"{reviewer}" is the author and cannot be the reviewer.'
        return [Finding(name, 1, wrong, "Ask a second person.")]
    return []


def _same_person(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def check_version(session: Session, tutorial: ParsedTutorial, order: Order, newest: Mapping[str, int]) -> list[Finding]:
    found = Findings(tutorial.name)
    line = tutorial.fields.line("version")
    last = newest.get(tutorial.id, 0)
    row = session.get(TutorialVersionRow, (order.organization, tutorial.id, tutorial.version))
    if row is not None and row.status != "draft":
        if row.source != tutorial.text:
            wrong = f"Version {tutorial.version} is published and cannot change."
            found.add(line, wrong, f"Save this as version {last + 1}.")
    elif last and tutorial.version != last + 1:  # the first one here may come from elsewhere, with its number
        found.add(
            line, f"Version {tutorial.version} does not follow version {last}.", f"Save this as version {last + 1}."
        )
    return found.in_order()


def check_publishing(tutorial: ParsedTutorial, order: Order) -> list[Finding]:
    if order.reviewer is None:
        return []
    found = Findings(tutorial.name)
    status = tutorial.front["status"]
    if status in ("draft", "in_review"):
        found.add(
            tutorial.fields.line("status"), f'Its status is "{status}".', 'Change it to "published" to publish it.'
        )
    if status != "starter" and order.author == STARTER_AUTHOR:
        found.add(1, "This is no starter content, so its author must be named.", "Add --author NAME.")
    gaps = [slot for slot in tutorial.slots if order.local.value(tutorial.id, slot.text) is None]
    if gaps:
        named = "; ".join(f'"{slot.text}" (line {slot.line})' for slot in gaps)
        count = f"{len(gaps)} local slot{'s' if len(gaps) > 1 else ''}"
        found.add(gaps[0].line, f"Fill {count} before publishing.", f"Missing: {named}.")
    return found.in_order()


def unused_values(local: LocalFile, tutorials: list[ParsedTutorial]) -> list[str]:
    slots = {tutorial.id: {slot.text for slot in tutorial.slots} for tutorial in tutorials}
    slots[ALL_TUTORIALS] = set().union(*slots.values()) if slots else set()
    return [
        f'The local file fills "{slot}" of "{place}", which no tutorial here asks for.'
        for place, values in local.slots.items()
        for slot in values
        if slot not in slots.get(place, set())
    ]
