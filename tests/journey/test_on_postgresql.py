"""The journey on PostgreSQL, as most hospitals will run it: two workers, one database."""

from collections.abc import Iterator

import pytest

from tests.journey.clinician import HANDOFF_TASK, HOME, NURSE, PHYSICIAN, Clinician
from tests.plugins.browser import OpenBrowser
from tests.plugins.servers import PutUp, Site

pytestmark = [pytest.mark.browser, pytest.mark.postgres]


@pytest.fixture
def site(stand: PutUp, postgres_url: str) -> Iterator[Site]:
    site = stand(database_url=postgres_url)
    yield site
    site.app.stop()  # before its database goes


def test_from_the_chart_to_i_used_it_and_to_my_record(site: Site, open_browser: OpenBrowser) -> None:
    physician = Clinician(browser=open_browser(), ehr=site.ehr, person=PHYSICIAN)
    physician.opens_the_chart()
    title = physician.opens_the_first_tutorial()
    assert physician.goes_through_the_parts_to_the_end() == 6
    physician.says_i_used_it_on_this_task()
    physician.presses("My record")
    physician.sees("Everything recorded about you")
    physician.reads(title)
    kinds = [row["type"] for row in site.export()]
    assert kinds.count("learner present") == 1
    assert kinds.count("step completed") == 6
    assert {"tutorial opened", "tutorial finished", "AI feature used"} <= set(kinds)


def test_a_second_person_finds_by_words_and_sees_nothing_of_the_first(site: Site, open_browser: OpenBrowser) -> None:
    browser = open_browser()
    physician = Clinician(browser=browser, ehr=site.ehr, person=PHYSICIAN)
    physician.opens_the_chart()
    physician.opens_the_first_tutorial()
    nurse = Clinician(browser=browser, ehr=site.ehr, person=NURSE)
    nurse.opens_the_chart(task=HANDOFF_TASK)
    nurse.sees(HOME)
    nurse.presses("All tutorials for my role")
    nurse.sees("All tutorials for my role")
    nurse.sidebar().get_by_label("Find by words").fill("handoff")
    nurse.presses("Find")
    nurse.sees("Find a tutorial")
    nurse.reads("Give report")
    nurse.presses("My record")
    nurse.reads("1 entry since")
    assert "inbox" not in nurse.sidebar().locator("main").inner_text().lower()
