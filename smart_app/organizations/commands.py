"""`preceptor organization`, `preceptor ehr`, `preceptor report`: what an EHR analyst does."""

import getpass
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import click
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from launch.discovery import is_plausible_iss
from launch.stores import Registration
from smart_app.config import SettingsError, load_settings
from smart_app.db import closing_database
from smart_app.keys import KeyRing, KeysError
from smart_app.organizations import verbs
from smart_app.organizations.models import EhrRegistration, LaunchReportRow, Organization

_NEXT = "is not built yet. This release takes {}."
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


@click.group()
def organization() -> None:
    """Add and list organizations."""


@organization.command("add")
@click.argument("name")
def add_organization(name: str) -> None:
    """Add an organization with the shipped job roles and their codes."""
    with _writing() as session:
        verbs.add_organization(session, name=name, actor=_actor())
    click.echo(f"Added: {name}. Next: preceptor ehr add --organization {name!r} ...")


@organization.command("list")
def list_organizations() -> None:
    """Names of all organizations."""
    with _reading() as session:
        for name in session.scalars(select(Organization.name).order_by(Organization.name)):
            click.echo(name)


@click.group()
def ehr() -> None:
    """Register EHRs."""


@ehr.command("add")
@click.option("--organization", required=True, help="Name of the organization.")
@click.option("--name", required=True, help="What people call this EHR; shown on error pages.")
@click.option("--iss", required=True, help="The FHIR base, exactly as the EHR sends it.")
@click.option("--client-id", required=True, help="As the EHR registered this app.")
@click.option(
    "--auth",
    type=click.Choice(["public", "client_secret_basic", "private_key_jwt"]),
    default="public",
    show_default=True,
)
@click.option("--signing-algorithm", type=click.Choice(["ES384", "RS384"]), default="ES384", show_default=True)
@click.option("--client-secret-stdin", is_flag=True, help="Read the client secret from standard input.")
@click.option("--callback", default="ehr", show_default=True, help="Slug of the redirect URI.")
@click.option("--token-issuer", help="The iss of id_tokens where it differs from what the EHR advertises.")
@click.option("--jwks-uri", help="Keys of the id_token's issuer where they differ from what the EHR advertises.")
@click.option("--scopes", type=click.Choice(["v1", "v2"]), default="v2", show_default=True)
@click.option("--legacy-metadata", is_flag=True, help="Discover by /metadata where smart-configuration is missing.")
@click.option("--frame-ancestor", multiple=True, help="Origin that shows the app in a frame; may be given again.")
@click.option("--backend-client-id", help="Client id of Backend Services.")
def add_ehr(
    organization: str,
    name: str,
    iss: str,
    client_id: str,
    auth: str,
    signing_algorithm: str,
    client_secret_stdin: bool,
    callback: str,
    token_issuer: str | None,
    jwks_uri: str | None,
    scopes: str,
    legacy_metadata: bool,
    frame_ancestor: tuple[str, ...],
    backend_client_id: str | None,
) -> None:
    """Register an EHR, and print what to enter on its side."""
    _refuse_what_is_not_built(auth, client_secret_stdin, scopes, legacy_metadata, backend_client_id)
    _check_addresses(iss, callback, frame_ancestor, (token_issuer, jwks_uri))
    settings = load_settings()
    with _writing() as session:
        tenant = verbs.get_organization(session, name=organization)
        registration = Registration(
            id="",
            organization=tenant.hex,
            name=name,
            iss=iss,
            client_id=client_id,
            auth=auth,  # type: ignore[arg-type]  # click has checked it
            signing_algorithm=signing_algorithm,  # type: ignore[arg-type]
            callback=callback,
            token_issuer=token_issuer,
            jwks_uri=jwks_uri,
            frame_ancestors=frame_ancestor,
        )
        verbs.register_ehr(session, registration=registration, keys=KeyRing.load(settings.keys), actor=_actor())
    click.echo(f"Registered: {name}. Enter on the EHR's side:")
    click.echo(f"  launch URL    {settings.base_url}/launch")
    click.echo(f"  redirect URI  {settings.base_url}/launch/callback/{callback}")
    if auth == "private_key_jwt":
        click.echo(f"  key set       {settings.base_url}/.well-known/jwks.json")


@ehr.command("list")
@click.option("--organization", help="Of this organization only.")
def list_ehrs(organization: str | None) -> None:
    """Registered EHRs: organization, name, issuer, way of signing in."""
    query = select(Organization.name, EhrRegistration).join(
        EhrRegistration, EhrRegistration.organization == Organization.organization
    )
    if organization:
        query = query.where(Organization.name == organization)
    with _reading() as session:
        for tenant, row in session.execute(query.order_by(Organization.name, EhrRegistration.name)):
            click.echo(f"{tenant}\t{row.name}\t{row.iss}\t{row.auth}")


