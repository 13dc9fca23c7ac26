"""*My record*: all that is held on a learner, for that learner alone."""

import csv
import io
import json

from sqlalchemy import select

from smart_app.ledger import EventType, UsageEvent, record
from smart_app.organizations.models import Learner
from tests.player.conftest import HANDOFF, Arrive, House
from tests.player.test_playing import play_to_the_end


def test_the_record_lists_every_event_in_words(arrive: Arrive, house: House) -> None:
    reader = arrive()
    page = reader.press(play_to_the_end(reader), "I used it on this task")
    reader.press(reader.open(), "Verify card")
    page = reader.open("record")
    assert f"{len(house.events())} entries since" in page.text
    for words in (
        "Opened Give report with an AI handoff summary",
        "Went through a step of Give report",
        "Finished Give report with an AI handoff summary",
        "Used Handoff summary",
        "Self: you said so",
        "Opened the verify card for Handoff summary",
        "Your sign-in at the EHR: kept under a code",
        "1 visit:",
    ):
        assert words in page.text, words


def test_the_record_says_what_was_put_away_and_brings_it_back(arrive: Arrive) -> None:
    reader = arrive()
    reader.press(reader.open(), "Hide: Give report")
    page = reader.open("record")
    assert "Hid Give report" in page.text
    reader.press(page, "Show it again: Give report")
    assert "Took back an entry" in reader.open("record").text


def test_nobody_reads_another_learners_record(arrive: Arrive) -> None:
    play_to_the_end(arrive())
    other = arrive(person="nurse 2")
    assert "No entry yet." in other.open("record").text
    sent = other.body(other.open("record"), "NDJSON")
    assert other.send(*sent).text == ""


def test_the_own_entries_come_as_csv_and_ndjson(arrive: Arrive, house: House) -> None:
    reader = arrive()
    play_to_the_end(reader)
    held = {str(row.event_id) for row in house.events()}
    page = reader.open("record")
    answer = reader.send(*reader.body(page, "Download all entries (CSV)"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-record.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["event_id"] for row in rows} == held
    assert rows[0]["task_codes"] == "urn:preceptor:task|shift-handoff"
    lines = reader.send(*reader.body(page, "NDJSON")).text.splitlines()
    assert {json.loads(line)["event_id"] for line in lines} == held


def test_a_download_is_never_a_get(arrive: Arrive) -> None:
    reader = arrive()
    assert reader.client.get(f"{reader.home}record/download").status_code == 405


def test_a_long_record_is_shown_a_page_at_a_time_and_loses_nothing(arrive: Arrive, house: House) -> None:
    reader = arrive()
    open_many_times(house, 130)
    newest = reader.open("record")
    assert newest.text.count("Opened Give report") == 100
    older = reader.go(newest.links["Older entries"])
    assert older.text.count("Opened Give report") == 30
    assert "Newest entries" in older.links


def open_many_times(house: House, times: int) -> None:
    with house.database.writing() as session:
        learner = session.scalar(select(Learner.id))
        assert learner is not None
        event = UsageEvent(
            organization=house.organization,
            learner=learner,
            type=EventType.TUTORIAL_OPENED,
            object_type="tutorial",
            object_id=HANDOFF,
            object_version="1",
        )
        for number in range(times):
            record(session, keys=house.services.keys, key=f"test/{number}", event=event)
        session.commit()


def test_every_link_on_every_page_leads_somewhere(arrive: Arrive) -> None:
    reader = arrive()
    play_to_the_end(reader)
    tutorial = f"{reader.home}tutorials/{HANDOFF}"
    seen, to_see = set(), {reader.home, tutorial, f"{tutorial}/why", f"{tutorial}/finished", f"{tutorial}/verify-card"}
    while to_see:
        address = to_see.pop()
        seen.add(address)
        page = reader.go(address)
        assert page.status == 200, address
        here = {link.partition("#")[0] for link in page.links.values() if link.startswith("/")}
        to_see |= here - seen
    assert len(seen) > 12
