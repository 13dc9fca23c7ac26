"""From home to "I used it on this task", without script, and what the ledger then holds."""

from sqlalchemy import delete

from smart_app.library.models import TutorialVersionRow
from tests.player.conftest import HANDOFF, Arrive, House
from tests.player.reader import BASE, Page, Reader

STEPS = ["how", "watch-for", "verify", "try-it", "when-not"]


def play_to_the_end(reader: Reader) -> Page:
    page = reader.press(reader.open(), "Open")
    page = reader.press(page, "Show me how")
    for _ in STEPS[:-1]:
        page = reader.press(page, "Next: ")
    return reader.press(page, "Finish")


def test_home_shows_what_fits_and_says_why(arrive: Arrive) -> None:
    page = arrive().open()
    assert page.title == "For you now - Preceptor"
    assert "Give report with an AI handoff summary" in page.text
    assert "You see this because a handoff task is open" in page.text
    assert "you are a nurse" in page.text


def test_a_tutorial_is_played_to_the_end_and_said_to_be_used(arrive: Arrive, house: House) -> None:
    reader = arrive()
    page = play_to_the_end(reader)
    assert page.title.startswith("Finished")
    page = reader.press(page, "I used it on this task")
    assert "on your word" in page.text
    assert house.told() == [
        "tutorial opened",
        *["step completed"] * 5,
        "tutorial finished",
        "AI feature used",
    ]
    used = house.events()[-1]
    assert (used.grade, used.quantity, used.object_type, used.object_id, used.object_version) == (
        "self",
        1,
        "ai-feature",
        "handoff-summary",
        "4.2",
    )
    assert used.context == {"task_codes": ["urn:preceptor:task|shift-handoff"], "encounter_class": "IMP"}
    assert used.job_role == "nurse"
    assert [row.step for row in house.events() if row.type == "step completed"] == STEPS


def test_reading_pages_records_nothing(arrive: Arrive, house: House) -> None:
    reader = arrive()
    play_to_the_end(reader)
    before = len(house.events())
    for path in ("", f"tutorials/{HANDOFF}", f"tutorials/{HANDOFF}/how", f"tutorials/{HANDOFF}/verify-card", "record"):
        assert reader.open(path).status == 200, path
    assert len(house.events()) == before


def test_a_double_click_counts_once_and_gives_the_same_answer(arrive: Arrive, house: House) -> None:
    reader = arrive()
    page = play_to_the_end(reader)
    sent = reader.body(page, "I used it on this task")
    answers = [reader.send(*sent) for _ in range(3)]
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {
        (303, f"{reader.home}tutorials/{HANDOFF}/finished?said=used")
    }
    assert house.told().count("AI feature used") == 1


def test_the_same_key_with_other_content_is_refused_in_plain_words(arrive: Arrive, house: House) -> None:
    reader = arrive()
    page = play_to_the_end(reader)
    action, fields = reader.body(page, "I used it on this task")
    reader.send(action, fields)
    answer = Page(reader.send(action.replace("/used", "/dismiss"), fields))
    assert answer.status == 409
    assert "counts each press once" in answer.text
    assert "tutorial dismissed" not in house.told()


def test_a_press_without_a_key_is_refused(arrive: Arrive, house: House) -> None:
    reader = arrive()
    action, fields = reader.body(reader.open(), "Open")
    assert reader.send(action, {**fields, "key": ""}).status_code == 400
    assert reader.send(action, {**fields, "key": "a b"}).status_code == 400
    assert house.told() == []


def test_a_press_from_another_site_is_refused(arrive: Arrive, house: House) -> None:
    reader = arrive()
    action, fields = reader.body(reader.open(), "Open")
    del fields["form_token"]
    assert reader.send(action, fields).status_code == 403
    assert house.told() == []


def test_the_place_is_kept_over_visits(arrive: Arrive) -> None:
    reader = arrive()
    page = reader.press(reader.press(reader.open(), "Open"), "Show me how")
    reader.press(page, "Next: Watch for")
    again = arrive()
    page = again.open()
    assert "Resume at step 3 of 6" in page.text
    page = again.press(page, "Give report")
    assert page.title.startswith("Watch for, step 3 of 6")
    assert "You stopped here" in page.text


def test_another_persons_place_is_not_mine(arrive: Arrive) -> None:
    reader = arrive()
    reader.press(reader.press(reader.open(), "Open"), "Show me how")
    other = arrive(person="nurse 2")
    assert "Resume" not in other.open().text
    assert other.open(f"tutorials/{HANDOFF}/how").title == "For you now - Preceptor"


def test_a_part_ahead_may_be_read_but_not_counted(arrive: Arrive, house: House) -> None:
    reader = arrive()
    page = reader.press(reader.press(reader.open(), "Open"), "Show me how")
    action, fields = reader.body(page, "Next: ")
    ahead = reader.open(f"tutorials/{HANDOFF}/when-not")
    assert "Go on from How" in ahead.links
    answer = reader.send(action.replace("/how/", "/when-not/"), fields)
    assert answer.headers["Location"].endswith("/how")
    assert house.told() == ["tutorial opened"]


