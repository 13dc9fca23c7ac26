"""The real product in this process and a sandbox EHR of each style, registered with one another as an analyst would."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import requests
import yaml
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from launch.sandbox.control import make_launch
from launch.sandbox.ehr import SandboxEhr
from launch.sandbox.faults import Fault
from launch.sandbox.identity import SigningKeys
from launch.sandbox.server import running_sandbox
from launch.sandbox.styles import STYLES
from launch.stores import Registration
from smart_app.config import Settings
from smart_app.factory import create_app
from smart_app.library.importing import import_library
from smart_app.library.registries import read_local
from smart_app.migrations.running import migrate_database
from smart_app.organizations import verbs
from smart_app.organizations.launch_reports import SqlReports
from smart_app.organizations.models import LaunchReportRow
from smart_app.services import EXTENSION, Services
from smart_app.visits.models import Visit

ROOT = Path(__file__).resolve().parents[2]
BASE_URL = "http://localhost:8000"
READS = "/fhir/[A-Z]*"
"""Path of the app's reads, for faults: neither discovery nor metadata."""
EHR_KEYS = SigningKeys().newest


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What came of a launch."""

    seconds: float
    """From the press in the chart to the page, the EHR's own part included."""
    page: str
    status: int
    report: LaunchReportRow
    visit: Visit | None
    browser: FlaskClient = field(repr=False)

    @property
    def tutorials(self) -> list[str]:
        """Those chosen, the first one leads."""
        return [choice["tutorial"] for choice in self.visit.choices] if self.visit else []

    @property
    def asks_the_role(self) -> bool:
        """The page is the role question."""
        return "What is your role here?" in self.page

    @property
    def outcome(self) -> str:
        """In the words of the table in docs/ehr."""
        if self.visit is None:
            return "a page that says why"
        if self.asks_the_role:
            return "role question"
        if not self.tutorials:
            return "nothing fits"
        return "tutorial for role and task" if self.visit.task_open else "tutorial for the role"


@dataclass(kw_only=True)
class Hospital:
    """An organization with the starter library, and its EHRs by name."""

    app: Flask
    organization: UUID
    ehrs: dict[str, SandboxEhr] = field(default_factory=dict)

    @property
    def services(self) -> Services:
        held: Services = self.app.extensions[EXTENSION]
        return held

    def register(self, ehr: SandboxEhr, *, name: str, **pins: Any) -> None:
        """`preceptor ehr add`."""
        registration = Registration(
            id="",
            organization=self.organization.hex,
            name=f"{name} chart",
            iss=ehr.iss,
            client_id=f"preceptor-{name}",
            auth="private_key_jwt",
            callback=name,
            frame_ancestors=(ehr.base_url,),
            **pins,
        )
        with self.services.database.writing() as session:
            verbs.register_ehr(session, registration=registration, keys=self.services.keys, actor="test")
            session.commit()
        self.ehrs[name] = ehr

    def launch(self, name: str, *, person: str, **context: Any) -> Arrival:
        """The app opened from this EHR's chart, up to the page that the learner sees."""
        ehr, browser = self.ehrs[name], self.app.test_client()
        launch_url = ehr.launch_url(make_launch(ehr, person=person, **context))
        began = time.monotonic()
        answer = _follow(browser, browser.get(launch_url, base_url=BASE_URL), slug=name)
        seconds = time.monotonic() - began
        home = answer.request.path if answer.status_code == 200 else ""
        return Arrival(
            seconds=seconds,
            page=answer.text,
            status=answer.status_code,
            report=self._report(),
            visit=self._visit(UUID(home.split("/")[2])) if home.startswith("/v/") else None,
            browser=browser,
        )

    def _report(self) -> LaunchReportRow:
        """The newest."""
        reports = self.app.extensions["smart_launch"].client.stores.reports
        assert isinstance(reports, SqlReports)
        reports.flush()
        with self.services.database.reading() as session:
            return session.scalars(select(LaunchReportRow).order_by(LaunchReportRow.started_at.desc())).first()  # type: ignore[return-value]

    def _visit(self, visit: UUID) -> Visit:
        with self.services.database.reading() as session:
            return session.scalars(select(Visit).where(Visit.id == visit)).one()


