"""A shift at one workstation: three people take turns in one browser, and each stays one person with one nudge."""

from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from smart_app.db import Database, closing_database
from smart_app.ledger.models import UsageEventRow
from smart_app.visits.models import Visit
from tests.journey.clinician import (
    FRONT_DESK,
    HANDOFF_TASK,
    HOME,
    NURSE,
    PHYSICIAN,
    REPLY_TASK,
    SCHEDULE_TASK,
    Clinician,
)
from tests.plugins.browser import OpenBrowser
from tests.plugins.servers import Site

pytestmark = pytest.mark.browser
AT_WORK = {
    PHYSICIAN: ("Physician", REPLY_TASK),
    NURSE: ("Nurse", HANDOFF_TASK),
    FRONT_DESK: ("Front desk", SCHEDULE_TASK),
}
TURNS = (
    *(PHYSICIAN, NURSE, FRONT_DESK, NURSE, NURSE, PHYSICIAN),
    *(FRONT_DESK, PHYSICIAN, NURSE, FRONT_DESK, FRONT_DESK, NURSE),
)


@pytest.fixture
def database(site: Site) -> Iterator[Database]:
    """What the running app wrote."""
    with closing_database(site.app.url_of_database) as database:
        yield database


def test_twelve_charts_of_three_people_are_three_people_with_one_nudge_each(
    site: Site, open_browser: OpenBrowser, database: Database
) -> None:
    here = Clinician(browser=open_browser(), ehr=site.ehr)
    put_first: Counter[str] = Counter()
    opened: Counter[str] = Counter()
    for number, person in enumerate(TURNS):
        role, task = AT_WORK[person]
        here.person = person
        here.opens_the_chart(task=task)
        here.sees(HOME)
        assert role in here.sidebar().locator("header.top").inner_text()
        put_first[person] += here.sidebar().locator(".picks button.button").count()
        if number % 4 == 0:
            here.opens_the_first_tutorial()
            opened[person] += 1
    assert put_first == dict.fromkeys(AT_WORK, 1)
    with database.reading() as session:
        visits = session.execute(select(Visit.learner, Visit.role_titles, Visit.nudged_at)).all()
        events = session.execute(select(UsageEventRow.learner, UsageEventRow.type)).all()
    assert len(visits) == len(TURNS)
    assert len({(visit.learner, *visit.role_titles) for visit in visits}) == len(AT_WORK)
    nudged = Counter(visit.learner for visit in visits if visit.nudged_at is not None)
    assert sorted(nudged.values()) == [1, 1, 1]
    present = Counter(event.learner for event in events if event.type == "learner present")
    assert sorted(present.values()) == [1, 1, 1]
    told = Counter(event.learner for event in events if event.type == "tutorial opened")
    assert sorted(told.values()) == sorted(opened.values())
