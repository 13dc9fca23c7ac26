"""What comes with the tutorials of a bundle: pictures, and an organization's own targets."""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.keys import KeyRing
from smart_app.library.bundle import Bundle
from smart_app.library.findings import Finding, Findings
from smart_app.library.import_order import ImportReport, Order
from smart_app.library.models import PictureRow
from smart_app.library.own_targets import Targets, TargetsRefused, checked, own_targets, set_targets
from smart_app.library.pictures import PictureRefused, Remade, remake
from smart_app.library.registries import LOCAL, PICTURE_LIST, read_picture_list
from smart_app.library.vocabulary import EVERYONE
from smart_app.organizations.job_roles import job_roles

SEALED = "picture made here"


def known_roles(session: Session, *, organization: UUID) -> frozenset[str]:
    """Job roles that a tutorial may name here."""
    return frozenset(role.id for role in job_roles(session, organization=organization)) | {EVERYONE}


def picture_list(rows: Collection[PictureRow], keys: KeyRing | None) -> str:
    """Text of pictures.yaml: what each shows, and a seal by which this installation knows its own dots again."""
    entries = [
        {"name": row.name, "alt": row.alt, **({"seal": _seal(row.content, keys)} if keys else {})} for row in rows
    ]
    facts = {"format": "preceptor-pictures/1", "pictures": entries}
    return yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=100)


def check_targets_of(session: Session, order: Order, tutorials: Collection[str]) -> list[Finding]:
    """Faults of the targets in local.yaml."""
    found = Findings(LOCAL)
    roles = known_roles(session, organization=order.organization)
    for tutorial, given in order.local.targets.items():
        if tutorial not in tutorials:
            found.add(1, f'The targets are for "{tutorial}", which is not here.', "Take them out.")
            continue
        try:
            checked(_targets(given), roles)
        except (TargetsRefused, AttributeError, TypeError) as error:
            found.add(1, f'The targets of "{tutorial}" cannot be: {error}')
    return found.in_order()


def save_targets(session: Session, order: Order) -> None:
    """Set those that differ; each with its audit."""
    roles = known_roles(session, organization=order.organization)
    here = own_targets(session, organization=order.organization)
    actor = order.reviewer or order.author
    for tutorial, given in order.local.targets.items():
        wanted = checked(_targets(given), roles)
        if here.get(tutorial) != wanted:
            set_targets(
                session,
                organization=order.organization,
                tutorial=tutorial,
                wanted=wanted,
                known_roles=roles,
                actor=actor,
            )


def _targets(given: Mapping[str, Any]) -> Targets:
    targets = {name: str(value) if name in ("from", "until") else value for name, value in given["targets"].items()}
    return Targets(tuple(given["roles"]), targets)


def save_pictures(
    session: Session, bundle: Bundle, order: Order, report: ImportReport, keys: KeyRing | None
) -> list[Finding]:
    """Keep the pictures that are not here yet, made anew; gives what is wrong. A kept picture never changes."""
    found = Findings(PICTURE_LIST)
    listed = read_picture_list(bundle.picture_list, found) if bundle.picture_list else []
    about = {str(entry.get("name")): entry for entry in listed}
    query = select(PictureRow).where(PictureRow.organization == order.organization)
    here = {row.name: row for row in session.scalars(query)}
    for name, content in bundle.pictures.items():
        if name in here and here[name].content == content:
            continue
        if name in here:
            found.add(1, f'There is another picture "{name}" in the library.', "Give this one a name of its own.")
        elif name not in about:
            found.add(1, f'"{name}" has no entry.', "Add one that says what the picture shows: name, alt.")
        else:
            _keep(session, order, about[name], content, keys, found)
            report.changed = True
    return found.in_order()


def _keep(
    session: Session, order: Order, entry: Mapping[str, Any], content: bytes, keys: KeyRing | None, found: Findings
) -> None:
    name = str(entry["name"])
    try:
        made = remake(content)
    except PictureRefused as error:
        found.add(1, f'"{name}": {error}')
        return
    if not name.endswith(f".{made.ending}"):
        found.add(1, f'"{name}" is a picture of another kind.', f"Let its name end in .{made.ending}.")
        return
    session.add(_row(order, entry, made, content if _is_ours(content, entry.get("seal"), keys) else made.content))


def _row(order: Order, entry: Mapping[str, Any], made: Remade, content: bytes) -> PictureRow:
    return PictureRow(
        organization=order.organization,
        name=entry["name"],
        kind=made.kind,
        alt=entry["alt"],
        width=made.width,
        height=made.height,
        content=content,
        added_by=order.author[:120],
        added_at=order.now,
    )


def _is_ours(content: bytes, seal: object, keys: KeyRing | None) -> bool:
    """Whether this installation made these very dots before: then they stay as they are, byte for byte."""
    return keys is not None and seal in {digest.hex() for digest in keys.hashes(SEALED, _digest(content))}


def _seal(content: bytes, keys: KeyRing) -> str:
    return keys.hash(SEALED, _digest(content)).hex()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
