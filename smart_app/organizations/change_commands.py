"""`preceptor ehr change`: what changes at an EHR after it was registered."""

from dataclasses import replace
from typing import Any

import click

from launch.scopes import MAY_BE_LEFT_OUT
from smart_app.config import load_settings
from smart_app.keys import KeyRing
from smart_app.organizations import verbs
from smart_app.organizations.changing import BASIC, EhrChange, NothingToChange, change_ehr, get_registration
from smart_app.organizations.command_sessions import actor, writing
from smart_app.organizations.ehr_features import FEATURES, features_of, scopes_of
from smart_app.organizations.ehr_options import check_left_out, check_origins, read_secret
from smart_app.organizations.models import EhrRegistration
from smart_app.organizations.registration_rows import registration_of

AUTH = click.Choice(["public", BASIC, "private_key_jwt"])
_ASKED_OF_THE_EHR = {"auth", "scopes", "extra_scopes", "without_scopes", "signing_algorithm"}


@click.command("change")
@click.option("--organization", required=True, help="Name of the organization.")
@click.option("--name", required=True, help="Name of the EHR as it is registered here.")
@click.option("--auth", type=AUTH, help="Another way to sign in at the token endpoint.")
@click.option("--signing-algorithm", type=click.Choice(["ES384", "RS384"]))
@click.option("--client-secret-stdin", is_flag=True, help="Read a new client secret; the present one stays beside it.")
@click.option("--drop-earlier-secret", is_flag=True, help="End a rotation: the EHR takes the new secret.")
@click.option("--scopes", type=click.Choice(["v1", "v2"]))
@click.option("--feature", multiple=True, type=click.Choice(sorted(FEATURES)), help="All that shall be on.")
@click.option("--no-features", is_flag=True, help="Turn all of them off.")
@click.option(
    "--without-scope", multiple=True, type=click.Choice(MAY_BE_LEFT_OUT), help="All that shall not be asked for."
)
@click.option("--all-scopes", is_flag=True, help="Leave none out any more.")
@click.option(
    "--frame-ancestor", multiple=True, help="All origins that may show the app in a frame, in place of before."
)
@click.option("--no-frame", is_flag=True, help="No page may be framed.")
@click.option("--style-origin", multiple=True, help="All origins of the EHR's style, in place of before.")
def change(
    organization: str,
    name: str,
    client_secret_stdin: bool,
    drop_earlier_secret: bool,
    **given: Any,
) -> None:
    """Change a registered EHR. What is not given stays; lists are given whole."""
    if client_secret_stdin and drop_earlier_secret:
        raise click.UsageError("Rotate first, then, when the EHR takes the new secret, --drop-earlier-secret.")
    columns = _columns(given)
    keys = KeyRing.load(load_settings().keys)
    with writing() as session:
        row = get_registration(session, organization=verbs.get_organization(session, name=organization), name=name)
        _check(row, columns)
        _check_left_out(row, columns)
        auth = columns.get("auth", row.auth)
        secret = read_secret(auth=auth, from_stdin=True) if client_secret_stdin else None
        asked = EhrChange(columns=columns, client_secret=secret, drop_earlier_secret=drop_earlier_secret)
        try:
            done = change_ehr(session, row=row, change=asked, keys=keys, actor=actor())
        except NothingToChange as error:
            raise click.ClickException(str(error)) from error
    _tell(name, done, columns, rotated=secret is not None)


def _columns(given: dict[str, Any]) -> dict[str, Any]:
    """Columns and their new values, of the options that were given."""
    for some, none in (("feature", "no_features"), ("frame_ancestor", "no_frame"), ("without_scope", "all_scopes")):
        if given[some] and given[none]:
            raise click.UsageError(f"--{some.replace('_', '-')} and --{none.replace('_', '-')} exclude each other.")
    columns: dict[str, Any] = {name: given[name] for name in ("auth", "signing_algorithm", "scopes") if given[name]}
    if given["feature"] or given["no_features"]:
        columns["extra_scopes"] = list(scopes_of(given["feature"]))
    if given["without_scope"] or given["all_scopes"]:
        columns["without_scopes"] = list(given["without_scope"])
    if given["frame_ancestor"] or given["no_frame"]:
        columns["frame_ancestors"] = list(given["frame_ancestor"])
    if given["style_origin"]:
        columns["style_origins"] = list(given["style_origin"])
    return columns


def _check(row: EhrRegistration, columns: dict[str, Any]) -> None:
    check_origins(
        frame_ancestors=tuple(columns.get("frame_ancestors", row.frame_ancestors)),
        style_origins=tuple(columns.get("style_origins", row.style_origins)),
    )


def _check_left_out(row: EhrRegistration, columns: dict[str, Any]) -> None:
    """What is on and what is left out, as they will be after the change."""
    scopes = columns.get("extra_scopes", row.extra_scopes)
    registration = replace(registration_of(row, secret=None), extra_scopes=tuple(scopes))
    check_left_out(features_of(registration), columns.get("without_scopes", row.without_scopes))


def _tell(name: str, done: tuple[str, ...], columns: dict[str, Any], *, rotated: bool) -> None:
    click.echo(f"Changed: {name}. Workers follow within two seconds.")
    for line in done:
        click.echo(f"  {line}")
    if not _ASKED_OF_THE_EHR.isdisjoint(columns):
        click.echo(f"The EHR must know it too: preceptor ehr sheet {name!r}")
    if rotated:
        click.echo("When launches pass with the new secret (their reports name no fallback at the step token):")
        click.echo("  preceptor ehr change --organization ... --name ... --drop-earlier-secret")
