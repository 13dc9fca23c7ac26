"""A trainer in an organization with a library, a roster file, and what pages show of it."""

import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from smart_app.library.importing import import_library
from smart_app.organizations.permissions import Permission
from smart_app.organizations.settings import decide
from tests.player.conftest import LIBRARY, local_file
from tests.plugins.app import BASE_URL, RealApp, Visitor
from tests.plugins.studio import Studio

TODAY = datetime.now(UTC).date()
SOON = TODAY + timedelta(days=14)
HEAD = "Staff ID,Unit,Role,Name,NPI,Practitioner ID"
LINES = (
    "S-1,Ward 3,Nurse,Maya Sample,,prac-2",
    "S-2,Ward 3,Nurse,Noor Sample,,",
    "S-3,Ward 4,Physician,Otis Sample,,",
)


@dataclass
class Trainer:
    """A trainer at the studio's pages."""

    app: RealApp
    visitor: Visitor

    def open(self, path: str) -> str:
        answer = self.visitor.get(path, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, data: Any = None, *, status: int = 200) -> TestResponse:
        """POST as our own page does, and follow to the page that comes."""
        answer = self.visitor.post(path, data or {}, follow_redirects=True)
        assert answer.status_code == status, answer.text
        return answer

    def bring(self, *lines: str, head: str = HEAD) -> str:
        """Bring a file; the path of its trial."""
        content = "\n".join([head, *lines]).encode()
        sent = {"roster": (io.BytesIO(content), "roster.csv")}
        answer = self.visitor.post("roster/files", sent, content_type="multipart/form-data")
        assert answer.status_code == 303, answer.text
        return urlsplit(answer.location).path.removeprefix(self.visitor.home)

    def imports(self, *lines: str, **more: Any) -> None:
        path = self.bring(*(lines or LINES), **more)
        self.send(f"{path}/import")

    def allows_names(self, allowed: bool = True) -> None:
        with self.app.database.writing() as session:
            values = {"names of assigned work": allowed}
            decide(session, organization=self.app.organization, values=values, actor="test")
            session.commit()

    def assigns(self, **more: Any) -> str:
        """Assign the handoff tutorial; the path of the assignment."""
        form = {"tutorial": "nurse-handoff-summary", "due": SOON.isoformat(), "role": "nurse", **more}
        page = self.send("assignments", form).text
        found = re.search(r"assignments/[0-9a-f-]{36}(?=\")", page)
        assert found is not None
        return found[0]


@pytest.fixture
def trainer(app: RealApp, studio: Studio) -> Trainer:
    with app.database.writing() as session:
        import_library(
            session, organization=app.organization, folder=LIBRARY, local=local_file(LIBRARY, False),
            reviewer="the reviewer", publish=True, grade=False,
        )  # fmt: skip
        session.commit()
    return Trainer(app, studio(Permission.TRAINER))


__all__ = ["BASE_URL", "HEAD", "LINES", "SOON", "TODAY", "Trainer"]