def _follow(browser: FlaskClient, begun: TestResponse, *, slug: str) -> TestResponse:
    """To the EHR, back to the callback page, its form, the visit; or to the page that says why not."""
    if begun.status_code != 303:
        return begun
    with requests.Session() as ehr:
        ehr.trust_env = False
        back = ehr.get(begun.location, allow_redirects=False, timeout=30).headers["Location"]
    reply = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    answer = browser.post(f"/launch/callback/{slug}", data=reply, base_url=BASE_URL)
    while answer.status_code == 303:
        answer = browser.get(answer.location, base_url=BASE_URL)
    return _past_the_first_page(browser, answer)


def _past_the_first_page(browser: FlaskClient, answer: TestResponse) -> TestResponse:
    """Whoever opens the app for the first time is told what it is, and goes on."""
    if "Go to For you now" not in answer.text:
        return answer
    fields = dict(re.findall(r'name="(form_token|key)" value="([^"]*)"', answer.text))
    return browser.post(
        f"{answer.request.path}welcome",
        data=fields,
        base_url=BASE_URL,
        headers={"Sec-Fetch-Site": "same-origin"},
        follow_redirects=True,
    )


def client_entry(name: str, jwks: Mapping[str, Any]) -> dict[str, Any]:
    """The app's entry in the sandbox's clients.json."""
    return {
        "client_id": f"preceptor-{name}",
        "name": "Preceptor",
        "auth": "private_key_jwt",
        "redirect_uris": [f"{BASE_URL}/launch/callback/{name}"],
        "launch_url": f"{BASE_URL}/launch",
        "jwks": dict(jwks),
    }


@contextmanager
def sandbox_like(style: str, hospital: Hospital, *, name: str = "") -> Iterator[SandboxEhr]:
    """A sandbox of this style that knows the app."""
    clients = [client_entry(name or style, hospital.services.keys.public_jwks())]
    fixtures = ROOT / "fixtures" / "fhir"
    with running_sandbox(fixtures=fixtures, clients=clients, keys=SigningKeys(EHR_KEYS), style=style) as ehr:
        yield ehr


def pins_of(ehr: SandboxEhr) -> dict[str, str]:
    """What `preceptor doctor` and docs/ehr say to register beside the usual: only where id_tokens need it."""
    if ehr.token_issuer == ehr.issuer:
        return {}
    return {"token_issuer": ehr.token_issuer, "jwks_uri": ehr.jwks_url}


@contextmanager
def open_hospital(folder: Path, keys: bytes) -> Iterator[Hospital]:
    """The product with the starter library, and seven EHRs."""
    key_path = folder / "keys.json"
    key_path.touch(mode=0o600)
    key_path.write_bytes(keys)
    app = create_app(Settings(data_dir=folder, keys=key_path, base_url=BASE_URL))
    held: Services = app.extensions[EXTENSION]
    migrate_database(held.database)
    with held.database.writing() as session:
        organization = verbs.add_organization(session, name="Lakeside", actor="test")
        _import_starter(session, organization)
        session.commit()
    hospital = Hospital(app=app, organization=organization)
    with ExitStack() as running:
        for style in STYLES:
            ehr = running.enter_context(sandbox_like(style, hospital))
            hospital.register(ehr, name=style, **pins_of(ehr))
        yield hospital
    held.database.dispose()


def _import_starter(session: Any, organization: UUID) -> None:
    from smart_app.library.findings import Findings

    local = read_local((ROOT / "fixtures/demo/local.yaml").read_text("utf-8"), Findings("local.yaml"))
    starter = ROOT / "smart_app/library/starter"
    import_library(
        session,
        organization=organization,
        folder=starter,
        local=local,
        reviewer="the reviewer",
        publish=True,
        grade=False,
    )


def roles_of(tutorial: str) -> set[str]:
    """Job roles that a starter tutorial is for, by its file."""
    front = (ROOT / f"smart_app/library/starter/{tutorial}.md").read_text("utf-8").split("---")[1]
    return set(yaml.safe_load(front)["roles"])


def put_fault(ehr: SandboxEhr, **fault: Any) -> None:
    """A fault in the way of the app's reads, unless it says a path."""
    ehr.faults.add(Fault(**{"path": READS, **fault}))
