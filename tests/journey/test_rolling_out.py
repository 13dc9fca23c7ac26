"""From an empty organization, by the screens alone: roster, AI features, a rollout in waves, who has not finished."""

import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journey.clinician import HANDOFF_TASK, NURSE, Clinician
from tests.journey.staff_list import NURSE_OF_THE_TEST, UNITS, staff_list
from tests.journey.trainer import AtTheStudio
from tests.plugins.browser import Browser, OpenBrowser
from tests.plugins.servers import ROOT, Ehr, PutUp, Site, client_entry, start_ehr

pytestmark = pytest.mark.browser
ORGANIZATION = "Harbor hospital"
TRAINER = "prac-oconnell-team-leader"
REVIEWER = "prac-sato-pharmacist"
AI_HOST = "ai.harbor.example"
REASON = "Planning who needs time at the next huddle"
FEATURES = {
    "handoff-summary": ("Handoff summary", "Nurse"),
    "inbox-draft-reply": ("Draft replies in the inbox", "Physician"),
    "scheduling-agent": ("Scheduling agent", "Front desk"),
}
HANDOFF = "Use the AI handoff summary at shift change"
TODAY = datetime.now(UTC).date()
WAVES = [(TODAY + timedelta(days=30 * n), TODAY + timedelta(days=30 * n + 21)) for n in range(3)]


@pytest.fixture
def site(stand: PutUp) -> Site:
    return stand()


@pytest.fixture
def harbor(site: Site) -> Iterator[Ehr]:
    """The EHR of an organization that is new."""
    ehr = start_ehr(site.app.folder, site.app, name="Harbor chart", host="127.0.0.2")
    yield ehr
    ehr.stop()


def test_an_empty_organization_rolls_three_features_out_to_200_people(
    site: Site, harbor: Ehr, open_browser: OpenBrowser, tmp_path: Path
) -> None:
    ehr = harbor
    given_an_empty_organization(site, ehr)
    trainer = given_a_trainer(site, ehr, open_browser(cookies="allowed"))
    when_names_are_allowed(trainer)
    when_three_ai_features_are_registered(trainer)
    reviewer = somebody_else(site, ehr, open_browser(cookies="allowed"))
    when_the_library_is_brought_in(trainer, reviewer, tmp_path)
    when_the_roster_is_brought_in(trainer, tmp_path)
    when_a_rollout_in_three_waves_is_planned(trainer)
    then_each_unit_says_what_is_missing(trainer)
    when_the_first_wave_is_assigned(trainer)
    then_the_nurse_sees_it_first_and_finishes_it(ehr, open_browser())
    then_the_trainer_sees_who_has_not_finished(trainer)
    then_the_nurse_sees_who_looked_and_why(ehr, open_browser())
    then_the_sheets_can_be_printed(trainer)


def given_an_empty_organization(site: Site, ehr: Ehr) -> None:
    """The command line's part, once: the organization, its EHR, its first trainer."""
    site.app.command("organization", "add", ORGANIZATION)
    site.app.command(
        *("ehr", "add", "--organization", ORGANIZATION, "--name", ehr.name, "--iss", ehr.fhir_base),
        *("--client-id", str(client_entry(site.app, "harbor")["client_id"]), "--auth", "private_key_jwt"),
        *("--callback", "harbor", "--frame-ancestor", ehr.origin),
    )
    for permission in ("trainer", "analyst"):
        site.app.command(
            *("staff", "grant", "--organization", ORGANIZATION, "--permission", permission),
            *("--practitioner", TRAINER),
        )


def given_a_trainer(site: Site, ehr: Ehr, browser: Browser) -> AtTheStudio:
    trainer = AtTheStudio(browser=browser, app=site.app, ehr=ehr, person=f"Practitioner/{TRAINER}")
    trainer.signs_in()
    return trainer


def somebody_else(site: Site, ehr: Ehr, browser: Browser) -> AtTheStudio:
    """Who will review; not signed in yet."""
    return AtTheStudio(browser=browser, app=site.app, ehr=ehr, person=f"Practitioner/{REVIEWER}")


