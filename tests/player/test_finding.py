"""Everything for my role can be found again: by the list, by words, after hiding it, after finishing it."""

from smart_app.player.models import Dismissal
from tests.player.conftest import HANDOFF, Arrive, House
from tests.player.reader import Page, Reader
from tests.player.test_playing import play_to_the_end

TITLE = "Give report with an AI handoff summary"


def look_for(reader: Reader, words: str) -> Page:
    return reader.press(reader.open("tutorials"), "Find", words=words)


def test_all_tutorials_of_my_role_are_listed_and_no_others(arrive: Arrive) -> None:
    nurse, physician = arrive(task=None), arrive(person="dr 1", roles=("physician",), task=None)
    assert TITLE in nurse.open("tutorials").text
    assert "inbox message" not in nurse.open("tutorials").text
    assert TITLE not in physician.open("tutorials").text
    assert "Reply to an inbox message" in physician.open("tutorials").text


def test_a_listed_tutorial_opens_though_it_was_not_chosen(arrive: Arrive, house: House) -> None:
    reader = arrive(task="prior-authorization")
    assert "Nothing for this task yet" in reader.open().text
    page = reader.press(reader.open("tutorials"), "Give report")
    assert page.title.startswith("Give report")
    assert house.told() == ["tutorial opened"]
    assert play_on(reader, page).title.startswith("Finished")
    assert "Finished" in reader.open("tutorials").text


def play_on(reader: Reader, page: Page) -> Page:
    page = reader.press(page, "Show me how")
    while "Finish" not in {words for form in page.forms for words in form.buttons}:
        page = reader.press(page, "Next: ")
    return reader.press(page, "Finish")


def test_words_find_titles_texts_and_ai_features(arrive: Arrive) -> None:
    reader = arrive()
    for words in ("report", "handoff summary", "read-back"):
        page = look_for(reader, words)
        assert TITLE in page.text, words
        assert page.title == "Found - Preceptor"


def test_nothing_found_says_so_and_leads_on(arrive: Arrive) -> None:
    page = look_for(arrive(), "xylophone")
    assert "No tutorials for xylophone" in page.text
    assert "All for Nurse" in page.links


def test_words_of_another_role_find_nothing(arrive: Arrive) -> None:
    assert "No tutorials" in look_for(arrive(), "inbox").text


def test_what_was_typed_is_in_no_address_and_nothing_is_recorded(arrive: Arrive, house: House) -> None:
    reader = arrive()
    page = look_for(reader, "Jane Doe 1931")
    assert page.response.request.query_string == b""
    assert not any("Jane" in address for address in page.links.values())
    assert house.events() == []
    assert reader.client.get(f"{reader.home}find?words=x", base_url="http://localhost:8000").status_code == 405


def test_odd_words_do_no_harm(arrive: Arrive) -> None:
    reader = arrive()
    for words in (
        '"',
        "' OR 1=1 --",
        "AND OR NOT *",
        "a" * 5000,
        "<script>alert(1)</script>",
        "%",
        "\x00",
        "(",
        ":*&|!",
    ):
        page = look_for(reader, words)
        assert page.status == 200, words
        assert "<script>alert" not in page.response.text


def test_blank_words_list_everything(arrive: Arrive) -> None:
    assert TITLE in look_for(arrive(), "   ").text


def test_hidden_ones_are_found_again_and_brought_back(arrive: Arrive, house: House) -> None:
    reader = arrive()
    reader.press(reader.open(), "Hide: Give report")
    assert "Put away by you (1)" in reader.open().links
    page = reader.open("tutorials")
    assert "Put away by you" in page.text
    assert "Hidden by you" in page.text
    assert "You see this because" in reader.press(page, "Show it again: Give report").text
    with house.database.reading() as session:
        assert session.query(Dismissal).count() == 0


def test_a_finished_one_can_be_replayed(arrive: Arrive, house: House) -> None:
    reader = arrive()
    play_to_the_end(reader)
    page = reader.press(reader.open("tutorials"), "Give report")
    assert play_on(reader, page).title.startswith("Finished")
    assert house.told().count("tutorial opened") == 2
    assert HANDOFF in {row.object_id for row in house.events()}
