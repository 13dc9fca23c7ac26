"""The first page comes once; colours and single keys are the reader's; the task is corrected for this visit alone."""

import pytest

from tests.player.conftest import HANDOFF, Arrive, House
from tests.player.reader import Page, Reader


def test_the_first_launch_says_once_what_this_is_what_it_records_and_who_sees_it(arrive: Arrive, house: House) -> None:
    reader = arrive(first=True)
    page = reader.open()
    assert page.title == "What Preceptor is - Preceptor"
    for words in ("What it records", "Who sees it", "Nothing about a patient"):
        assert words in page.text
    page = reader.press(page, "Go to For you now")
    assert page.title == "For you now - Preceptor"
    assert arrive(first=True).open().title == "For you now - Preceptor"
    assert house.events() == []


def test_who_has_no_role_is_told_first_and_asked_then(arrive: Arrive) -> None:
    reader = arrive(first=True, roles=())
    page = reader.press(reader.open(), "Go to For you now")
    assert page.title == "Your role - Preceptor"


def test_the_first_page_is_each_learners_own(arrive: Arrive) -> None:
    one = arrive(person="nurse 1", first=True)
    one.press(one.open(), "Go to For you now")
    assert arrive(person="nurse 2", first=True).open().title == "What Preceptor is - Preceptor"


@pytest.mark.parametrize("path", ["", "what-is-recorded", "record"])
def test_each_page_that_says_who_sees_it_names_the_trainers_and_the_ehr_too(arrive: Arrive, path: str) -> None:
    text = arrive(first=True).open(path).text
    who = text.partition("Who can see this" if path == "record" else "Who sees it")[2]
    for words in (
        "You",
        "Trainers",
        "finished what was assigned to you, where your organization allows it",
        "Your EHR",
        "where assignments are put there as tasks",
        "Whoever runs the server",
    ):
        assert words in who, words


@pytest.mark.parametrize(("label", "attribute"), [("dark", ' data-colours="dark"'), ("light", ' data-colours="light"')])
def test_the_readers_colours_hold_on_every_page_and_chart(arrive: Arrive, label: str, attribute: str) -> None:
    reader = arrive()
    page = reader.press(reader.open("settings"), "Save my colours", colours=label)
    assert "Saved" in page.text
    for path in ("", "record", "tutorials", "settings", "tutorials/no-such"):
        assert attribute in reader.open(path).response.text, path
    assert attribute in arrive().open().response.text
    assert attribute not in arrive(person="nurse 2").open().response.text


@pytest.mark.parametrize("said", ["system", "", "pink", 'dark" onload="x'])
def test_all_else_goes_by_the_workstation(arrive: Arrive, said: str) -> None:
    reader = arrive()
    reader.press(reader.open("settings"), "Save my colours", colours=said)
    assert "data-colours" not in reader.open().response.text


def correct(reader: Reader, task: str) -> Page:
    return reader.press(reader.open("role"), "Use this task", task=task)


def test_the_wrong_task_is_corrected_for_this_visit_alone(arrive: Arrive) -> None:
    reader = arrive(task="prior-authorization")
    assert "Nothing for this task yet" in reader.open().text
    page = correct(reader, "urn:preceptor:task|shift-handoff")
    assert "You see this because you said that a handoff task is open" in page.text
    assert "Shift handoff. You said so, for this visit." in reader.open("role").text
    assert "Nothing for this task yet" in arrive(task="prior-authorization").open().text


def test_a_task_that_the_learner_named_is_not_recorded_as_open(arrive: Arrive, house: House) -> None:
    reader = arrive(task="prior-authorization", intent="prior-authorization")
    reader.press(correct(reader, "urn:preceptor:task|shift-handoff"), "Open")
    (opened,) = house.events()
    assert opened.context == {"encounter_class": "IMP"}


def test_what_the_ehr_says_holds_again_when_asked(arrive: Arrive) -> None:
    reader = arrive()
    correct(reader, "none")
    assert "None in particular. You said so" in reader.open("role").text
    correct(reader, "ehr")
    assert "Shift handoff. From your EHR." in reader.open("role").text
    assert "You see this because a handoff task is open" in reader.open().text


def test_only_work_of_the_role_can_be_named(arrive: Arrive) -> None:
    reader = arrive()
    for task in ("", "urn:preceptor:task|reply-to-message", "urn:preceptor:task|no-such", "jane doe"):
        page = correct(reader, task)
        assert page.status == 400, task
        assert "Choose a task first" in page.text


def test_not_you_is_on_every_page(arrive: Arrive) -> None:
    reader = arrive(first=True)
    pages = ["", "role", "tutorials", "settings", "record", "what-is-recorded", f"tutorials/{HANDOFF}/verify-card"]
    assert [path for path in pages if not has(reader.open(path), "Not you?")] == []
    page = reader.press(reader.open(), "Not you?")
    assert page.title == "Signed out - Preceptor"
    assert reader.open().status == 401


def has(page: Page, words: str) -> bool:
    return any(spoken.startswith(words) for form in page.forms for spoken in form.buttons)
