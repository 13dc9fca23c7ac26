"""`preceptor migrate`."""

import click

from smart_app.migrations.schema import head


@click.command()
def migrate() -> None:
    """Bring the database to this version. Safe to run twice, and from two machines at once."""
    from smart_app.config import load_settings
    from smart_app.db import Database
    from smart_app.migrations.running import migrate_database

    database = Database(load_settings().database_url)
    try:
        migrate_database(database)
    finally:
        database.dispose()
    click.echo(f"The database is at step {head()}.")