def test_the_seconds_of_a_step_are_kept_and_capped(arrive: Arrive, house: House) -> None:
    reader = arrive()
    page = reader.press(reader.press(reader.open(), "Open"), "Show me how")
    page = reader.press(page, "Next: ", seconds="41")
    page = reader.press(page, "Next: ", seconds="86400")
    reader.press(page, "Next: ", seconds="-1; DROP")
    assert [row.seconds for row in house.events() if row.type == "step completed"] == [41, 600, None]


def test_the_verify_card_is_one_press_away_and_leads_back(arrive: Arrive, house: House) -> None:
    reader = arrive()
    page = reader.press(reader.press(reader.open(), "Open"), "Show me how")
    card = reader.press(page, "Verify V")
    assert card.title == "Verify card: Handoff summary - Preceptor"
    assert card.links["Back to How Esc"].endswith(f"/tutorials/{HANDOFF}/how")
    told = house.events()[-1]
    assert (told.type, told.object_type, told.object_id) == ("verify card opened", "ai-feature", "handoff-summary")


def test_the_way_back_from_a_verify_card_never_leaves_the_visit(arrive: Arrive) -> None:
    reader = arrive()
    for sent in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        card = reader.open(f"tutorials/{HANDOFF}/verify-card?from={sent}")
        assert card.links["Back to For you now Esc"] == reader.home


def test_a_hidden_tutorial_comes_back_when_asked(arrive: Arrive, house: House) -> None:
    reader = arrive()
    page = reader.press(reader.open(), "Hide: Give report")
    assert "Hidden: Give report with an AI handoff summary" in page.text
    assert "You see this because" not in page.text
    assert "Give report" not in arrive().open().text
    page = reader.press(page, "Show it again")
    assert "You see this because a handoff task is open" in page.text
    dismissed, took_back = (
        next(row for row in house.events() if row.type == type) for type in ("tutorial dismissed", "event disputed")
    )
    assert took_back.points_at == dismissed.event_id


def test_a_replayed_hide_does_not_hide_again(arrive: Arrive) -> None:
    reader = arrive()
    sent = reader.body(reader.open(), "Hide: Give report")
    page = Page(reader.send(*sent, follow=True))
    reader.press(page, "Show it again")
    reader.send(*sent)
    assert "You see this because a handoff task is open" in reader.open().text


def test_the_ai_feature_is_opened_by_its_link_and_that_is_no_use(arrive: Arrive, house: House) -> None:
    reader = arrive()
    page = reader.press(play_to_the_end(reader), "Open Handoff summary")
    assert page.links["Go to Handoff summary (new window)"] == "https://ehr.example/handoff"
    opened = house.events()[-1]
    assert (opened.type, opened.grade) == ("AI feature opened", "opened")
    assert "AI feature used" not in house.told()


def test_only_what_is_offered_can_be_opened(arrive: Arrive, house: House) -> None:
    reader = arrive()
    action, fields = reader.body(reader.open(), "Open")
    for tutorial in ("inbox-draft-reply", "no-such-tutorial"):
        answer = Page(reader.send(action.replace(HANDOFF, tutorial), fields))
        assert answer.status == 404, tutorial
        assert "not offered here" in answer.title
    assert house.told() == []


def test_what_was_in_view_is_kept_once_a_day_without_clock_or_context(arrive: Arrive, house: House) -> None:
    for _ in range(3):
        reader = arrive()
        headers = {"X-Preceptor": "1", "Sec-Fetch-Site": "same-origin"}
        assert reader.client.post(f"{reader.home}shown", base_url=BASE, headers=headers).status_code == 204
    (shown,) = house.events()
    assert (shown.type, shown.object_id, shown.context, shown.occurred_at.hour) == ("tutorial shown", HANDOFF, {}, 0)
    assert shown.reasons[0] == "open-task"
    assert shown.event_id.version == 4


def test_finished_tutorials_go_last_and_say_so(arrive: Arrive) -> None:
    reader = arrive()
    play_to_the_end(reader)
    page = reader.open()
    assert "Finished" in page.text
    assert "Look at it again" in page.text
    assert reader.press(page, "Give report").title.startswith("Give report")


def test_an_intent_of_no_meaning_is_not_recorded(arrive: Arrive, house: House) -> None:
    reader = arrive(intent="jane-doe-1931")
    reader.press(reader.open(), "Open")
    assert "intent" not in house.events()[-1].context


def test_a_version_of_several_words_is_recorded_as_one(arrive: Arrive, house: House) -> None:
    reader = arrive(roles=("physician",), task="reply-to-message", encounter_class=None)
    reader.press(reader.open(), "Verify card")
    assert house.events()[-1].object_version == "May-2026-r2"


def test_a_tutorial_that_is_gone_since_leaves_the_page_standing(arrive: Arrive, house: House) -> None:
    reader = arrive()
    with house.database.writing() as session:
        session.execute(delete(TutorialVersionRow))
        session.commit()
    page = reader.open()
    assert page.status == 200
    assert "Nothing for this task yet" in page.text
    assert reader.open(f"tutorials/{HANDOFF}").status == 404


def test_a_citation_stands_directly_after_its_word(arrive: Arrive) -> None:
    reader = arrive()
    reader.press(reader.open(), "Open")
    html = reader.open(f"tutorials/{HANDOFF}/why").response.text
    assert 'not only facts<sup><a href="#why-source-1">[1]</a></sup>.' in html
