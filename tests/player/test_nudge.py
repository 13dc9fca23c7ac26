"""One tutorial is put first a day at most, across all charts; after that home is a quiet list until one asks."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from threading import Event

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from smart_app.player.nudging import nudge_if_due
from smart_app.visits.models import Visit
from smart_app.visits.view import VisitView, view_of
from tests.player.conftest import Arrive, House
from tests.player.reader import Reader
from tests.player.test_playing import play_to_the_end


def puts_one_first(reader: Reader) -> bool:
    return "Open: Give report" in reader.open().form("Open: Give")[1] if has_button(reader, "Open: Give") else False


def has_button(reader: Reader, words: str) -> bool:
    return any(spoken.startswith(words) for form in reader.open().forms for spoken in form.buttons)


def long_ago(house: House, ago: timedelta) -> None:
    """All nudges so far were that long ago."""
    with house.database.writing() as session:
        then = datetime.now(UTC) - ago
        session.execute(update(Visit).where(Visit.nudged_at.is_not(None)).values(nudged_at=then))
        session.commit()


def test_the_second_chart_of_a_day_opens_with_a_quiet_list(arrive: Arrive) -> None:
    first, second = arrive(), arrive()
    assert puts_one_first(first)
    assert not puts_one_first(second)
    assert "This is the quiet list" in second.open().text
    assert "Give report with an AI handoff summary" in second.open().text
    assert puts_one_first(first), "the chart that had it keeps it"


def test_whoever_asks_gets_one_put_first(arrive: Arrive) -> None:
    arrive()
    second = arrive()
    second.press(second.open(), "Show what to do first")
    assert puts_one_first(second)
    assert not puts_one_first(arrive())


def test_a_day_later_one_is_put_first_again(arrive: Arrive, house: House) -> None:
    arrive()
    long_ago(house, timedelta(hours=23, minutes=59))
    assert not puts_one_first(arrive())
    long_ago(house, timedelta(hours=24, minutes=1))
    assert puts_one_first(arrive())


def test_another_persons_nudge_is_not_mine(arrive: Arrive) -> None:
    arrive(person="nurse 1")
    assert puts_one_first(arrive(person="nurse 2"))


def test_what_is_finished_is_never_put_first(arrive: Arrive, house: House) -> None:
    reader = arrive()
    play_to_the_end(reader)
    assert not puts_one_first(reader)
    long_ago(house, timedelta(days=2))
    assert not puts_one_first(arrive())
    assert nudges(house) == 1


def test_no_other_takes_the_place_of_the_one_put_away(arrive: Arrive, house: House) -> None:
    reader = arrive(roles=("nurse", "physician"), task=None, frequent_task_codes=["urn:preceptor:task|shift-handoff"])
    page = reader.open()
    first = next(words for form in page.forms for words in form.buttons if words.startswith("Open: "))
    page = reader.press(page, f"Not this shift: {first.removeprefix('Open: ')}")
    assert not has_button(reader, "Open: ")
    assert has_button(reader, "Hide: "), "the other one stands in the quiet list"
    reader.press(page, "Show what to do first")
    assert has_button(reader, "Open: ")


def test_a_launch_with_nothing_to_show_uses_up_no_nudge(arrive: Arrive, house: House) -> None:
    arrive(roles=("front-desk",))
    assert nudges(house) == 0
    assert puts_one_first(arrive())


def test_the_role_question_comes_first_and_its_answer_brings_the_nudge(arrive: Arrive, house: House) -> None:
    reader = arrive(roles=())
    assert nudges(house) == 0
    reader.press(reader.open(), "Save my role", role="nurse")
    assert puts_one_first(reader)
    assert nudges(house) == 1


def test_two_charts_opened_at_once_give_one_nudge(arrive: Arrive, house: House) -> None:
    charts = [arrive(), arrive()]
    with house.database.writing() as session:
        session.execute(update(Visit).values(nudged_at=None))
        session.commit()
    one, other = (view(house, reader) for reader in charts)
    decided = Event()

    def second() -> bool:
        decided.wait(10)
        with house.database.writing() as session:
            return launch(session, other)

    with ThreadPoolExecutor(1) as threads, house.database.writing() as session:
        waiting = threads.submit(second)
        first_leads = launch(session, one, commit=False)
        decided.set()
        wait([waiting], 1)  # PostgreSQL lets it in to wait for the learner's row; SQLite holds it at the door
        session.commit()
        assert (first_leads, waiting.result(30)) == (True, False)
    assert nudges(house) == 1


def launch(session: Session, visit: VisitView, *, commit: bool = True) -> bool:
    leads = nudge_if_due(session, visit=visit).nudges
    if commit:
        session.commit()
    return leads


def view(house: House, reader: Reader) -> VisitView:
    with house.database.reading() as session:
        row = session.scalars(select(Visit)).all()
    (mine,) = (visit for visit in row if str(visit.id) in reader.home)
    return view_of(mine, organization_name="Lakeside", ehr_name="Lakeside EHR", frame_ancestors=())


def nudges(house: House) -> int:
    with house.database.reading() as session:
        return len(session.scalars(select(Visit).where(Visit.nudged_at.is_not(None))).all())
