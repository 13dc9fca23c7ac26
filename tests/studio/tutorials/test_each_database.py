"""The way from the first word to publication, and what the database itself refuses, on SQLite and on PostgreSQL."""

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from smart_app.library.models import TutorialVersionRow
from smart_app.library.reading import get_current
from smart_app.organizations.permissions import Permission
from tests.plugins.app import RealApp
from tests.plugins.studio import Studio
from tests.studio.tutorials.desk import GOOD, Desk


@pytest.fixture
def app(each_app: RealApp) -> RealApp:
    return each_app


def test_the_whole_way(library: RealApp, studio: Studio) -> None:
    trainer = Desk(studio(Permission.TRAINER))
    reviewer = Desk(studio(Permission.REVIEWER, person="prac-2"))
    draft = trainer.begins()
    trainer.writes(draft)
    assert trainer.begins_next("nurse-handoff-summary") != draft
    assert GOOD.title in trainer.get("tutorials?status=draft").text
    assert trainer.page(trainer.sends(draft)).status_code == 200
    path = draft.replace("drafts/", "reviews/")
    assert trainer.visitor.post(f"{path}/invite", {"name": "Rae"}).status_code == 200
    assert reviewer.page(reviewer.publishes(draft)).status_code == 200
    trainer.visitor.post("tutorials/nurse-handoff-summary/retire")
    with library.database.reading() as session:
        found = get_current(
            session, organization=library.organization, tutorial="sort-the-refill-queue-with-an-ai-draft"
        )
    assert found.title == GOOD.title


def test_a_published_text_is_refused_by_the_database_and_its_state_is_not(library: RealApp) -> None:
    for change in ({"source": "other"}, {"author": "other"}, {"status": "draft"}):
        with library.database.writing() as session, pytest.raises(DBAPIError, match="never changes"):
            session.execute(update(TutorialVersionRow).values(**change))
    with library.database.writing() as session:
        session.execute(update(TutorialVersionRow).values(status="retired"))
        session.commit()
