"""Short ways for those who know: three questions, what changed, "about N today", and not this shift."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from smart_app.library.models import AiFeatureRow, LibraryRow, TutorialVersionRow
from smart_app.library.reading import get_version
from smart_app.player.models import Pause, Progress
from tests.player.conftest import HANDOFF, Arrive, House
from tests.player.reader import Page, Reader
from tests.player.test_playing import play_to_the_end

RIGHT = ["What nobody charted", "Make a new one or discard it", "Take it out"]


def to_the_questions(reader: Reader) -> Page:
    card = reader.press(reader.open(), "Open")
    return reader.go(card.links["I know this"])


def answers(house: House, words: list[str]) -> dict[str, str]:
    """What the form sends for these answers."""
    with house.database.reading() as session:
        version = get_version(session, organization=house.organization, tutorial=HANDOFF, version=1)
    numbers = (question["choices"].index(said) for question, said in zip(version.questions, words, strict=True))
    return {f"q{at}": str(number) for at, number in enumerate(numbers)}


def test_three_right_answers_finish_the_tutorial(arrive: Arrive, house: House) -> None:
    reader = arrive()
    page = reader.press(to_the_questions(reader), "Check my answers", **answers(house, RIGHT))
    assert page.title.startswith("Finished")
    assert house.told() == ["tutorial opened", "tutorial finished"]


def test_the_record_does_not_show_which_way_it_was_finished(arrive: Arrive, house: House) -> None:
    knows, goes = arrive(person="nurse 1"), arrive(person="nurse 2")
    knows.press(to_the_questions(knows), "Check my answers", **answers(house, RIGHT))
    play_to_the_end(goes)
    facts = [facts_of(row) for row in house.events() if row.type == "tutorial finished"]
    assert facts[0] == facts[1]
    with house.database.reading() as session:
        places = session.scalars(select(Progress)).all()
    assert {(place.step, place.finished_at is not None) for place in places} == {("when-not", True)}


def facts_of(row: Any) -> dict[str, Any]:
    own = {"event_id", "recorded_at", "occurred_at", "learner", "leaf_hash"}
    return {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key not in own}


def test_not_passing_is_kind_and_leaves_nothing(arrive: Arrive, house: House) -> None:
    reader = arrive()
    page = to_the_questions(reader)
    before = rows(house)
    page = reader.press(page, "Check my answers", **answers(house, [RIGHT[0], RIGHT[1], "Ask the next nurse"]))
    assert page.status == 200
    assert "Not all three yet" in page.text
    assert "A line nobody can trace may be made up" in page.text
    assert "Your answers stay between you and this page" in page.text
    assert rows(house) == before
    page = reader.press(page, "Check my answers", **answers(house, RIGHT))
    assert page.title.startswith("Finished")


def rows(house: House) -> dict[str, list[tuple[Any, ...]]]:
    """All that the database holds."""
    from smart_app.db import Base

    with house.database.reading() as session:
        return {
            table.name: sorted(map(tuple, session.execute(select(table)).all()), key=repr)
            for table in Base.metadata.sorted_tables
        }


def test_an_open_question_is_said_and_odd_answers_are_none(arrive: Arrive) -> None:
    reader = arrive()
    for sent in ({}, {"q0": "0", "q1": "1"}, {"q0": "7", "q1": "-1", "q2": "x"}):
        page = reader.press(to_the_questions(reader), "Check my answers", **sent)
        assert "One is still open" in page.text


def test_a_tutorial_without_questions_offers_none(arrive: Arrive) -> None:
    reader = arrive(roles=("physician",), task="reply-to-message", encounter_class=None)
    card = reader.press(reader.open(), "Open")
    assert "I know this" not in card.links
    assert reader.open("tutorials/inbox-draft-reply/questions").status == 404


def publish_version_2(house: House, tutorial: str = HANDOFF) -> None:
    """The same tutorial with a change, as an import of a later file does it."""
    with house.database.writing() as session:
        first = session.get_one(TutorialVersionRow, (house.organization, tutorial, 1))
        copied = {column.key: getattr(first, column.key) for column in TutorialVersionRow.__table__.columns}
        changed = {**first.front_matter, "version": 2, "what_changed": "It now lists pending results itself."}
        session.add(TutorialVersionRow(**{**copied, "version": 2, "front_matter": changed}))
        session.execute(update(LibraryRow).values(revision=LibraryRow.revision + 1))
        session.commit()


def test_who_finished_before_sees_what_changed_and_that_is_enough(arrive: Arrive, house: House) -> None:
    play_to_the_end(arrive())
    publish_version_2(house)
    reader = arrive()
    home = reader.open()
    assert "it has changed since you finished it" in home.text
    page = reader.press(home, "Give report")
    assert page.title.startswith("What changed")
    assert "It now lists pending results itself." in page.text
    page = reader.press(page, "I have read what changed")
    assert page.title.startswith("Finished")
    finished = [row.object_version for row in house.events() if row.type == "tutorial finished"]
    assert finished == ["1", "2"]


def test_a_new_version_of_the_ai_feature_is_told_once(arrive: Arrive, house: House) -> None:
    play_to_the_end(arrive())
    with house.database.writing() as session:
        session.execute(
            update(AiFeatureRow)
            .where(AiFeatureRow.id == "handoff-summary")
            .values(version="5.0", what_changed="It now reads the flowsheet too.")
        )
        session.execute(update(LibraryRow).values(revision=LibraryRow.revision + 1))
        session.commit()
    reader = arrive()
    home = reader.open()
    assert "its AI feature has changed since you finished it" in home.text
    page = reader.press(home, "Give report")
    assert "It now reads the flowsheet too." in page.text
    reader.press(page, "I have read what changed")
    assert "See what changed" not in reader.open().text
    assert reader.press(reader.open(), "Give report").title.startswith("Give report")


def test_who_never_finished_gets_the_card_and_cannot_skip_it(arrive: Arrive, house: House) -> None:
    publish_version_2(house)
    reader = arrive()
    page = reader.press(reader.open(), "Open")
    assert "What changed" not in page.title
    action, fields = reader.body(page, "Show me how")
    answer = reader.send(action.replace("/start", "/changed"), fields)
    assert answer.status_code == 303
    assert "tutorial finished" not in house.told()


def test_about_six_times_today_is_one_entry_with_its_number(arrive: Arrive, house: House) -> None:
    reader = arrive()
    page = reader.press(play_to_the_end(reader), "I used it about so often", about="6")
    assert "used, about 6 times today" in page.text
    used = house.events()[-1]
    assert (used.type, used.grade, used.quantity) == ("AI feature used", "self", 6)


@pytest.mark.parametrize("said", ["0", "100", "-1", "6.5", "", "many", "٣"])
def test_no_number_of_times_is_refused_in_words(arrive: Arrive, house: House, said: str) -> None:
    reader = arrive()
    page = reader.press(play_to_the_end(reader), "I used it about so often", about=said)
    assert page.status == 400
    assert "Write a number from 1 to 99" in page.text
    assert "AI feature used" not in house.told()


def test_not_this_shift_is_quiet_for_twelve_hours_and_records_nothing(arrive: Arrive, house: House) -> None:
    reader = arrive()
    page = reader.press(reader.open(), "Not this shift: Give report")
    assert "is quiet until" in page.text
    assert house.events() == []
    assert "You see this because" not in arrive().open().text
    with house.database.writing() as session:
        pause = session.scalars(select(Pause)).one()
        assert timedelta(hours=11, minutes=59) < pause.until - datetime.now(UTC) <= timedelta(hours=12)
        pause.until = datetime.now(UTC)
        session.commit()
    assert "You see this because a handoff task is open" in arrive().open().text


def test_this_shift_after_all(arrive: Arrive) -> None:
    reader = arrive()
    page = reader.press(reader.open(), "Not this shift: Give report")
    assert "You see this because" in reader.press(page, "Show it again").text
    reader.press(reader.open(), "Not this shift: Give report")
    record = reader.open("record")
    assert "Quiet in this shift" in record.text
    assert "You see this because" in reader.press(record, "Show it again").text
