"""The same words wherever they are needed, though the rooms may not import from each other."""

from launch.sandbox.clients import PLACEMENTS as PLACES_OF_THE_SANDBOX
from smart_app.library.vocabulary import PLACEMENTS, WORK
from smart_app.organizations.ehr_sheet import PLACES as PLACES_ON_THE_SHEET
from smart_app.visits.task_titles import TITLES


def test_every_place_that_tutorials_know_is_on_the_analysts_sheet_and_in_the_sandbox() -> None:
    assert set(PLACES_ON_THE_SHEET) == set(PLACEMENTS)
    assert set(PLACES_OF_THE_SANDBOX) == set(PLACEMENTS)


def test_every_kind_of_work_that_tutorials_know_has_a_title_on_the_page() -> None:
    assert set(TITLES) == set(WORK)
