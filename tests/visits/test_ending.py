"""How visits end: idle, old, signed out. And that the purge leaves no old ones."""

from datetime import UTC, datetime, timedelta

import time_machine
from sqlalchemy import select

from smart_app.visits.models import Visit
from smart_app.visits.verbs import purge_old_visits
from tests.plugins.app import RealApp

START = "2026-11-23T08:00:00+00:00"


def test_thirty_idle_minutes_end_a_visit(app: RealApp) -> None:
    with time_machine.travel(START, tick=True) as clock:
        visitor = app.launch()
        clock.shift(timedelta(minutes=31))
        answer = visitor.get()
    assert answer.status_code == 401
    assert "This visit has ended" in answer.text


def test_a_visit_in_use_goes_on_and_reading_writes_nothing(app: RealApp) -> None:
    with time_machine.travel(START, tick=True) as clock:
        visitor = app.launch()
        before = rows(app)
        for _ in range(6):
            clock.shift(timedelta(minutes=20))
            assert visitor.get().status_code == 200
        assert rows(app) == before


def test_twelve_hours_end_a_visit_however_busy_it_is(app: RealApp) -> None:
    with time_machine.travel(START, tick=True) as clock:
        visitor = app.launch()
        for _ in range(35):
            clock.shift(timedelta(minutes=20))
            assert visitor.get().status_code == 200
        clock.shift(timedelta(minutes=21))
        assert visitor.get().status_code == 401


def test_an_old_cookie_put_back_does_not_make_an_idle_visit_young(app: RealApp) -> None:
    with time_machine.travel(START, tick=True) as clock:
        visitor = app.launch()
        kept = visitor.cookies
        clock.shift(timedelta(minutes=20))
        visitor.get()
        clock.shift(timedelta(minutes=20))
        for name, value in kept.items():
            visitor.client.set_cookie(name, value, domain="localhost", secure=True)
        assert visitor.get().status_code == 401


def test_signing_out_ends_every_visit_of_this_browser(app: RealApp) -> None:
    first, second = app.launch(), app.browser()
    second.client = first.client
    app.launch(second)
    answer = second.post("leave")
    assert "Signed out" in answer.text
    assert first.cookies == {}
    assert first.get().status_code == second.get().status_code == 401
    assert {visit.ended_by for visit in rows_of(app)} == {"sign-out"}


def test_the_page_that_says_so_shows_in_the_ehrs_frame(app: RealApp) -> None:
    visitor = app.launch()
    answers = [visitor.post("leave"), visitor.get()]
    for answer in answers:
        assert f"frame-ancestors {app.ehr.origin}" in answer.headers["Content-Security-Policy"]


def test_visits_are_purged_after_thirty_days(each_app: RealApp) -> None:
    with time_machine.travel("2026-10-01T08:00:00+00:00", tick=True):
        each_app.launch()
    each_app.launch()
    with each_app.database.writing() as session:
        purge_old_visits(session)
        session.commit()
    assert [visit.started_at > datetime.now(UTC) - timedelta(days=1) for visit in rows_of(each_app)] == [True]


def rows_of(app: RealApp) -> list[Visit]:
    with app.database.reading() as session:
        return list(session.scalars(select(Visit)))


def rows(app: RealApp) -> list[tuple[object, ...]]:
    with app.database.reading() as session:
        return [tuple(row) for row in session.execute(select(*Visit.__table__.c))]
