"""`preceptor roster import` and `preceptor assignments sync`: what runs without a person before a screen."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from smart_app.config import load_settings
from smart_app.db import closing_database
from smart_app.keys import KeyRing
from smart_app.organizations.changing import get_registration
from smart_app.organizations.command_sessions import actor, plain_errors, writing
from smart_app.organizations.roster.reading import DATES, FIELDS, Reading, guess_columns
from smart_app.organizations.roster.table import MOST_BYTES, NoTable, Table, read_table
from smart_app.organizations.verbs import get_organization
from smart_app.rollout.ehrs import TASKS, backend_sessions, of_command
from smart_app.rollout.importing import Tried, bring_in, try_import
from smart_app.rollout.staff_from_ehr import EhrHasNoStaff, ehrs_with_staff, role_meanings, staff_table
from smart_app.rollout.task_sync import read_tasks, write_all_tasks
from smart_app.rollout.waiting import Waiting, waiting

MOST_SHOWN = 50
SECONDS_FOR_STAFF = 600.0
"""No page waits for a command: a list of 25,000 is read to its end."""
_STAFF_IS = click.Choice(["staff", "npi", "ehr_user", "practitioner"])


@click.group()
def roster() -> None:
    """Who is staff here: import a list, or the EHR's own."""


@roster.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@click.option("--organization", required=True, help="Name of the organization.")
@click.option("--ehr", help="Instead of a file: the staff list of this EHR, by Backend Services.")
@click.option("--below", default="", help="With --ehr: id of the Organization whose PractitionerRoles are meant.")
@click.option("--ids-of", metavar="EHR", help="With a file: the EHR whose user ids or Practitioner ids it holds.")
@click.option("--column", multiple=True, metavar="FIELD=HEADING", help=f"Fields: {', '.join(FIELDS)}.")
@click.option("--role", multiple=True, metavar="WORD=JOB_ROLE", help="What a word of the file means here.")
@click.option("--staff-is", type=_STAFF_IS, default="staff", show_default=True, help="What the identifier is.")
@click.option("--dates", type=click.Choice(list(DATES)), default="year first", show_default=True)
@click.option(
    "--whole", is_flag=True, help="Whoever is not in the file leaves the roster, where a file named them last."
)
@click.option("--dry-run", is_flag=True, help="Say what it would do, and do nothing.")
def import_roster(
    file: Path | None, organization: str, ehr: str | None, below: str, ids_of: str | None, column: tuple[str, ...],
    role: tuple[str, ...], staff_is: str, dates: str, whole: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Import FILE (CSV with headings), or the EHR's staff list. Nothing is imported where a line is refused.

    An EHR's list is all of its people: who stands on it no more leaves. Those of a file, of another EHR or of another
    Organization (--below) stay.
    """
    settings = load_settings()
    with plain_errors():
        keys = KeyRing.load(settings.keys)
    with writing() as session:
        tenant = get_organization(session, name=organization)
        if (file is None) == (ehr is None):
            raise click.UsageError("Give a file, or --ehr.")
        words = dict(_pair(one, "--role") for one in role)
        if file is not None:
            table, reading = _of_file(file, column)
            of = get_registration(session, organization=tenant, name=ids_of).id.hex if ids_of else ""
            reading = replace(reading, staff_is=staff_is, whole=whole, dates=dates, roles=words, ehr=of)  # type: ignore[arg-type]
        else:
            table, reading = _of_ehr(session, tenant, str(ehr), below, keys)
            reading = replace(reading, roles=words)
        tried = try_import(session, organization=tenant, keys=keys, table=table, reading=reading)
        _report(tried)
        if dry_run:
            click.echo("Dry run: nothing was imported.")
            session.rollback()
            return
        if not tried.is_fit:
            raise click.ClickException("Nothing was imported. Mend these lines, then try again.")
        bring_in(session, organization=tenant, keys=keys, tried=tried, reading=reading, actor=actor())
    click.echo("Imported.")


@click.group()
def assignments() -> None:
    """Assignments and the EHR's Tasks."""


@assignments.command("sync")
@click.option("--organization", required=True, help="Name of the organization.")
def sync_assignments(organization: str) -> None:
    """Write all that is due into the EHR, and end here what was ended there. Run it every few minutes.

    Says what is left, and why. Exit status 75 where something is left, so that a scheduler can tell.
    """
    settings = load_settings()
    with plain_errors(), closing_database(settings.database_url) as database:
        keys = KeyRing.load(settings.keys)
        with database.reading() as session:
            tenant = get_organization(session, name=organization)
        with of_command(settings, database, keys) as (backend, registrations):
            session_of = backend_sessions(backend, registrations, scopes=TASKS)
            with database.reading() as session:
                ehrs = [UUID(ehr.id) for ehr in ehrs_with_staff(session, organization=tenant)]
            out = write_all_tasks(database, organization=tenant, keys=keys, session_of=session_of, ehrs=ehrs)
            into = read_tasks(database, organization=tenant, session_of=session_of, ehrs=ehrs)
        with database.reading() as session:
            left = waiting(session, organization=tenant)
    click.echo(f"Written: {out.written}. Not written: {out.failed}.")
    click.echo(f"Finished in the EHR: {into.finished_there}. Ended there otherwise: {into.ended_there}.")
    for one in left:
        click.echo(_left_in_words(one))
    if any(one.by_command for one in left) or into.failed:
        raise click.exceptions.Exit(os.EX_TEMPFAIL)


def _left_in_words(one: Waiting) -> str:
    said = f"Left at {one.ehr}: {one.count}, {one.why}."
    if one.by_command:
        return f"{said} Tried again from {one.next_at:%Y-%m-%d %H:%M} UTC on."
    return f"{said} Only a visit there can write it: that EHR has no client of Backend Services here."


def _of_file(file: Path, column: tuple[str, ...]) -> tuple[Table, Reading]:
    if file.stat().st_size > MOST_BYTES:
        raise click.ClickException("The file is larger than 8 MB.")
    try:
        table = read_table(file.read_bytes())
    except NoTable as error:
        raise click.ClickException(str(error)) from error
    chosen = dict(_pair(one, "--column") for one in column)
    unknown = [name for name in chosen if name not in FIELDS]
    if unknown:
        raise click.BadParameter(f"{unknown[0]} is no field. Fields: {', '.join(FIELDS)}", param_hint="--column")
    return table, Reading(columns={**guess_columns(table.headings), **chosen})  # type: ignore[dict-item]


def _of_ehr(session: Any, tenant: Any, name: str, below: str, keys: KeyRing) -> tuple[Table, Reading]:
    known = [one for one in ehrs_with_staff(session, organization=tenant) if one.name == name]
    if not known:
        raise click.ClickException(f'No EHR "{name}" with a client of Backend Services (ehr add --backend-client-id).')
    meaning, settings = role_meanings(session, organization=tenant), load_settings()
    session.rollback()  # no transaction stays open while the EHR is asked
    try:
        with (
            closing_database(settings.database_url) as database,
            of_command(settings, database, keys) as (backend, registrations),
        ):
            content, reading = staff_table(
                backend, registrations, known[0], meaning, below=below, seconds=SECONDS_FOR_STAFF
            )
    except EhrHasNoStaff as error:
        raise click.ClickException(str(error)) from error
    return read_table(content), reading


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise click.BadParameter(f'"{text}": write it as NAME=VALUE', param_hint=option)
    return (name.lower() if option == "--role" else name), value


def _report(tried: Tried) -> None:
    for fault in tried.faults[:MOST_SHOWN]:
        click.echo(f"line {fault.line}: {fault.wrong} {fault.mend}")
    if len(tried.faults) > MOST_SHOWN:
        click.echo(f"and {len(tried.faults) - MOST_SHOWN} more")
    if tried.plan is not None:
        plan = tried.plan
        counts = {"added": plan.added, "changed": plan.changed, "leaving": plan.leaving}
        said = [f"{name}: {len(people)}" for name, people in counts.items()]
        click.echo(", ".join([*said, f"as before: {plan.same}"]))
        if plan.units:
            click.echo(f"new units: {', '.join(plan.units)}")