@ehr.command("remove")
@click.option("--organization", required=True)
@click.option("--name", required=True)
def remove_ehr(organization: str, name: str) -> None:
    """Refuse launches from this EHR from now on. What was recorded stays."""
    with _writing() as session:
        tenant = verbs.get_organization(session, name=organization)
        verbs.remove_ehr(session, organization=tenant, name=name, actor=_actor())
    click.echo(f"Removed: {name}. Workers refuse it within two seconds.")


@click.command()
@click.argument("reference")
def report(reference: str) -> None:
    """Print the launch report with this REFERENCE (as on the page, say 7F3K-92QD)."""
    with _reading() as session:
        row = session.scalar(select(LaunchReportRow).where(LaunchReportRow.reference == reference.strip().upper()))
    if row is None:
        raise click.ClickException(f"No report {reference}. Reports are kept 30 days, and at most so many a minute.")
    click.echo("\n".join(_report_lines(row)))


def _report_lines(row: LaunchReportRow) -> Iterator[str]:
    yield f"Launch {row.reference} of {row.started_at:%d %b %Y, %H:%M:%S} UTC: {row.outcome}, {row.milliseconds} ms"
    yield f"EHR: {row.ehr_name or 'not registered here'}"
    if row.error:
        yield f"Error: {row.error}: {row.reason or 'no more is known'}"
    yield "Steps:"
    for step in row.steps:
        detail = f"  ({step['detail']})" if step.get("detail") else ""
        yield f"  {step['outcome']:<10} {step['milliseconds']:>6} ms  {step['name']}{detail}"
    yield from (f"Missing: {text}" for text in row.missing)


def _refuse_what_is_not_built(
    auth: str, client_secret_stdin: bool, scopes: str, legacy_metadata: bool, backend_client_id: str | None
) -> None:
    if auth == "client_secret_basic" or client_secret_stdin:
        raise click.ClickException("client_secret_basic " + _NEXT.format("--auth public and --auth private_key_jwt"))
    if scopes == "v1":
        raise click.ClickException("--scopes v1 " + _NEXT.format("--scopes v2"))
    if legacy_metadata:
        raise click.ClickException("--legacy-metadata " + _NEXT.format("EHRs with .well-known/smart-configuration"))
    if backend_client_id:
        raise click.ClickException("--backend-client-id " + _NEXT.format("launches by people"))


def _check_addresses(iss: str, callback: str, ancestors: tuple[str, ...], others: tuple[str | None, ...]) -> None:
    if not is_plausible_iss(iss):
        raise click.BadParameter("write the FHIR base as https://ehr.example.org/fhir", param_hint="--iss")
    if not _SLUG.fullmatch(callback):
        raise click.BadParameter('lower-case letters, digits and "-" only', param_hint="--callback")
    for origin in ancestors:
        if not _is_origin(origin):
            raise click.BadParameter(
                f"{origin}: write an origin, https://ehr.example.org", param_hint="--frame-ancestor"
            )
    for address in others:
        if address is not None and urlsplit(address).scheme not in {"https", "http"}:
            raise click.BadParameter(f"{address} is no address", param_hint="--token-issuer, --jwks-uri")


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    plain = text == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc
    # It is written into a header: nothing that could end the directive, and no wildcard over the whole web.
    return (
        plain
        and parts.scheme in {"https", "http"}
        and re.fullmatch(r"(\*\.)?[A-Za-z0-9.-]+(:\d+)?", parts.netloc) is not None
    )


def _actor() -> str:
    return f"command line ({getpass.getuser()})"


@contextmanager
def _writing() -> Iterator[Session]:
    """A session that commits at the end, with our own errors as the command's."""
    with _plain_errors(), closing_database(load_settings().database_url) as database, database.writing() as session:
        yield session
        session.commit()


@contextmanager
def _reading() -> Iterator[Session]:
    with _plain_errors(), closing_database(load_settings().database_url) as database, database.reading() as session:
        yield session


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except (verbs.NameTaken, LookupError, KeysError, SettingsError) as error:
        raise click.ClickException(str(error)) from error
    except (OperationalError, ProgrammingError) as error:
        raise click.ClickException(
            f"The database refused: {error.orig}. Not migrated? Run: preceptor migrate"
        ) from error
