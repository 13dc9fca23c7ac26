"""A trainer who has never seen the studio writes a tutorial, a second person publishes it, and a clinician has it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.journey.clinician import PHYSICIAN, Clinician
from tests.journey.trainer import TITLE, AtTheStudio, publishes_it, writes_a_tutorial
from tests.plugins.browser import Browser, OpenBrowser
from tests.plugins.servers import ORGANIZATION, Ehr, PutUp, Site, client_entry, start_ehr

pytestmark = pytest.mark.browser
TRAINER, REVIEWER = "prac-oconnell-team-leader", "prac-sato-pharmacist"
ELSEWHERE = "Harbor clinic"
MOST_ACTS = 40


@pytest.fixture
def site(stand: PutUp) -> Site:
    """A site of each test's own: each publishes the same tutorial."""
    return stand()


def test_a_trainer_writes_a_second_publishes_a_clinician_sees_it(site: Site, open_browser: OpenBrowser) -> None:
    trainer = given_somebody_who_may(site, open_browser(cookies="allowed"), TRAINER, "trainer")
    when_the_trainer_writes_previews_and_sends(trainer)
    reviewer = given_somebody_who_may(site, open_browser(cookies="allowed"), REVIEWER, "reviewer")
    when_the_reviewer_publishes(reviewer)
    clinician = then_a_clinician_sees_it_in_the_sidebar(site, open_browser())
    then_it_plays(clinician)
    then_it_took_few_acts(trainer.acts + reviewer.acts + 1)


def test_with_one_trainer_an_invited_reviewer_publishes(site: Site, harbor: Ehr, open_browser: OpenBrowser) -> None:
    trainer = given_somebody_who_may(site, open_browser(cookies="allowed"), TRAINER, "trainer")
    when_the_trainer_writes_previews_and_sends(trainer)
    code = when_the_trainer_invites(trainer)
    reviewer = given_somebody_who_may(
        site, open_browser(cookies="allowed"), REVIEWER, "reviewer", ehr=harbor, organization=ELSEWHERE
    )
    when_the_invited_reviewer_publishes(reviewer, code)
    then_it_plays(then_a_clinician_sees_it_in_the_sidebar(site, open_browser()))
    then_it_took_few_acts(trainer.acts + reviewer.acts + 1)


def given_somebody_who_may(
    site: Site, browser: Browser, who: str, permission: str, *, ehr: Ehr | None = None, organization: str = ORGANIZATION
) -> AtTheStudio:
    site.app.command(
        *("staff", "grant", "--organization", organization, "--permission", permission, "--practitioner", who)
    )
    somebody = AtTheStudio(browser=browser, app=site.app, ehr=ehr or site.ehr, person=f"Practitioner/{who}")
    somebody.signs_in()
    return somebody


@pytest.fixture
def harbor(site: Site) -> Iterator[Ehr]:
    """The EHR of another organization, registered with the same app."""
    harbor = start_ehr(site.app.folder, site.app, name="Harbor chart", host="127.0.0.2")
    site.app.command("organization", "add", ELSEWHERE)
    site.app.command(
        *("ehr", "add", "--organization", ELSEWHERE, "--name", harbor.name, "--iss", harbor.fhir_base),
        *("--client-id", client_entry(site.app, "harbor")["client_id"], "--auth", "private_key_jwt"),
        *("--callback", "harbor", "--frame-ancestor", harbor.origin),
    )
    yield harbor
    harbor.stop()


def when_the_trainer_writes_previews_and_sends(trainer: AtTheStudio) -> None:
    writes_a_tutorial(trainer, name="Grace O'Connell")


def when_the_reviewer_publishes(reviewer: AtTheStudio) -> None:
    reviewer.presses("Review", role="link")
    reviewer.sees("Review")
    reviewer.presses(TITLE, role="link")
    reviewer.sees(TITLE)
    publishes_it(reviewer, name="Emi Sato")


def when_the_trainer_invites(trainer: AtTheStudio) -> str:
    trainer.writes("Whom you invite", "Emi Sato, Harbor clinic")
    trainer.presses("Make an invitation")
    trainer.sees(TITLE)
    return trainer.page.get_by_role("status").locator("code").inner_text()


def when_the_invited_reviewer_publishes(reviewer: AtTheStudio, code: str) -> None:
    reviewer.presses("Review", role="link")
    reviewer.sees("Review")
    reviewer.writes("Code of an invitation", code)
    reviewer.presses("Open it")
    reviewer.sees(TITLE)
    publishes_it(reviewer, name="Emi Sato")


def then_a_clinician_sees_it_in_the_sidebar(site: Site, browser: Browser) -> Clinician:
    clinician = Clinician(browser=browser, ehr=site.ehr, person=PHYSICIAN)
    clinician.opens_the_chart()
    assert any(TITLE in pick for pick in clinician.picks()), clinician.picks()
    return clinician


def then_it_plays(clinician: Clinician) -> None:
    clinician.presses(TITLE)
    clinician.sees(TITLE)
    clinician.reads("Match the drug and the dose.")
    expect(clinician.sidebar().locator(".meta").first).to_contain_text("Reviewed here by Emi Sato")


def then_it_took_few_acts(acts: int) -> None:
    assert acts < MOST_ACTS, acts
