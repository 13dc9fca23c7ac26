"""The role question: asked once where the EHR is silent, never guessed, never a permission."""

from sqlalchemy import func, select

from smart_app.organizations.models import Learner, Permission
from tests.player.conftest import Arrive, House


def test_the_role_is_asked_first_where_none_is_known(arrive: Arrive) -> None:
    page = arrive(roles=()).open()
    assert page.title == "Your role - Preceptor"
    assert "Your EHR did not say, so we ask once" in page.text


def test_the_answer_is_remembered_marked_and_chosen_for(arrive: Arrive, house: House) -> None:
    reader = arrive(roles=())
    page = reader.press(reader.open(), "Save my role", role="nurse")
    assert "Give report with an AI handoff summary" in page.text
    with house.database.reading() as session:
        assert session.scalar(select(Learner.declared_job_role)) == "nurse"
        assert session.scalar(select(func.count()).select_from(Permission)) == 0
    assert "Nurse. You said so." in reader.open("role").text


def test_ask_me_next_time_asks_at_the_next_visit_and_not_in_this_one(arrive: Arrive) -> None:
    reader = arrive(roles=())
    page = reader.press(reader.open(), "Ask me next time")
    assert page.title == "For you now - Preceptor"
    assert reader.open().title == "For you now - Preceptor"
    assert arrive(roles=()).open().title == "Your role - Preceptor"


def test_none_of_these_is_an_answer(arrive: Arrive) -> None:
    reader = arrive(roles=())
    reader.press(reader.open(), "Save my role", role="none")
    assert arrive(roles=()).open().title == "For you now - Preceptor"


def test_no_choice_and_unknown_roles_are_refused_in_words(arrive: Arrive) -> None:
    reader = arrive(roles=())
    for role in ("", "superuser", "trainer"):
        page = reader.press(reader.open(), "Save my role", role=role)
        assert page.status == 400
        assert "Choose a role first" in page.text


def test_a_role_from_the_ehr_can_be_changed(arrive: Arrive) -> None:
    reader = arrive(roles=("nurse",))
    page = reader.open("role")
    assert "Nurse. From your EHR." in page.text
    reader.press(page, "Save my role", role="physician")
    assert "Physician. You said so." in reader.open("role").text


def test_home_says_what_the_ehr_did_not_say(arrive: Arrive) -> None:
    assert "Your EHR did not say which task is open." in arrive(task=None).open().text
    assert "opened on its own" in arrive(task=None, standalone=True).open().text
    assert "could not be read" in arrive(missing=["tasks: no answer in time"]).open().text
