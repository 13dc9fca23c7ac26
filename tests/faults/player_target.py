"""The real server, `preceptor serve`, told of uses as its own pages tell it: by the form "I used it on this task"."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from urllib.parse import urlencode
from uuid import UUID, uuid4

from flask import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.library.reading import get_current
from smart_app.organizations.models import EhrRegistration, Learner
from smart_app.visits.cookies import set_cookie
from smart_app.visits.models import Visit
from smart_app.visits.verbs import open_visit
from tests.faults.target import Request
from tests.plugins.servers import ORGANIZATION, PRECEPTOR, App, prepare

TUTORIAL = "inbox-draft-reply"


class Player:
    """The Target of the real server: one learner's visit, whose page has very quick fingers."""

    ready_path = "/readyz"

    def __init__(self, app: App) -> None:
        """`app`: not running, with an empty data folder."""
        self._app = app
        self._app.settings["PRECEPTOR_WRITES_PER_MINUTE"] = "1000000"
        # The senders keep the cookie they began with; two hundred kills can take longer than a quiet half hour.
        self._app.settings["PRECEPTOR_VISIT_IDLE_MINUTES"] = "240"
        prepare(app)
        app.command(
            *("ehr", "add", "--organization", ORGANIZATION, "--name", "Lakeside chart", "--auth", "public"),
            *("--iss", "http://127.0.0.1:9/fhir", "--client-id", "preceptor", "--callback", "lakeside"),
        )
        self.keys = KeyRing.load(app.folder / "keys.json")
        self._visit, self._cookie = self._open_visit()

    @property
    def port(self) -> int:
        """Where the server's own pages believe it to be."""
        return self._app.port

    def command(self, port: int) -> list[str]:
        # Two processes where they share a file; PostgreSQL is shared by whatever connects.
        workers = "1" if self._app.database_url.startswith("postgresql") else "2"
        return [PRECEPTOR, "serve", "--port", str(port), "--workers", workers]

    def environment(self, port: int) -> Mapping[str, str]:
        return self._app.environment

    def request(self, key: str) -> Request:
        form = urlencode({"key": _form_key(key)}).encode()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": self._cookie,
            "Sec-Fetch-Site": "same-origin",
            "X-Preceptor": "1",
        }
        return Request(f"/v/{self._visit}/tutorials/{TUTORIAL}/used", form, headers)

    def is_acknowledged(self, status: int) -> bool:
        return status == 303

    def ledger_key(self, key: str) -> str:
        return f"visit/{self._visit}/{_form_key(key)}"

    def _open_visit(self) -> tuple[UUID, str]:
        database = Database(self._app.database_url or f"sqlite:///{self._app.folder / 'preceptor.db'}")
        try:
            with database.writing() as session:
                visit, secret = open_visit(session, visit=_visit(session))
                session.commit()
                return visit.id, self._cookie_of(visit.id, secret)
        finally:
            database.dispose()

    def _cookie_of(self, visit: UUID, secret: str) -> str:
        response = Response()
        set_cookie(response, visit=visit, secret=secret, keys=self.keys, lifetime=3600)
        ((name, morsel),) = SimpleCookie(response.headers["Set-Cookie"].replace("; Partitioned", "")).items()
        return f"{name}={morsel.value}"


def _form_key(key: str) -> str:
    return f"page-{key}"


def _visit(session: Session) -> Visit:
    registration = session.scalars(select(EhrRegistration)).one()
    learner = Learner(organization=registration.organization, id=uuid4(), created_at=datetime.now(UTC))
    session.add(learner)
    session.flush()
    version = get_current(session, organization=registration.organization, tutorial=TUTORIAL).version
    return Visit(
        organization=registration.organization,
        id=uuid4(),
        learner=learner.id,
        registration=registration.id,
        reference="FAUL-TEST",
        job_roles=["physician"],
        role_titles=["Physician"],
        role_declared=False,
        specialties=[],
        task_open=True,
        task_codes=["urn:preceptor:task|reply-to-message"],
        frequent_task_codes=[],
        intent="reply-to-message",
        standalone=False,
        missing=[],
        choices=[{"tutorial": TUTORIAL, "version": version, "reasons": [{"kind": "task", "text": "the open task"}]}],
    )
