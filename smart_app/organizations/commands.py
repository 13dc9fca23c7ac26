"""`preceptor organization`, `preceptor ehr`, `preceptor report`: what an EHR analyst does."""

from collections.abc import Iterator
from dataclasses import replace

import click
from sqlalchemy import select

from launch.scopes import MAY_BE_LEFT_OUT
from launch.stores import Registration
from smart_app.config import load_settings
from smart_app.keys import KeyRing
from smart_app.organizations import verbs
from smart_app.organizations.change_commands import change
from smart_app.organizations.command_sessions import actor, reading, writing
from smart_app.organizations.ehr_features import FEATURES, scopes_of
from smart_app.organizations.ehr_options import check_addresses, check_left_out, check_metadata, read_secret
from smart_app.organizations.ehr_sheet import STAGES, Entry, sheet
from smart_app.organizations.models import EhrRegistration, LaunchReportRow, Organization
from smart_app.organizations.registration_rows import registration_of

_AUTH = click.Choice(["public", "client_secret_basic", "private_key_jwt"])
_FEATURE = click.Choice(sorted(FEATURES))
_LEFT_OUT = click.Choice(MAY_BE_LEFT_OUT)


@click.group()
def organization() -> None:
    """Add and list organizations."""


@organization.command("add")
@click.argument("name")
def add_organization(name: str) -> None:
    """Add an organization with the shipped job roles and their codes."""
    with writing() as session:
        verbs.add_organization(session, name=name, actor=actor())
    click.echo(f"Added: {name}. Next: preceptor ehr add --organization {name!r} ...")


@organization.command("list")
def list_organizations() -> None:
    """Names of all organizations."""
    with reading() as session:
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
@click.option("--auth", type=_AUTH, default="public", show_default=True)
@click.option("--signing-algorithm", type=click.Choice(["ES384", "RS384"]), default="ES384", show_default=True)
@click.option("--client-secret-stdin", is_flag=True, help="Read the client secret from standard input.")
@click.option("--callback", default="ehr", show_default=True, help="Slug of the redirect URI.")
@click.option("--token-issuer", help="The iss of id_tokens where it differs from what the EHR advertises.")
@click.option("--jwks-uri", help="Keys of the id_token's issuer where they differ from what the EHR advertises.")
@click.option("--scopes", type=click.Choice(["v1", "v2"]), default="v2", show_default=True)
@click.option("--legacy-metadata", is_flag=True, help="Discover by /metadata where smart-configuration is missing.")
@click.option("--frame-ancestor", multiple=True, help="Origin that shows the app in a frame; may be given again.")
@click.option(
    "--style-origin", multiple=True, help="Origin of the EHR's style beside the FHIR base; may be given again."
)
@click.option("--feature", multiple=True, type=_FEATURE, help="Turn on what needs more scopes; may be given again.")
@click.option(
    "--without-scope",
    multiple=True,
    type=_LEFT_OUT,
    help="Do not ask for this resource (nor read it); may be given again.",
)
@click.option("--stage", type=click.Choice(STAGES), default="production", show_default=True)
@click.option("--backend-client-id", help="Client id of Backend Services: roster and assignments.")
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
    style_origin: tuple[str, ...],
    feature: tuple[str, ...],
    without_scope: tuple[str, ...],
    stage: str,
    backend_client_id: str | None,
) -> None:
    """Register an EHR, and print what to enter on its side."""
    check_addresses(
        iss=iss,
        callback=callback,
        frame_ancestors=frame_ancestor,
        style_origins=style_origin,
        issuer_and_keys=(token_issuer, jwks_uri),
    )
    check_metadata(legacy_metadata=legacy_metadata, jwks_uri=jwks_uri)
    check_left_out(feature, without_scope)
    secret = read_secret(auth=auth, from_stdin=client_secret_stdin)
    settings = load_settings()
    with writing() as session:
        tenant = verbs.get_organization(session, name=organization)
        registration = Registration(
            id="",
            organization=tenant.hex,
            name=name,
            iss=iss,
            client_id=client_id,
            auth=auth,  # type: ignore[arg-type]  # click has checked it
            signing_algorithm=signing_algorithm,  # type: ignore[arg-type]
            client_secret=secret,
            callback=callback,
            token_issuer=token_issuer,
            jwks_uri=jwks_uri,
            scopes=scopes,  # type: ignore[arg-type]
            legacy_metadata=legacy_metadata,
            frame_ancestors=frame_ancestor,
            extra_scopes=scopes_of(feature),
            without_scopes=without_scope,
            style_origins=style_origin,
            backend_client_id=backend_client_id,
        )
        keys = KeyRing.load(settings.keys)
        verbs.register_ehr(session, registration=registration, keys=keys, actor=actor(), stage=stage)
    click.echo(f"Registered: {name}. Enter on the EHR's side:")
    click.echo(f"  launch URL    {settings.base_url}/launch")
    click.echo(f"  redirect URI  {settings.base_url}/launch/callback/{callback}")
    if auth == "private_key_jwt" or backend_client_id:
        click.echo(f"  key set       {settings.base_url}/.well-known/jwks.json")
    click.echo(f"The whole list, with the reason for each scope: preceptor ehr sheet {name!r}")


