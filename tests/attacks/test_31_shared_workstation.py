"""Attack 31: a workstation is shared. The next person sees nothing of the one before, and records nothing as them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from playwright.sync_api import Page as BrowserPage
from sqlalchemy import select, update

from smart_app.ledger.models import UsageEventRow
from smart_app.library.importing import import_library
from smart_app.visits import cookies
from smart_app.visits.models import Visit
from tests.fhir.records import task
from tests.journey.clinician import FIRST_PAGE, HANDOFF_TASK, HOME, NURSE, PHYSICIAN, REPLY_TASK
from tests.player.conftest import LIBRARY, local_file
from tests.player.reader import Reader
from tests.plugins.app import RealApp, Visitor
from tests.plugins.browser import OpenBrowser
from tests.plugins.servers import PutUp, Site

PEOPLE = ("prac-1", "prac-2", "prac-3")
CHARTS = 40
TITLE = "Give report with an AI handoff summary"


def with_a_library(app: RealApp) -> RealApp:
    """Three nurses, each with an open handoff task, and the tutorial for it."""
    with app.database.writing() as session:
        import_library(
            session,
            organization=app.organization,
            folder=LIBRARY,
            local=local_file(LIBRARY, sensitive=False),
            reviewer="the reviewer",
            publish=True,
            grade=False,
        )
        session.commit()
    for person in PEOPLE:
        if person != PEOPLE[0]:
            app.records.add_nurse(person)
        encounter = {"reference": "Encounter/enc-4"}
        app.records.add(task(f"task-{person}", f"Practitioner/{person}", encounter=encounter))
    return app


@dataclass
class Shift:
    """One browser, and who opened which visit in it."""

    app: RealApp
    browser: Visitor
    homes: dict[str, str] = field(default_factory=dict)
    """Home of each visit -> person."""

    def opens_a_chart(self, person: str) -> Reader:
        self.app.launch(self.browser, person=person)
        self.homes[self.browser.home] = person
        reader = Reader(self.browser.client, self.browser.home)
        page = reader.open()
        if page.title.startswith(FIRST_PAGE):
            reader.press(page, f"Go to {HOME}")
        return reader

    def sends_what_home_sends(self, reader: Reader) -> None:
        headers = {"X-Preceptor": "1", "Sec-Fetch-Site": "same-origin"}
        reader.client.post(f"{reader.home}shown", base_url="http://localhost:8000", headers=headers)

    def learner_of(self, person: str) -> UUID:
        with self.app.database.reading() as session:
            of_visits = {str(row.id): row.learner for row in session.scalars(select(Visit))}
        (learner,) = {of_visits[home.split("/")[2]] for home, who in self.homes.items() if who == person}
        return learner


def events(app: RealApp) -> list[UsageEventRow]:
    with app.database.reading() as session:
        return list(session.scalars(select(UsageEventRow)))


def test_forty_charts_of_three_people_in_one_browser(each_app: RealApp) -> None:
    shift = Shift(with_a_library(each_app), each_app.browser())
    order = [person for person in PEOPLE for _ in range(CHARTS // len(PEOPLE) + 1)][:CHARTS]
    Random(31).shuffle(order)
    opened: Counter[str] = Counter()
    put_first: Counter[str] = Counter()
    for number, person in enumerate(order):
        reader = shift.opens_a_chart(person)
        shift.sends_what_home_sends(reader)
        page = reader.open()
        put_first[person] += any(f"Open: {TITLE}" in form.buttons for form in page.forms)
        if number % 5 == 0:
            reader.press(page, TITLE if "quiet list" in page.text else f"Open: {TITLE}")
            opened[person] += 1
    learners = {shift.learner_of(person): person for person in PEOPLE}
    assert len(learners) == len(PEOPLE)
    counted = Counter((learners[row.learner], row.type) for row in events(each_app))
    for person in PEOPLE:
        assert counted[person, "learner present"] == 1
        assert counted[person, "tutorial shown"] == 1
        assert counted[person, "tutorial opened"] == opened[person]
        assert put_first[person] == 1, "one nudge a person in a shift"
    assert sum(counted.values()) == 2 * len(PEOPLE) + sum(opened.values())


def test_the_next_persons_launch_ends_all_visits_of_the_one_before(each_app: RealApp) -> None:
    shift = Shift(with_a_library(each_app), each_app.browser())
    charts = [shift.opens_a_chart("prac-1") for _ in range(3)]
    assert [reader.open().status for reader in charts] == [200, 200, 200]
    shift.opens_a_chart("prac-2")
    for reader in charts:
        page = reader.open("record")
        assert (page.status, page.title) == (401, "This visit has ended - Preceptor")
    with each_app.database.reading() as session:
        ended = session.scalars(select(Visit.ended_by).where(Visit.ended_by.is_not(None))).all()
    assert ended == ["another learner"] * 3


def test_a_page_left_open_by_the_one_before_records_nothing(each_app: RealApp) -> None:
    shift = Shift(with_a_library(each_app), each_app.browser())
    left_open = shift.opens_a_chart("prac-1")
    action, fields = left_open.body(left_open.open(), f"Open: {TITLE}")
    reader = shift.opens_a_chart("prac-2")
    before = Counter(row.type for row in events(each_app))
    assert left_open.send(action, fields).status_code == 401
    assert reader.send(action.replace(left_open.home, reader.home), fields).status_code == 403
    assert Counter(row.type for row in events(each_app)) == before


def test_whoever_comes_back_finds_their_place(app: RealApp) -> None:
    shift = Shift(with_a_library(app), app.browser())
    reader = shift.opens_a_chart("prac-1")
    page = reader.press(reader.press(reader.open(), f"Open: {TITLE}"), "Show me how")
    reader.press(page, "Next: Watch for")
    other = shift.opens_a_chart("prac-2")
    assert "Resume" not in other.open().text
    again = shift.opens_a_chart("prac-1")
    assert "Resume at step 3 of 6" in again.open().text


def test_a_page_of_a_visit_is_stored_nowhere(app: RealApp) -> None:
    reader = Shift(with_a_library(app), app.browser()).opens_a_chart("prac-1")
    for path in ("", "role", "record", "settings", "tutorials", "what-is-recorded", "tutorials/no-such"):
        assert reader.open(path).response.headers["Cache-Control"] == "no-store", path


def test_thirty_minutes_without_use_end_a_visit(app: RealApp, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Shift(with_a_library(app), app.browser()).opens_a_chart("prac-1")
    now = cookies.current_minute()
    monkeypatch.setattr(cookies, "current_minute", lambda: now + 29)
    assert reader.open().status == 200
    monkeypatch.setattr(cookies, "current_minute", lambda: now + 29 + 29)
    assert reader.open().status == 200, "using it keeps it"
    monkeypatch.setattr(cookies, "current_minute", lambda: now + 29 + 29 + 30)
    assert reader.open().status == 401


def test_twelve_hours_end_a_visit_however_busy(app: RealApp) -> None:
    reader = Shift(with_a_library(app), app.browser()).opens_a_chart("prac-1")
    for hours, status in ((11.9, 200), (12, 401)):
        with app.database.writing() as session:
            session.execute(update(Visit).values(started_at=datetime.now(UTC) - timedelta(hours=hours)))
            session.commit()
        assert reader.open().status == status


@pytest.fixture(scope="module")
def site(stand: PutUp) -> Site:
    """SQLite, one EHR."""
    return stand()


def launches(page: BrowserPage, site: Site, person: str, task: str) -> str:
    """The id of the visit that opens in this tab, past the first page."""
    page.goto(str(site.ehr.control("launches", {"person": person, "task": task})["launch_url"]))
    page.get_by_role("button", name=f"Go to {HOME}").click()
    page.get_by_role("heading", level=1, name=HOME).wait_for()
    return page.url.split("/v/")[1].split("/")[0]


@pytest.mark.browser
def test_the_back_button_shows_the_next_person_nothing(site: Site, open_browser: OpenBrowser) -> None:
    page = open_browser(cookies="allowed").context.new_page()
    first = launches(page, site, PHYSICIAN, REPLY_TASK)
    page.locator("footer").get_by_role("link", name="My record").click()
    page.get_by_role("heading", level=1, name="Everything recorded about you").wait_for()
    launches(page, site, NURSE, HANDOFF_TASK)
    seen = 0
    for _ in range(12):
        page.go_back(wait_until="load")
        if first not in page.url:
            continue
        page.get_by_role("heading", level=1, name="This visit has ended").wait_for()
        assert "Physician" not in page.inner_text("body")
        seen += 1
        if seen == 2:  # the record, and home
            return
    raise AssertionError("the first person's pages were never gone back to")
