"""What a launch reads from the database while the EHR answers: in that time, and forgotten where it may not stand."""

from threading import Event
from typing import Any

import pytest
from sqlalchemy import event

from smart_app.fhir.projecting import NPI_SYSTEM
from smart_app.organizations.grants import grant_to
from smart_app.organizations.learners import Identity
from smart_app.organizations.naming import NamedPerson
from smart_app.organizations.permissions import Permission
from tests.fhir.records import practitioner
from tests.launch.canned_ehr import Answer, Seen
from tests.player.test_page_at_once import launched
from tests.plugins.app import RealApp, Visitor

NPI = "9999000001"


@pytest.fixture
def visitor(app: RealApp) -> Visitor:
    """Somebody who was here before and has seen the first page."""
    visitor = app.launch()
    visitor.post("welcome")
    return visitor


def statements(app: RealApp) -> list[str]:
    """Whatever the database is asked from now on."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(app.database.engine, "before_cursor_execute", note)
    return asked


def test_the_database_is_asked_while_the_ehr_answers(app: RealApp, visitor: Visitor) -> None:
    looked_up = Event()
    asked = statements(app)

    def note(*_: Any) -> None:
        if "FROM progress" in asked[-1]:
            looked_up.set()

    event.listen(app.database.engine, "before_cursor_execute", note)
    waited: list[bool] = []

    def answer(_: Seen) -> Answer:
        waited.append(looked_up.wait(1.0))
        return Answer(practitioner("prac-1"))

    app.ehr.answers["/fhir/Practitioner/prac-1"] = answer
    assert launched(app, visitor, script="1").status_code == 200
    assert waited == [True]


def test_it_is_asked_once(app: RealApp, visitor: Visitor) -> None:
    asked = statements(app)
    assert launched(app, visitor, script="1").status_code == 200
    reads = [" ".join(text.split()) for text in asked if text.lstrip().upper().startswith("SELECT")]
    assert len(reads) > 5
    assert sorted(set(reads)) == sorted(reads)


def test_permissions_that_waited_for_a_number_come_with_it(app: RealApp, visitor: Visitor) -> None:
    """The launch that brings the number first is also the one that shows what it gives."""
    with app.database.writing() as session:
        grant_to(
            session,
            organization=app.organization,
            person=NamedPerson("the new trainer", Identity("npi", NPI), None),
            permission=Permission.TRAINER,
            actor="test",
            keys=app.services.keys,
        )
        session.commit()
    assert "Studio" not in launched(app, visitor, script="1").text
    known = practitioner("prac-1", identifier=[{"system": NPI_SYSTEM, "value": NPI}])
    app.ehr.answers["/fhir/Practitioner/prac-1"] = lambda _: Answer(known)
    assert "Studio" in launched(app, visitor, script="1").text


def test_what_was_seen_is_not_read_again_by_a_session_that_is_told(app: RealApp) -> None:
    from smart_app.library.reading import library_revision

    seen: dict[tuple[Any, ...], Any] = {}
    with app.database.reading(seen) as session:
        library_revision(session, organization=app.organization)
    asked = statements(app)
    with app.database.writing(seen=seen) as session:
        assert library_revision(session, organization=app.organization) == 0
    with app.database.reading(seen) as session:
        assert library_revision(session, organization=app.organization) == 0
    assert asked == []
    with app.database.writing() as session:
        assert library_revision(session, organization=app.organization) == 0
    assert len(asked) == 1