def when_the_library_is_brought_in(trainer: AtTheStudio, reviewer: AtTheStudio, folder: Path) -> None:
    """The starter library and what this site filled in, as files; a second person, named on a page, publishes."""
    when_somebody_may_review(trainer)
    when_a_host_is_allowed(trainer)
    archive = folder / "starter.zip"
    with zipfile.ZipFile(archive, "w") as files:
        for file in sorted((ROOT / "smart_app/library/starter").iterdir()):
            files.write(file, file.name)
        local = (ROOT / "fixtures/demo/local.yaml").read_text().replace("http://127.0.0.1:9000", f"https://{AI_HOST}")
        files.writestr("local.yaml", local)
    trainer.presses("Library in files", role="link")
    trainer.sees("Library in files")
    trainer.page.get_by_label("A zip, or the files").set_input_files(archive)
    trainer.writes("Who wrote them", "Preceptor starter library")
    trainer.presses("Show what would change")
    trainer.sees("starter.zip")
    reviewer.signs_in()
    reviewer.presses("Library in files", role="link")
    reviewer.presses("starter.zip", role="link")
    reviewer.sees("starter.zip")
    reviewer.writes("Your name, as colleagues know it", "Demo reviewer")
    reviewer.presses("I have read it: publish")
    expect(reviewer.page.get_by_role("status")).to_contain_text("Published.")


def when_a_host_is_allowed(trainer: AtTheStudio) -> None:
    """Where clinicians are led by a launch link."""
    trainer.presses("AI features", role="link")
    trainer.sees("AI features")
    trainer.writes("Host, say: ai.example.org", AI_HOST)
    trainer.presses("Allow this host")
    expect(trainer.page.get_by_role("main")).to_contain_text(AI_HOST)


def when_somebody_may_review(trainer: AtTheStudio) -> None:
    trainer.presses("Administration", role="link")
    trainer.presses("Permissions", role="link")
    trainer.sees("Permissions")
    trainer.chooses("Named by", "Id of their Practitioner")
    trainer.writes("Which", REVIEWER)
    ticks(trainer, "^Reviewer")
    trainer.presses("Grant")
    expect(trainer.page.get_by_role("status")).to_contain_text("ranted")


def ticks(trainer: AtTheStudio, words: str) -> None:
    """A box whose name begins so; its hint belongs to the name."""
    box = trainer.page.get_by_role("checkbox", name=re.compile(words))
    trainer._reach(box.first)
    trainer.page.keyboard.press("Space")
    expect(box.first).to_be_checked()


def when_names_are_allowed(trainer: AtTheStudio) -> None:
    trainer.presses("Administration", role="link")
    trainer.presses("Settings", role="link")
    ticks(trainer, "^Educators see by name who has finished assigned work")
    trainer.presses("Save")
    expect(trainer.page.get_by_role("status")).to_contain_text("Saved")


def when_three_ai_features_are_registered(trainer: AtTheStudio) -> None:
    for feature, (name, role) in FEATURES.items():
        trainer.presses("AI features", role="link")
        trainer.sees("AI features")
        trainer.presses("Add an AI feature", role="link")
        trainer.writes("Id", feature)
        trainer.writes("Name, as staff know it", name)
        trainer.writes("Version", "1.0")
        trainer.chooses("Status", "live")
        ticks(trainer, f"^{role}$")
        trainer.presses("Save this AI feature")
        trainer.sees(name)


def when_the_roster_is_brought_in(trainer: AtTheStudio, folder: Path) -> None:
    file = folder / "staff.csv"
    file.write_text(staff_list())
    trainer.presses("Roster", role="link")
    trainer.sees("Roster")
    trainer.page.get_by_label("A CSV file").set_input_files(file)
    trainer.presses("Try this file")
    trainer.sees("Try a roster file")
    expect(trainer.page.get_by_role("main")).to_contain_text("It cannot be imported as it stands.")
    trainer.chooses("“registered nurse” is the job role", "Nurse")
    trainer.presses("Try again with these")
    trainer.sees("Try a roster file")
    expect(trainer.page.get_by_role("main")).to_contain_text("200 people will be added.")
    trainer.presses("Import 200 people")
    trainer.sees("Roster")
    expect(trainer.page.get_by_role("main")).to_contain_text("200 people in 14 units")


