"""Sessions of the commands: whose act it is, and errors in words."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from smart_app.config import SettingsError, load_settings
from smart_app.db import closing_database
from smart_app.keys import KeysError
from smart_app.organizations import verbs


def actor() -> str:
    """Who stands in the audit for what a command does."""
    return f"command line ({getpass.getuser()})"


@contextmanager
def writing() -> Iterator[Session]:
    """A session that commits at the end, with our own errors as the command's."""
    with plain_errors(), closing_database(load_settings().database_url) as database, database.writing() as session:
        yield session
        session.commit()


@contextmanager
def reading() -> Iterator[Session]:
    """A session for reading, with our own errors as the command's."""
    with plain_errors(), closing_database(load_settings().database_url) as database, database.reading() as session:
        yield session


@contextmanager
def plain_errors() -> Iterator[None]:
    """Our own errors, and the database's, as the command's."""
    try:
        yield
    except (verbs.NameTaken, LookupError, KeysError, SettingsError) as error:
        raise click.ClickException(str(error)) from error
    except (OperationalError, ProgrammingError) as error:
        raise click.ClickException(
            f"The database refused: {error.orig}. Not migrated? Run: preceptor migrate"
        ) from error
