"""`preceptor demo`: a sandbox EHR and the app on this machine, set up and started; prints one URL.

The EHR is on 127.0.0.1 and the app on localhost: two sites for a browser, so that the app is in a
cross-site frame as it would be in a hospital, and both without TLS.
Everything is kept in one folder; a second run goes on where the first ended.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from launch.stores import Registration
from smart_app import keys as key_file
from smart_app.config import Settings
from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.organizations import verbs
from smart_app.organizations.grants import grant_to
from smart_app.organizations.models import EhrRegistration
from smart_app.organizations.naming import person_named
from smart_app.organizations.permissions import Permission

ORGANIZATION = "Lakeside demo"
EHR_NAME = "Lakeside demo EHR"
REVIEWER = "Demo reviewer"
CLIENT_ID = "preceptor-demo"
STUDIO = {
    "prac-oconnell-team-leader": (Permission.TRAINER, Permission.ANALYST, Permission.LEADER),
    "prac-okafor-physician": (Permission.REVIEWER,),
}
"""Practitioner in the sandbox -> what they may do in the studio."""
_ACTOR = "demo"
_ROOT = Path(__file__).resolve().parents[1]
_LOCAL = _ROOT / "fixtures" / "demo" / "local.yaml"
_START_SECONDS = 60.0
_STOP_SECONDS = 25.0


@dataclass(frozen=True, kw_only=True)
class Demo:
    """Where the demo lives."""

    port: int
    ehr_port: int
    fhir: str | None
    settings: Settings

    @property
    def ehr_origin(self) -> str:
        """Origin of the sandbox EHR."""
        return f"http://127.0.0.1:{self.ehr_port}"


@click.command()
@click.option("--port", default=8000, show_default=True, help="Of the app, on localhost.")
@click.option("--ehr-port", default=9000, show_default=True, help="Of the sandbox EHR, on 127.0.0.1.")
@click.option("--fhir", metavar="URL", help="An R4 base to stand behind the sandbox; default: the fixtures.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=Path("var/demo"), show_default=True)
@click.option("--no-browser", is_flag=True, help="Print the URL and open nothing.")
def demo(port: int, ehr_port: int, fhir: str | None, data: Path, no_browser: bool) -> None:
    """Sandbox EHR and app together; prints one URL."""
    if not _LOCAL.exists():
        raise click.ClickException(
            "The demo's made-up hospital (fixtures/) is not part of the package: run it from a checkout of the source."
        )
    # Of the environment nothing counts: a demo must not write into a hospital's database.
    folder = data.resolve()
    settings = Settings(
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'preceptor.db'}",
        keys=folder / "keys.json",
        base_url=f"http://localhost:{port}",
        redis_url="",
        https_proxy="",
        ca_file=None,
    )
    plan = Demo(port=port, ehr_port=ehr_port, fhir=fhir, settings=settings)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _set_up(plan)
        _run(plan, open_browser=not no_browser)
    except KeyboardInterrupt:
        click.echo("Stopped.")


def _set_up(plan: Demo) -> None:
    """Keys, database, organization, EHR, library: whatever is not there yet."""
    folder = plan.settings.data_dir
    folder.mkdir(parents=True, exist_ok=True)
    if not plan.settings.keys.exists():
        click.echo("Making keys")
        key_file.generate(plan.settings.keys)
    database = Database(plan.settings.database_url)
    try:
        _migrate(database)
        with database.writing() as session:
            organization = _organization(session)
            _register(session, organization, plan)
            _grant(session, organization, plan)
            _import_library(session, organization, plan)
            session.commit()
    finally:
        database.dispose()
    (folder / "clients.json").write_text(json.dumps([_client(plan)], indent=1), "utf-8")


def _migrate(database: Database) -> None:
    from smart_app.migrations.running import migrate_database

    click.echo("Bringing the database up to date")
    migrate_database(database)


def _organization(session: Session) -> UUID:
    found = verbs.find_organization(session, name=ORGANIZATION)
    return found or verbs.add_organization(session, name=ORGANIZATION, actor=_ACTOR)


def _register(session: Session, organization: UUID, plan: Demo) -> None:
    """The sandbox at today's port; a registration of an earlier port goes."""
    iss = f"{plan.ehr_origin}/fhir"
    known = session.scalar(
        select(EhrRegistration.iss).where(
            EhrRegistration.organization == organization, EhrRegistration.name == EHR_NAME
        )
    )
    if known == iss:
        return
    if known is not None:
        verbs.remove_ehr(session, organization=organization, name=EHR_NAME, actor=_ACTOR)
    registration = Registration(
        id="",
        organization=organization.hex,
        name=EHR_NAME,
        iss=iss,
        client_id=CLIENT_ID,
        auth="private_key_jwt",
        signing_algorithm="ES384",
        frame_ancestors=(plan.ehr_origin,),
    )
    verbs.register_ehr(session, registration=registration, keys=KeyRing.load(plan.settings.keys), actor=_ACTOR)


