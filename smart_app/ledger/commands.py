"""`preceptor usage`: the ledger on the command line."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, get_args
from uuid import UUID

import click
from sqlalchemy import Uuid, column, select, table
from sqlalchemy.orm import Session

from smart_app.config import load_settings
from smart_app.db import Database
from smart_app.ledger.export import Format, export

# By name: the ledger stands below the organizations' room and imports nothing of it.
_ORGANIZATIONS = table("organizations", column("organization", Uuid), column("name"))


@click.group()
def usage() -> None:
    """The usage ledger."""


@usage.command("export")
@click.option("--organization", "name", required=True, help="Name of the organization.")
@click.option("--format", "form", type=click.Choice(get_args(Format)), default="csv", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; else standard output.")
def export_usage(name: str, form: Format, out: Path | None) -> None:
    """Write all events of one organization, oldest first. Handle the file as patient information."""
    database = Database(load_settings().database_url)
    try:
        with database.reading() as session, _open(out) as stream:
            count = export(session, organization=_get_organization(session, name), format=form, out=stream)
    finally:
        database.dispose()
    click.echo(f"{count} events exported.", err=True)


def _get_organization(session: Session, name: str) -> UUID:
    found: UUID | None = session.scalar(
        select(_ORGANIZATIONS.c.organization).where(_ORGANIZATIONS.c.name == name)  # type: ignore[arg-type]
    )
    if found is None:
        raise click.ClickException(f"There is no organization named {name!r}. See: preceptor organization list")
    return found


@contextmanager
def _open(path: Path | None) -> Iterator[TextIO]:
    """Standard output, or a file for its owner alone that appears whole or not at all."""
    if path is None:
        yield sys.stdout
        return
    beside = path.with_name(path.name + ".part")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
        yield stream
    beside.replace(path)
