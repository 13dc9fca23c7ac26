"""The real app in this process, with one organization and a canned EHR to launch from.

`app` runs on SQLite, `each_app` on SQLite and PostgreSQL. `visit` is a visit opened by a real launch.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine, create_engine, event
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from launch.stores import Registration
from smart_app import db
from smart_app import keys as key_file
from smart_app.config import Settings
from smart_app.db import Database
from smart_app.factory import create_app
from smart_app.organizations import verbs
from smart_app.organizations.launch_reports import SqlReports
from smart_app.services import EXTENSION, Services
from smart_app.visits.cookies import PREFIX
from tests.fhir.records import FhirRecords
from tests.launch.canned_ehr import CannedEhr

BASE_URL = "http://localhost:8000"
OUR_PAGE = {"Sec-Fetch-Site": "same-origin", "X-Preceptor": "1"}
"""Headers of a write by our own script."""


@dataclass
class Visitor:
    """A browser on our pages, with the visit it opened last."""

    client: FlaskClient
    home: str = ""

    @property
    def visit(self) -> UUID:
        return UUID(self.home.strip("/").split("/")[1])

    @property
    def cookies(self) -> dict[str, str]:
        """Visit cookies that the browser holds: name -> value."""
        held = self.client._cookies or {}  # werkzeug's client lists them no other way
        return {cookie.key: cookie.value for cookie in held.values() if cookie.key.startswith(PREFIX)}

    def get(self, path: str = "", **more: Any) -> TestResponse:
        """GET below this visit; an absolute path as it is."""
        return self.client.get(path if path.startswith("/") else self.home + path, base_url=BASE_URL, **more)

    def post(self, path: str, data: Mapping[str, str] | None = None, **more: Any) -> TestResponse:
        """POST below this visit; by default as our own script does it."""
        more.setdefault("headers", OUR_PAGE)
        return self.client.post(self.home + path, data=data or {}, base_url=BASE_URL, **more)


@dataclass
class RealApp:
    """The app, what it stands on, and an EHR that is registered with it."""

    app: Flask
    organization: UUID
    ehr: CannedEhr
    records: FhirRecords = field(default_factory=FhirRecords)

    @property
    def services(self) -> Services:
        held: Services = self.app.extensions[EXTENSION]
        return held

    @property
    def database(self) -> Database:
        return self.services.database

    def write_reports(self) -> None:
        """Launch reports that wait for the writer are written when this returns."""
        reports = self.app.extensions["smart_launch"].client.stores.reports
        assert isinstance(reports, SqlReports)
        reports.flush()

    def browser(self) -> Visitor:
        """A new browser."""
        return Visitor(self.app.test_client())

    def begin(self, visitor: Visitor, place: str = "/launch") -> TestResponse:
        """The EHR opens the app."""
        query = urlencode({"iss": self.ehr.base, "launch": "launch-token"})
        return visitor.client.get(f"{place}?{query}", base_url=BASE_URL)

    def finish(self, visitor: Visitor, begun: TestResponse) -> TestResponse:
        """The EHR's answer, posted by the callback page."""
        reply = self.ehr.authorize(begun.location)
        return visitor.client.post("/launch/callback/ehr", data=reply, base_url=BASE_URL)

    def launch(self, visitor: Visitor | None = None, *, person: str | None = None, place: str = "/launch") -> Visitor:
        """A whole launch; `person`: id of the Practitioner, who is also the token's subject."""
        if person is not None:
            self.ehr.subject, self.ehr.fhir_user = f"user {person}", f"Practitioner/{person}"
        visitor = visitor or self.browser()
        answer = self.finish(visitor, self.begin(visitor, place))
        assert answer.status_code == 303, answer.text
        visitor.home = urlsplit(answer.location).path
        return visitor