def when_a_rollout_in_three_waves_is_planned(trainer: AtTheStudio) -> None:
    trainer.presses("Rollouts", role="link")
    trainer.sees("Rollouts")
    trainer.presses("Plan a rollout", role="link")
    trainer.sees("Plan a rollout")
    trainer.writes("Name", "Winter rollout")
    for name, _ in FEATURES.values():
        ticks(trainer, f"^{name}")
    for number, (starts, ends) in enumerate(WAVES, 1):
        for field, day in (("starts", starts), ("ends", ends)):
            trainer.page.locator(f"[name={field}-{number}]").fill(day.isoformat())
    for place, unit in enumerate(sorted(UNITS)):
        trainer.chooses(unit, f"Wave {1 if unit == UNITS[0] else place % 3 + 1}")
    trainer.presses("Save the plan")
    trainer.sees("Winter rollout")


def then_each_unit_says_what_is_missing(trainer: AtTheStudio) -> None:
    for number in (1, 2, 3):
        expect(trainer.page.get_by_role("heading", name=re.compile(f"^Wave {number}:"))).to_be_visible()
    assert trainer.page.locator("main tbody tr").count() == len(UNITS)
    trainer.presses(UNITS[0], role="link")
    trainer.sees(UNITS[0])
    expect(trainer.page.get_by_role("main")).to_contain_text("Not for the roles of this unit")
    trainer.writes("Their staff identifiers", "E0001")
    trainer.writes("How they are reached, for the huddle sheet", "extension 4411")
    trainer.presses("Save super-users")
    expect(trainer.page.get_by_role("main")).to_contain_text("Sample Person 001")


def when_the_first_wave_is_assigned(trainer: AtTheStudio) -> None:
    trainer.presses("Rollouts", role="link")
    trainer.presses("Winter rollout", role="link")
    trainer.presses("Assign wave 1")
    trainer.sees("Winter rollout")
    expect(trainer.page.get_by_role("status")).to_contain_text("to wave 1.")


def then_the_nurse_sees_it_first_and_finishes_it(ehr: Ehr, browser: Browser) -> None:
    assert f"Practitioner/{NURSE_OF_THE_TEST}" == NURSE
    nurse = Clinician(browser=browser, ehr=ehr, person=NURSE)
    nurse.opens_the_chart(task=HANDOFF_TASK)
    due = WAVES[0][1]
    nurse.sees("For you now")
    nurse.reads(f"it is assigned to you, due {due.day} {due:%B}")
    nurse.opens_the_first_tutorial()
    nurse.goes_through_the_parts_to_the_end()


def then_the_trainer_sees_who_has_not_finished(trainer: AtTheStudio) -> None:
    trainer.presses("Assignments", role="link")
    trainer.sees("Assignments")
    row = trainer.page.get_by_role("row").filter(has_text="Nurse in").first
    title = row.get_by_role("link").inner_text()
    trainer.presses(title, role="link")
    trainer.sees(title)
    trainer.writes("Your reason", REASON)
    trainer.presses("Open the list")
    trainer.sees("Who has not finished")
    listed = trainer.page.get_by_role("main")
    expect(listed).not_to_contain_text("Sample Person 001")
    expect(listed).to_contain_text("Sample Person 029")
    trainer.page.get_by_role("link", name=re.compile("^All ")).focus()
    trainer.page.keyboard.press("Enter")
    trainer.sees("Who has finished, and who has not")
    done = trainer.page.get_by_role("row").filter(has_text="Sample Person 001")
    expect(done).to_contain_text("Finished")


def then_the_nurse_sees_who_looked_and_why(ehr: Ehr, browser: Browser) -> None:
    nurse = Clinician(browser=browser, ehr=ehr, person=NURSE)
    nurse.opens_the_chart(task=HANDOFF_TASK)
    nurse.presses("My record")
    nurse.sees("Everything recorded about you")
    nurse.reads(REASON)


def then_the_sheets_can_be_printed(trainer: AtTheStudio) -> None:
    trainer.presses("Rollouts", role="link")
    trainer.presses("Winter rollout", role="link")
    trainer.presses(UNITS[0], role="link")
    trainer.presses("Huddle sheet to print", role="link")
    trainer.page.wait_for_url(re.compile("/huddle$"))
    trainer.page.emulate_media(media="print")
    main = trainer.page.get_by_role("main")
    expect(main).to_contain_text("Sample Person 001: extension 4411")
    expect(trainer.page.get_by_role("navigation", name="Studio")).to_be_hidden()
    printed = trainer.page.pdf(prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") == 1, "one page"
    trainer.page.emulate_media(media="screen")
