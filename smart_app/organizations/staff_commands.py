"""`preceptor staff`: who may do what in the studio. The first analyst of an organization is made here."""

from collections.abc import Callable
from typing import Any

import click

from smart_app.config import load_settings
from smart_app.keys import KeyRing
from smart_app.organizations import verbs
from smart_app.organizations.command_sessions import actor, reading, writing
from smart_app.organizations.grants import Holder, LastAnalyst, grant_to, holders, revoke_from
from smart_app.organizations.naming import NamedPerson, UnfitName, code_of, person_named
from smart_app.organizations.permissions import Permission

_PERMISSION = click.Choice([permission.value for permission in Permission])


def _names_a_person(command: Callable[..., None]) -> Callable[..., None]:
    """The options of grant and revoke."""
    options = (
        click.option("--organization", required=True, help="Name of the organization."),
        click.option("--permission", "permissions", required=True, multiple=True, type=_PERMISSION),
        click.option("--practitioner", help="Id of the person's Practitioner in the EHR."),
        click.option("--ehr-user", help="The person's user name in the EHR."),
        click.option("--npi", help="The person's NPI."),
        click.option("--code", help="The code that the studio shows to the person."),
        click.option("--ehr", help="Name of the EHR, where several are registered."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def staff() -> None:
    """Say who may do what in the studio."""


@staff.command("grant")
@_names_a_person
def grant_permission(organization: str, permissions: tuple[str, ...], ehr: str | None, **named: str | None) -> None:
    """Grant a permission to one person, who need not have been here yet.

    \b
    preceptor staff grant --organization Lakeside --permission analyst --ehr-user okafor
    """
    keys = KeyRing.load(load_settings().keys)
    with writing() as session:
        tenant = verbs.get_organization(session, name=organization)
        person = _person(session, tenant, ehr, named)
        for permission in map(Permission, permissions):
            learner = grant_to(
                session, organization=tenant, person=person, permission=permission, actor=actor(), keys=keys
            )
    when = "" if learner else " Nobody so named was here yet: it is theirs from their first launch on."
    click.echo(f"Granted to {person.words}: {', '.join(permissions)}.{when}")


@staff.command("revoke")
@_names_a_person
def revoke_permission(organization: str, permissions: tuple[str, ...], ehr: str | None, **named: str | None) -> None:
    """Take a permission back, at once, also in visits that are open."""
    keys = KeyRing.load(load_settings().keys)
    with writing() as session:
        tenant = verbs.get_organization(session, name=organization)
        person = _person(session, tenant, ehr, named)
        for permission in map(Permission, permissions):
            key: dict[str, Any] = {"organization": tenant, "person": person, "permission": permission}
            try:
                held = revoke_from(session, **key, actor=actor(), keys=keys)
            except LastAnalyst as error:
                raise click.ClickException(str(error)) from error
            if not held:
                raise click.ClickException(f"{person.words} does not hold: {permission}. See: preceptor staff list")
    click.echo(f"Revoked from {person.words}: {', '.join(permissions)}.")


@staff.command("list")
@click.option("--organization", required=True, help="Name of the organization.")
def list_staff(organization: str) -> None:
    """Who holds a permission, under which name it was granted, and who waits for a first launch."""
    keys = KeyRing.load(load_settings().keys)
    with reading() as session:
        tenant = verbs.get_organization(session, name=organization)
        for holder in holders(session, organization=tenant, keys=keys):
            click.echo(_line(holder))


def _line(holder: Holder) -> str:
    who = f"code {code_of(holder.learner)}" if holder.learner else "not here yet"
    granted = f"since {holder.since:%Y-%m-%d}, by {holder.granted_by}"
    return "\t".join(("; ".join(holder.words) or "-", who, ", ".join(holder.permissions), granted))


def _person(session: Any, organization: Any, ehr: str | None, named: dict[str, str | None]) -> NamedPerson:
    given = {by: value for by, value in named.items() if value}
    if len(given) != 1:
        raise click.UsageError("Name the person by one of: --practitioner, --ehr-user, --npi, --code.")
    [(by, value)] = given.items()
    try:
        return person_named(session, organization=organization, by=by, value=value, ehr=ehr)
    except UnfitName as error:
        raise click.ClickException(str(error)) from error
