"""Real processes: sandbox EHRs, and the app as `preceptor serve` runs it, on free ports with data of their own.

`stand` puts up a whole site: `stand()` on SQLite, `stand(database_url=...)` on
PostgreSQL, `stand(fhir=...)` on another FHIR server, `stand(second_ehr=True)`
with a second EHR on 127.0.0.2 (another site for the browser).
"""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRECEPTOR = str(Path(sys.executable).with_name("preceptor"))
SCOPES = (
    "launch openid fhirUser user/Practitioner.rs user/PractitionerRole.rs user/Person.r user/Encounter.r user/Task.rs"
)
ORGANIZATION = "Lakeside demo"
SQLITE = "sqlite:///"
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(kw_only=True)
class Running:
    """A process of ours, stopped by its own handle; its output is in `log`."""

    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        """SIGTERM to its group, SIGKILL after 10 s."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is not None:
                return
            os.killpg(self.process.pid, number)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                continue

    def wait_for(self, ready: Callable[[], bool], *, seconds: float = 30) -> None:
        """Until `ready()`; RuntimeError with the end of the log where it does not come."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            if ready():
                return
            time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"{self.process.args!r} is not ready:\n{self.log.read_text()[-3000:]}")


def start(command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None) -> Running:
    """Start a process in a group of its own; PYTHONPATH makes a copied tree use its own code."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=log.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Running(process=process, log=log)


def answers(url: str) -> bool:
    """Whether `url` answers with 2xx."""
    try:
        with _DIRECT.open(url, timeout=2) as answer:
            return bool(answer.status < 300)
    except (URLError, OSError):
        return False


def listens(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


@dataclass(kw_only=True)
class App:
    """Preceptor with a data folder of its own; each command is a process, as an operator runs it."""

    folder: Path
    database_url: str = ""
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    running: Running | None = None

    @property
    def base_url(self) -> str:
        """Where the browser finds it; another site than the EHR's 127.0.0.1."""
        return f"http://localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """PRECEPTOR_* variables."""
        said = {
            "PRECEPTOR_DATA_DIR": str(self.folder),
            "PRECEPTOR_BASE_URL": self.base_url,
            "PRECEPTOR_DATABASE_URL": self.database_url,
        }
        return said | self.settings

    @property
    def url_of_database(self) -> str:
        """SQLAlchemy's."""
        return self.database_url or f"sqlite:///{self.folder / 'preceptor.db'}"

    @property
    def log(self) -> Path:
        """All that the server wrote, access log too."""
        return self.folder / "app.log"

    def command(self, *arguments: str, input: str | None = None) -> str:
        """Run `preceptor ...` and give back its stdout; RuntimeError with its stderr where it fails."""
        done = subprocess.run(
            [PRECEPTOR, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **self.environment},
            input=input,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode != 0:
            raise RuntimeError(f"preceptor {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def serve(self, *options: str) -> None:
        """Start gunicorn and wait for /readyz."""
        command = [PRECEPTOR, "serve", "--port", str(self.port), *options]
        self.running = start(command, log=self.log, environment=self.environment)
        self.running.wait_for(lambda: answers(f"http://127.0.0.1:{self.port}/readyz"))

    def stop(self) -> None:
        """Stop the server; the data stay."""
        if self.running:
            self.running.stop()
            self.running = None


@dataclass(frozen=True, kw_only=True)
class Ehr:
    """A running sandbox EHR."""

    name: str
    host: str
    port: int
    running: Running | None = None
    """None where it runs in this process."""

    @property
    def url(self) -> str:
        """Its chart page."""
        return f"http://{self.host}:{self.port}/"

    @property
    def fhir_base(self) -> str:
        """The issuer."""
        return f"http://{self.host}:{self.port}/fhir"

    @property
    def origin(self) -> str:
        """Who frames the app."""
        return f"http://{self.host}:{self.port}"

    def control(self, path: str, body: Mapping[str, Any], *, method: str = "POST") -> dict[str, Any]:
        """Turn a knob of the sandbox: `control("faults", {...})`."""
        request = urllib.request.Request(
            f"{self.origin}/sandbox/{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with _DIRECT.open(request, timeout=10) as answer:
            said: dict[str, Any] = json.loads(answer.read() or b"{}")
            return said

    def stop(self) -> None:
        """Stop its process."""
        if self.running:
            self.running.stop()

    def clear_faults(self) -> None:
        """All is well again."""
        self.control("faults", {}, method="DELETE")


@dataclass(frozen=True, kw_only=True)
class Site:
    """EHRs and the app, registered with one another."""

    app: App
    ehrs: tuple[Ehr, ...]

    @property
    def ehr(self) -> Ehr:
        """The first one."""
        return self.ehrs[0]

    def export(self) -> list[dict[str, Any]]:
        """`preceptor usage export --format ndjson`, parsed."""
        text = self.app.command("usage", "export", "--organization", ORGANIZATION, "--format", "ndjson")
        return [json.loads(line) for line in text.splitlines() if line]


PutUp = Callable[..., Site]


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PutUp]:
    """Put up a site; everything is stopped at the module's end."""
    with ExitStack() as stack:

        def put_up(
            *, database_url: str = "", fhir: str | None = None, second_ehr: bool = False, **settings: str
        ) -> Site:
            folder = tmp_path_factory.mktemp("site")
            app = App(folder=folder, database_url=database_url, settings=settings)
            hosts = [("Lakeside chart", "127.0.0.1"), ("Harbor chart", "127.0.0.2")][: 2 if second_ehr else 1]
            ehrs = []
            prepare(app)
            stack.callback(app.stop)
            for name, host in hosts:
                ehr = start_ehr(folder, app, name=name, host=host, fhir=fhir)
                stack.callback(ehr.stop)
                register(app, ehr)
                ehrs.append(ehr)
            app.serve()
            return Site(app=app, ehrs=tuple(ehrs))

        yield put_up


def start_ehr(folder: Path, app: App, *, name: str, host: str, fhir: str | None = None) -> Ehr:
    """A sandbox EHR with the app registered there."""
    port = free_port(host)
    slug = name.split()[0].lower()
    clients = folder / f"clients-{slug}.json"
    clients.write_text(json.dumps([client_entry(app, slug)]))
    command = [sys.executable, "-m", "launch.sandbox", "--host", host, "--port", str(port), "--clients", str(clients)]
    source = ["--fhir", fhir] if fhir else ["--fixtures", str(ROOT / "fixtures" / "fhir")]
    running = start([*command, *source], log=folder / f"ehr-{slug}.log")
    running.wait_for(lambda: listens(host, port))
    return Ehr(name=name, host=host, port=port, running=running)


def client_entry(app: App, slug: str) -> dict[str, Any]:
    """The app's entry in the sandbox's clients.json."""
    return {
        "client_id": f"preceptor-{slug}",
        "name": "Preceptor",
        "auth": "private_key_jwt",
        "redirect_uris": [f"{app.base_url}/launch/callback/{slug}"],
        "jwks_uri": f"{app.base_url}/.well-known/jwks.json",
        "launch_url": f"{app.base_url}/launch",
        "scopes": SCOPES,
    }


def prepare(app: App) -> None:
    """Keys, tables, the organization and its published tutorials; on SQLite a copy of what was prepared once."""
    if not app.url_of_database.startswith(SQLITE):
        _prepare(app)
        return
    once = _prepared_once()
    shutil.copy2(once.folder / "keys.json", app.folder)
    shutil.copy2(_file(once), _file(app))


@cache
def _prepared_once() -> App:
    """An app that is never run; its folder goes with this process."""
    app = App(folder=Path(tempfile.mkdtemp(prefix="preceptor-prepared-")))
    atexit.register(shutil.rmtree, app.folder, ignore_errors=True)
    _prepare(app)
    return app


def _file(app: App) -> Path:
    return Path(app.url_of_database.removeprefix(SQLITE))


def _prepare(app: App) -> None:
    app.command("keys", "generate")
    app.command("migrate")
    app.command("organization", "add", ORGANIZATION)
    starter, local = ROOT / "smart_app/library/starter", ROOT / "fixtures/demo/local.yaml"
    published = ("--publish", "--reviewer", "Demo reviewer")
    app.command("library", "import", str(starter), "--organization", ORGANIZATION, "--local", str(local), *published)


def register(app: App, ehr: Ehr) -> None:
    """`preceptor ehr add`."""
    slug = ehr.name.split()[0].lower()
    app.command(
        *("ehr", "add", "--organization", ORGANIZATION, "--name", ehr.name, "--iss", ehr.fhir_base),
        *("--client-id", f"preceptor-{slug}", "--auth", "private_key_jwt", "--callback", slug),
        *("--frame-ancestor", ehr.origin),
    )
