"""`preceptor library`: check, import, export and explain tutorials."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click
from sqlalchemy.orm import Session

from smart_app.config import load_settings
from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.library.findings import Finding, Findings
from smart_app.library.registries import LocalFile, read_local
from smart_app.library.vocabulary import TASK_SYSTEM

_FOLDER_OR_ZIP = click.Path(path_type=Path, exists=True)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def library() -> None:
    """Check, import and export tutorials."""


@library.command("check")
@click.argument("folder", type=_FOLDER_OR_ZIP)
def check(folder: Path) -> None:
    """Say of every file in FOLDER what is wrong and how to mend it; the exit code is 1 if anything is."""
    from smart_app.library.checking import check_folder, read_texts

    with _plain_refusals():
        found = check_folder(folder)
    _print(found)
    if found:
        raise SystemExit(1)
    names = list(read_texts(folder)[0])
    tutorials = sum(name.endswith(".md") for name in names)
    drills = sum(name.endswith(".drill.yaml") for name in names)
    click.echo(f"Nothing is wrong: {_count(tutorials, 'tutorial')}, {_count(drills, 'drill')}.")


@library.command("import")
@click.argument("folder", type=_FOLDER_OR_ZIP)
@click.option("--organization", "name", required=True, help="Name of the organization.")
@click.option("--local", "local", type=_FILE, help="What this organization fills into local slots.")
@click.option("--publish", is_flag=True, help="Show them to learners; else they are kept as drafts.")
@click.option("--reviewer", help="Who has read them and publishes; never the author.")
@click.option("--author", help="Who wrote them; starter content has its own author.")
@click.option("--dry-run", is_flag=True, help="Say what would change, line by line, and change nothing.")
def import_(
    folder: Path, name: str, local: Path | None, publish: bool, reviewer: str | None, author: str | None, dry_run: bool
) -> None:
    """Take the tutorials in FOLDER, a folder or a zip, into the library of an organization: all of them, or none.

    A local.yaml in it is read too, unless --local names another one.
    """
    from smart_app.library.bundle import read_bundle
    from smart_app.library.exporting import library_files
    from smart_app.library.importing import STARTER_AUTHOR, ImportRefused, import_library

    values = _read_local(local)
    keys = _keys()
    with _writing() as session, _plain_refusals():
        if dry_run:
            here = library_files(session, organization=_organization(session, name), keys=keys)
            _print_differences(here, read_bundle(folder).files())
        try:
            report = import_library(
                session,
                organization=_organization(session, name),
                folder=folder,
                local=values,
                author=author or STARTER_AUTHOR,
                reviewer=reviewer,
                publish=publish,
                keys=keys,
            )
        except ImportRefused as refused:
            _print(refused.findings)
            raise click.ClickException("Nothing was imported.") from refused
        if dry_run:
            session.rollback()
        else:
            session.commit()
    for what in ("published", "saved", "retired", "unchanged"):
        for label in getattr(report, what):
            click.echo(f"{what:<10} {label}")
    for note in report.notes:
        click.echo(f"note       {note}")
    if dry_run:
        click.echo("A dry run: nothing was changed.")


@library.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--organization", "name", required=True, help="Name of the organization.")
def export(folder: Path, name: str) -> None:
    """Write an organization's library into FOLDER, or into a zip where its name ends so.

    Byte for byte as it was imported or published; what the organization filled in itself goes to local.yaml.
    """
    from smart_app.library.exporting import export_library

    with _writing() as session, _plain_refusals():
        names = export_library(session, organization=_organization(session, name), folder=folder, keys=_keys())
    click.echo(f"{len(names)} files written to {folder}.")


@library.command("explain")
@click.argument("tutorial")
@click.option("--organization", "name", required=True, help="Name of the organization.")
@click.option("--role", "roles", multiple=True, help="Job role; may be given more than once.")
@click.option("--specialty", "specialties", multiple=True)
@click.option("--task", "tasks", multiple=True, help='Code of the open task: "shift-handoff" or "system|code".')
@click.option("--often", multiple=True, help="Code of a task this person often does.")
@click.option("--intent")
@click.option("--placement")
@click.option("--encounter-class", "encounter_class", help="v3-ActCode, as IMP.")
@click.option("--care-setting", "care_setting")
@click.option("--finished", multiple=True, metavar="TUTORIAL", help="Finished by this person, in today's version.")
@click.option("--hidden", multiple=True, metavar="TUTORIAL", help="Put away by this person.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="Another day than today.")
def explain(
    tutorial: str,
    name: str,
    roles: tuple[str, ...],
    specialties: tuple[str, ...],
    tasks: tuple[str, ...],
    often: tuple[str, ...],
    intent: str | None,
    placement: str | None,
    encounter_class: str | None,
    care_setting: str | None,
    finished: tuple[str, ...],
    hidden: tuple[str, ...],
    today: datetime | None,
) -> None:
    """Say rule by rule why TUTORIAL shows, or does not, to a person in a situation."""
    from smart_app.library.choosing import choose_for, explain_for, newest_versions
    from smart_app.library.reading import NoSuchTutorial
    from smart_app.library.targeting import Situation, because

    situation = Situation(
        today=(today or datetime.now(UTC)).date(),
        job_roles=roles,
        specialties=frozenset(specialties),
        task_open=bool(tasks),
        task_codes=frozenset(map(_task_code, tasks)),
        frequent_task_codes=frozenset(map(_task_code, often)),
        intent=intent,
        placement=placement,
        encounter_class=encounter_class,
        care_setting=care_setting,
        dismissed=frozenset(hidden),
    )
    with _writing() as session:
        organization = _organization(session, name)
        try:
            newest = newest_versions(session, organization=organization, tutorials=(tutorial, *finished, *hidden))
        except NoSuchTutorial as error:
            raise click.ClickException(f'"{error}" is not published at {name}.') from error
        situation = replace(situation, learned=frozenset((each, newest[each]) for each in finished))
        rules = explain_for(session, organization=organization, tutorial=tutorial, situation=situation)
        choices = choose_for(session, organization=organization, situation=situation)
    for rule in rules:
        click.echo(f"{'passed' if rule.passed else 'FAILED'}  {rule.rule:<16} {rule.words}")
    ranked = {choice.tutorial: number for number, choice in enumerate(choices, 1)}
    if tutorial in ranked:
        click.echo(f"\nIt shows, as number {ranked[tutorial]} of {len(choices)}.")
        click.echo(because(choices[ranked[tutorial] - 1].reasons))
    elif all(rule.passed for rule in rules):
        click.echo(f"\nIt fits, but {', '.join(ranked)} rank before it and at most three show.")
    else:
        click.echo("\nIt does not show.")


def _keys() -> KeyRing | None:
    """To know pictures that this installation made; None where it has no keys yet."""
    path = load_settings().keys
    return KeyRing.load(path) if path.exists() else None


def _print_differences(here: dict[str, bytes], given: dict[str, bytes]) -> None:
    from smart_app.library.differences import differences

    for each in differences(here, given):
        if each.what in ("new", "changed"):
            click.echo(f"{each.what:<10} {each.name} (+{each.added} -{each.gone} lines)")
            for line in each.lines:
                click.echo(f"           {line}")


@contextmanager
def _plain_refusals() -> Iterator[None]:
    from smart_app.library.archive import ArchiveRefused
    from smart_app.library.exporting import NotPlain

    try:
        yield
    except (ArchiveRefused, NotPlain, NotADirectoryError) as error:
        raise click.ClickException(str(error)) from error


def _task_code(text: str) -> str:
    return text if "|" in text else f"{TASK_SYSTEM}|{text}"


def _read_local(path: Path | None) -> LocalFile:
    if path is None:
        return LocalFile()
    found = Findings(path.name)
    try:
        values = read_local(path.read_text(encoding="utf-8"), found)
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path.name} is not UTF-8 text.") from error
    if found.found:
        _print(found.in_order())
        raise click.ClickException("Nothing was imported.")
    return values


def _print(findings: list[Finding]) -> None:
    for finding in findings:
        click.echo(str(finding))


def _organization(session: Session, name: str) -> UUID:
    from smart_app.organizations.verbs import NoSuchOrganization, get_organization

    try:
        return get_organization(session, name=name)
    except NoSuchOrganization as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _writing() -> Iterator[Session]:
    database = Database(load_settings().database_url)
    try:
        with database.writing() as session:
            yield session
    finally:
        database.dispose()


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
