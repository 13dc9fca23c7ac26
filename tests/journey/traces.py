"""Where planted values could have got to: database, logs, addresses, Referer, exports, backup."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote_plus, urlsplit

from sqlalchemy import MetaData

from smart_app.db import Database
from tests.plugins.browser import Browser
from tests.plugins.servers import ORGANIZATION, App


def find_traces(planted: Mapping[str, str], *, app: App, browser: Browser) -> list[str]:
    """Say each place that holds a planted value; [] where none does. Stops the app, so that files are whole."""
    places = {
        "usage export, csv": app.command("usage", "export", "--organization", ORGANIZATION, "--format", "csv"),
        "usage export, ndjson": app.command("usage", "export", "--organization", ORGANIZATION, "--format", "ndjson"),
        "address of a page": "\n".join(addresses(browser, app)),
        "Referer": "\n".join(passed.referer for passed in browser.proxy.passed),
    }
    app.stop()
    places["log"] = app.log.read_text()
    database = Database(app.url_of_database)
    places["database"] = rows(database)
    places["backup"] = raw_backup(database)
    database.dispose()
    assert all(places[name] for name in ("log", "database", "backup", "address of a page"))
    return [f"{what} in {place}" for what, value in planted.items() for place, text in places.items() if value in text]


def addresses(browser: Browser, app: App) -> list[str]:
    """Every address of the app that the browser asked for or stands at.

    Left out are the query strings of two requests, which OAuth puts there and which the log and the browser's
    history must not keep: the launch itself, and the EHR's redirect to the callback.
    """
    asked = [passed.url for passed in browser.proxy.passed if passed.url.startswith(app.base_url)]
    by_protocol = ("/launch", "/launch/callback/")
    kept = [url for url in asked if not (urlsplit(url).query and urlsplit(url).path.startswith(by_protocol))]
    stand = [frame.url for page in browser.context.pages for frame in page.frames if frame.url.startswith(app.base_url)]
    return [unquote_plus(url) for url in (*kept, *stand)]


def rows(database: Database) -> str:
    """All rows of all tables, as text."""
    tables = MetaData()
    tables.reflect(database.engine)
    lines = []
    with database.engine.connect() as connection:
        for table in tables.sorted_tables:
            lines += [f"{table.name}: {tuple(row)!r}" for row in connection.execute(table.select())]
    return "\n".join(lines)


def raw_backup(database: Database) -> str:
    """The SQLite file with whatever lies beside it, or a `pg_dump`: deleted rows and free pages too."""
    url = database.engine.url
    if database.is_sqlite:
        files = sorted(Path(str(url.database)).parent.glob(f"{Path(str(url.database)).name}*"))
        return "".join(path.read_bytes().decode("latin-1") for path in files)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))
    pg_dump = shutil.which("pg_dump") or str(found[-1])
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run([pg_dump, plain], capture_output=True, text=True, check=True, env=dict(os.environ))
    return done.stdout