@pytest.fixture(autouse=True, scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Each app has a Jinja environment of its own, and most tests have an app: a template is compiled once a run."""
    before = Flask.jinja_options
    Flask.jinja_options = {**before, "bytecode_cache": FileSystemBytecodeCache(str(tmp_path_factory.mktemp("jinja")))}
    yield
    Flask.jinja_options = before


@pytest.fixture(autouse=True, scope="session")
def compiled_addresses() -> Iterator[None]:
    """The same for routes: Werkzeug compiles two functions for each of 150, which depend on the rule's text alone.

    A quarter of the time of a test that needs an app. Where Werkzeug names it otherwise one day, nothing is gained.
    """
    compile_one = getattr(Rule, "_compile_builder", None)
    if compile_one is None:
        yield
        return
    made: dict[tuple[object, ...], Any] = {}

    def remembered(rule: Any, append_unknown: bool = True) -> Any:
        what = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if what not in made:
            made[what] = compile_one(rule, append_unknown)
        return made[what]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", remembered)
        yield


@pytest.fixture(autouse=True, scope="session")
def compiled_statements() -> Iterator[None]:
    """And for SQL: SQLAlchemy compiles a statement once an engine, and each test has an engine of its own.

    A quarter of such a test, too. Engines of one kind of database share what the first that connected has compiled.
    """
    first: dict[str, Engine] = {}

    def making(*url: Any, **options: Any) -> Engine:
        engine = create_engine(*url, **options)
        known = first.get(engine.dialect.name)
        if known is None:
            # After its first connection the dialect knows the server, and not before.
            event.listen(engine, "first_connect", lambda *_: first.setdefault(engine.dialect.name, engine))
        else:
            engine.dialect, engine._compiled_cache = known.dialect, known._compiled_cache
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "create_engine", making)
        yield


@pytest.fixture(scope="session")
def key_file_template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The content of a key file: an RSA key takes its time, so one is made for the run."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    key_file.generate(path)
    return path.read_bytes()


@pytest.fixture
def key_path(key_file_template: bytes, tmp_path: Path) -> Path:
    """A key file of this test's own."""
    path = tmp_path / "keys.json"
    path.touch(mode=0o600)
    path.write_bytes(key_file_template)
    return path


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path, key_path: Path, ehr: CannedEhr) -> Iterator[RealApp]:
    """The app on SQLite."""
    yield from real_app(sqlite_url, tmp_path, key_path, ehr)


@pytest.fixture
def each_app(database_url: str, tmp_path: Path, key_path: Path, ehr: CannedEhr) -> Iterator[RealApp]:
    """The app on SQLite, then on PostgreSQL."""
    yield from real_app(database_url, tmp_path, key_path, ehr)


@pytest.fixture
def client(app: RealApp) -> FlaskClient:
    """A browser that has opened nothing yet."""
    return app.app.test_client()


@pytest.fixture
def visit(app: RealApp) -> Visitor:
    """A visit of a nurse, opened by a launch."""
    return app.launch()


def real_app(url: str, folder: Path, keys: Path, ehr: CannedEhr, **settings: Any) -> Iterator[RealApp]:
    """The app with these settings beside the usual ones; stopped at the end."""
    made = create_app(Settings(data_dir=folder, database_url=url, keys=keys, base_url=BASE_URL, **settings))
    held: Services = made.extensions[EXTENSION]
    with held.database.writing() as session:
        organization = verbs.add_organization(session, name="Lakeside", actor="test")
        registration = Registration(
            id="",
            organization=organization.hex,
            name="Lakeside demo EHR",
            iss=ehr.base,
            client_id=ehr.client_id,
            frame_ancestors=(ehr.origin,),
        )
        verbs.register_ehr(session, registration=registration, keys=held.keys, actor="test")
        session.commit()
    real = RealApp(made, organization, ehr)
    real.records.add_nurse("prac-1")
    real.records.serve_on(ehr)
    yield real
    made.extensions["smart_launch"].client.stores.reports.close()
    held.database.dispose()