def _grant(session: Session, organization: UUID, plan: Demo) -> None:
    """The made-up people of the sandbox who come to the studio; they hold it from their first launch on."""
    keys = KeyRing.load(plan.settings.keys)
    for practitioner, permissions in STUDIO.items():
        person = person_named(session, organization=organization, by="practitioner", value=practitioner, ehr=EHR_NAME)
        for permission in permissions:
            given = {"organization": organization, "person": person, "permission": permission}
            grant_to(session, **given, actor=_ACTOR, keys=keys)  # type: ignore[arg-type]


def _import_library(session: Session, organization: UUID, plan: Demo) -> None:
    """The starter tutorials with the demo's local words, published by the demo's reviewer."""
    from smart_app.library.findings import Findings
    from smart_app.library.importing import STARTER_AUTHOR, ImportRefused, import_library
    from smart_app.library.registries import read_local

    click.echo("Importing the starter library")
    faults = Findings("local.yaml")
    words = _LOCAL.read_text("utf-8")
    # The links of the AI features lead into the sandbox, wherever it listens.
    local = read_local(words.replace("http://127.0.0.1:9000", plan.ehr_origin), faults)
    try:
        import_library(
            session,
            organization=organization,
            folder=Path(__file__).parent / "library" / "starter",
            local=local,
            author=STARTER_AUTHOR,
            reviewer=REVIEWER,
            publish=True,
        )
    except ImportRefused as refused:
        raise click.ClickException("\n".join(map(str, refused.findings))) from refused


def _client(plan: Demo) -> dict[str, object]:
    """The app as the sandbox knows it."""
    base = plan.settings.base_url
    return {
        "client_id": CLIENT_ID,
        "name": "Preceptor",
        "auth": "private_key_jwt",
        "redirect_uris": [f"{base}/launch/callback/ehr"],
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "launch_url": f"{base}/launch",
    }


def _run(plan: Demo, *, open_browser: bool) -> None:
    with ExitStack() as running:
        ehr = running.enter_context(_started(_ehr_command(plan), plan, "ehr.log"))
        app = running.enter_context(_started(_app_command(plan), plan, "app.log"))
        _wait_for(f"{plan.ehr_origin}/", ehr, plan, "ehr.log")
        _wait_for(f"{plan.settings.base_url}/readyz", app, plan, "app.log")
        click.echo(f"Logs: {plan.settings.data_dir}/app.log, ehr.log. Stop with Ctrl-C.")
        click.echo(f"Open {plan.ehr_origin}/")
        sys.stdout.flush()
        if open_browser:
            webbrowser.open(f"{plan.ehr_origin}/")
        _until_one_ends(plan, {"ehr.log": ehr, "app.log": app})


def _ehr_command(plan: Demo) -> list[str]:
    behind = ["--fhir", plan.fhir] if plan.fhir else ["--fixtures", str(_ROOT / "fixtures" / "fhir")]
    clients = str(plan.settings.data_dir / "clients.json")
    return [
        *(sys.executable, "-m", "launch.sandbox", "--host", "127.0.0.1", "--port", str(plan.ehr_port)),
        *("--clients", clients, *behind),
    ]


def _app_command(plan: Demo) -> list[str]:
    run = "from smart_app.cli import main; main()"
    return [sys.executable, "-c", run, "serve", "--port", str(plan.port), "--workers", "1"]


@contextmanager
def _started(command: Sequence[str], plan: Demo, log: str) -> Iterator[subprocess.Popen[bytes]]:
    """A child that is stopped at the end, by its own handle."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PRECEPTOR_")}
    environment |= {
        "PRECEPTOR_DATA_DIR": str(plan.settings.data_dir),
        "PRECEPTOR_BASE_URL": plan.settings.base_url,
    }
    with (plan.settings.data_dir / log).open("ab") as out:
        child = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environment)  # noqa: S603 -- our own program
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_for(url: str, child: subprocess.Popen[bytes], plan: Demo, log: str) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if child.poll() is not None:
            break
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 -- http on this machine
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise click.ClickException(f"{url} does not answer.\n{_tail(plan, log)}")


def _until_one_ends(plan: Demo, children: dict[str, subprocess.Popen[bytes]]) -> None:
    while True:
        for log, child in children.items():
            if child.poll() is not None:
                raise click.ClickException(f"One half of the demo ended.\n{_tail(plan, log)}")
        time.sleep(0.5)


def _tail(plan: Demo, log: str) -> str:
    path = plan.settings.data_dir / log
    lines = path.read_text("utf-8", "replace").splitlines()[-15:] if path.exists() else []
    return "\n".join([f"The end of {path}:", *lines])


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