@ehr.command("list")
@click.option("--organization", help="Of this organization only.")
def list_ehrs(organization: str | None) -> None:
    """Registered EHRs: organization, name, issuer, way of signing in."""
    query = select(Organization.name, EhrRegistration).join(
        EhrRegistration, EhrRegistration.organization == Organization.organization
    )
    if organization:
        query = query.where(Organization.name == organization)
    with reading() as session:
        for tenant, row in session.execute(query.order_by(Organization.name, EhrRegistration.name)):
            click.echo(f"{tenant}\t{row.name}\t{row.iss}\t{row.auth}")


@ehr.command("sheet")
@click.argument("name")
@click.option("--organization", help="Of this organization only.")
@click.option("--other-base-url", metavar="URL", help="Address of your Preceptor of the other stage.")
@click.option("--auth", type=_AUTH, default="private_key_jwt", show_default=True, help="Of a draft.")
@click.option("--scopes", type=click.Choice(["v1", "v2"]), default="v2", show_default=True, help="Of a draft.")
@click.option("--callback", default="ehr", show_default=True, help="Of a draft.")
@click.option("--feature", multiple=True, type=_FEATURE, help="Of a draft.")
@click.option("--without-scope", multiple=True, type=_LEFT_OUT, help="Of a draft.")
@click.option("--stage", type=click.Choice(STAGES), default="production", show_default=True, help="Of a draft.")
def print_sheet(
    name: str,
    organization: str | None,
    other_base_url: str | None,
    auth: str,
    scopes: str,
    callback: str,
    feature: tuple[str, ...],
    without_scope: tuple[str, ...],
    stage: str,
) -> None:
    """What an analyst must register at the EHR called NAME, test and production apart.

    Where no EHR of that name is registered here yet, a draft to give to the EHR.
    """
    base_url = load_settings().base_url
    query = select(EhrRegistration).where(EhrRegistration.name == name)
    with reading() as session:
        if organization:
            query = query.where(EhrRegistration.organization == verbs.get_organization(session, name=organization))
        rows = session.scalars(query.order_by(EhrRegistration.created_at)).all()
    entries = [
        Entry(stage=row.stage, registration=registration_of(row, secret=None), base_url=base_url) for row in rows
    ]
    if not entries:
        draft = Registration(id="", organization="", name=name, iss="", client_id="", callback=callback)
        check_left_out(feature, without_scope)
        more = {"extra_scopes": scopes_of(feature), "without_scopes": without_scope}
        asked = replace(draft, auth=auth, scopes=scopes, **more)  # type: ignore[arg-type]
        entries = [Entry(stage=stage, registration=asked, base_url=base_url, registered=False)]
    click.echo("\n".join(sheet(name, entries, other_base_url=other_base_url)))


ehr.add_command(change)


@ehr.command("remove")
@click.option("--organization", required=True)
@click.option("--name", required=True)
def remove_ehr(organization: str, name: str) -> None:
    """Refuse launches from this EHR from now on. What was recorded stays."""
    with writing() as session:
        tenant = verbs.get_organization(session, name=organization)
        verbs.remove_ehr(session, organization=tenant, name=name, actor=actor())
    click.echo(f"Removed: {name}. Workers refuse it within two seconds.")


@click.command()
@click.argument("reference")
def report(reference: str) -> None:
    """Print the launch report with this REFERENCE (as on the page, say 7F3K-92QD)."""
    with reading() as session:
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
