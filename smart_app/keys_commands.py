"""`preceptor keys`: make the key file, and rotate what is in it."""

from collections.abc import Callable
from importlib import import_module

import click

from smart_app import keys as key_file
from smart_app.config import load_settings
from smart_app.db import Database, closing_database
from smart_app.keys import KeyRing

Reencrypt = Callable[..., int]

ENCRYPTED_AT_REST = (
    ("EHR client secrets", "smart_app.organizations.secrets_at_rest:reencrypt"),
    ("tokens of EHRs", "smart_app.organizations.kept_tokens:reencrypt"),
    ("names of who holds a permission", "smart_app.organizations.grants:reencrypt"),
    ("names and numbers on the roster", "smart_app.organizations.roster.sealing:reencrypt"),
    ("roster files under way", "smart_app.organizations.roster.uploads:reencrypt"),
    ("acts that can be undone", "smart_app.studio.undo_at_rest:reencrypt"),
    ("learner keys of the ledger", "smart_app.ledger.learner_keys:reencrypt"),
)
"""Every place that keeps ciphertext: (what, function(session, *, keys) -> rows rewritten)."""


@click.group()
def keys() -> None:
    """Make and rotate keys."""


@keys.command()
def generate() -> None:
    """Write a new key file, readable by this user only."""
    path = load_settings().keys
    try:
        key_file.generate(path)
    except FileExistsError:
        raise click.ClickException(f"{path} exists already. To replace its keys run: preceptor keys rotate") from None
    click.echo(f"Keys written to {path}. Keep a copy apart from the database's backup.")


@keys.command()
def rotate() -> None:
    """Add a new key for each use, and encrypt what is at rest with the new one.

    Old signing keys stay published and old hashing keys still match.
    """
    settings = load_settings()
    try:
        key_file.rotate(settings.keys)
        ring = KeyRing.load(settings.keys)
    except key_file.KeysError as error:
        raise click.ClickException(str(error)) from error
    with closing_database(settings.database_url) as database:
        for what, where in ENCRYPTED_AT_REST:
            click.echo(f"{what}: {_rewrite(database, ring, where)} encrypted anew")
    click.echo("Rotated. Running workers use the new keys at once; give EHRs the JWKS address, not a copy.")


def _rewrite(database: Database, ring: KeyRing, where: str) -> int:
    module, _, name = where.partition(":")
    reencrypt: Reencrypt = getattr(import_module(module), name)
    with database.writing() as session:
        rewritten = reencrypt(session, keys=ring)
        session.commit()
    return rewritten
