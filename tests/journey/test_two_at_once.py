"""Two charts at once, and two EHRs: what is open in one never shows in the other."""

import pytest

from tests.journey.clinician import HANDOFF_TASK, NURSE, REPLY_TASK, Clinician
from tests.plugins.browser import OpenBrowser
from tests.plugins.servers import PutUp, Site

pytestmark = pytest.mark.browser
OTHER_TASK = "Task/task-okafor-visit"


@pytest.fixture(scope="module")
def site(stand: PutUp) -> Site:
    return stand(second_ehr=True)


def test_two_open_charts_keep_their_own_task(site: Site, open_browser: OpenBrowser) -> None:
    clinician = Clinician(browser=open_browser(), ehr=site.ehrs[0])
    clinician.opens_the_chart(task=REPLY_TASK, beside=OTHER_TASK)
    tops = [top_line(clinician, number) for number in (1, 2)]
    assert "Message reply" in tops[0]
    assert "Chart review" in tops[1]
    addresses = {frame.url for frame in clinician.page.frames if "/v/" in frame.url}
    assert len(addresses) == 2


def top_line(clinician: Clinician, number: int) -> str:
    """Where the person is, in the words of the sidebar of this chart."""
    clinician.turns_to(number)
    clinician.sees("For you now", number=number)
    return clinician.sidebar(number).locator("header.top").inner_text()


def test_a_step_in_one_chart_leaves_the_other_where_it_was(site: Site, open_browser: OpenBrowser) -> None:
    clinician = Clinician(browser=open_browser(), ehr=site.ehrs[0])
    clinician.opens_the_chart(task=REPLY_TASK, beside=OTHER_TASK)
    before = top_line(clinician, 2)
    clinician.turns_to(1)
    clinician.opens_the_first_tutorial(number=1)
    assert top_line(clinician, 2) == before


def test_people_of_two_ehrs_in_one_browser_do_not_mix(site: Site, open_browser: OpenBrowser) -> None:
    browser = open_browser()
    physician = Clinician(browser=browser, ehr=site.ehrs[0])
    nurse = Clinician(browser=browser, ehr=site.ehrs[1], person=NURSE)
    physician.opens_the_chart()
    nurse.opens_the_chart(task=HANDOFF_TASK)
    physician.sees("For you now")
    nurse.sees("For you now")
    assert "Physician" in physician.sidebar().locator("header.top").inner_text()
    assert "Nurse" in nurse.sidebar().locator("header.top").inner_text()
    physician.opens_the_first_tutorial()
    nurse.opens_the_first_tutorial()


def test_another_person_in_the_same_ehr_ends_the_first_ones_visits(site: Site, open_browser: OpenBrowser) -> None:
    browser = open_browser()
    physician = Clinician(browser=browser, ehr=site.ehrs[0])
    physician.opens_the_chart()
    physician.sees("For you now")
    nurse = Clinician(browser=browser, ehr=site.ehrs[0], person=NURSE)
    nurse.opens_the_chart(task=HANDOFF_TASK)
    nurse.sees("For you now")
    physician.presses("My record")
    physician.reads("ended")
