"""Pictures for docs/rollout.md: the way from an empty organization to who has not finished, at 1280 px.

Goes the same way as tests/journey/test_rolling_out.py, and keeps what is on the screen:
`python -m bench.rollout_pictures`.
"""

import re
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.screenshots import IMAGES
from tests.journey import test_rolling_out as way
from tests.journey.clinician import HANDOFF_TASK, NURSE, Clinician
from tests.journey.staff_list import UNITS, staff_list
from tests.journey.trainer import AtTheStudio
from tests.plugins.browser import running_browser
from tests.plugins.servers import App, Site, prepare, start_ehr

WIDE = {"width": 1280, "height": 900}


def keep(page: Page, name: str, *, whole: bool = False) -> None:
    """Write docs/images/NAME-1280.png."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}-1280.png", full_page=whole)


def site_of(folder: Path, stack: ExitStack) -> Site:
    """The app and an EHR of an organization that is new."""
    app = App(folder=folder, database_url="", settings={})
    prepare(app)
    stack.callback(app.stop)
    ehr = start_ehr(folder, app, name="Harbor chart", host="127.0.0.2")
    stack.callback(ehr.stop)
    app.serve()
    return Site(app=app, ehrs=(ehr,))


def roster_pictures(trainer: AtTheStudio, folder: Path) -> None:
    """The file on trial, then the roster."""
    file = folder / "staff.csv"
    file.write_text(staff_list())
    trainer.presses("Roster", role="link")
    trainer.page.get_by_label("A CSV file").set_input_files(file)
    trainer.presses("Try this file")
    trainer.sees("Try a roster file")
    keep(trainer.page, "roster-trial")
    trainer.chooses("“registered nurse” is the job role", "Nurse")
    trainer.presses("Try again with these")
    trainer.presses("Import 200 people")
    trainer.sees("Roster")
    keep(trainer.page, "roster")


def rollout_pictures(trainer: AtTheStudio) -> None:
    """The plan, the rollout, a unit, its huddle sheet."""
    way.when_a_rollout_in_three_waves_is_planned(trainer)
    keep(trainer.page, "rollout", whole=True)
    trainer.presses("Change the plan", role="link")
    keep(trainer.page, "rollout-plan")
    trainer.presses("Leave it", role="link")
    way.then_each_unit_says_what_is_missing(trainer)
    keep(trainer.page, "rollout-unit")
    way.when_the_first_wave_is_assigned(trainer)
    trainer.presses(UNITS[0], role="link")
    trainer.presses("Huddle sheet to print", role="link")
    trainer.page.wait_for_url(re.compile("/huddle$"))
    keep(trainer.page, "huddle")
    trainer.presses("Assignments", role="link")
    keep(trainer.page, "assignments")


def main() -> int:
    """Make them all."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="preceptor-pictures-")))
        site = site_of(folder, stack)
        driver = stack.enter_context(sync_playwright())
        way.given_an_empty_organization(site, site.ehr)
        trainer = way.given_a_trainer(
            site, site.ehr, stack.enter_context(running_browser(driver, folder, cookies="allowed"))
        )
        way.when_names_are_allowed(trainer)
        way.when_three_ai_features_are_registered(trainer)
        reviewer = way.somebody_else(
            site, site.ehr, stack.enter_context(running_browser(driver, folder, cookies="allowed"))
        )
        way.when_the_library_is_brought_in(trainer, reviewer, folder)
        keep(trainer.page, "library-files")
        roster_pictures(trainer, folder)
        rollout_pictures(trainer)
        sidebar = stack.enter_context(running_browser(driver, folder))
        way.then_the_nurse_sees_it_first_and_finishes_it(site.ehr, sidebar)
        way.then_the_trainer_sees_who_has_not_finished(trainer)
        keep(trainer.page, "names")
        nurse = Clinician(browser=sidebar, ehr=site.ehr, person=NURSE)
        nurse.page.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})
        nurse.page.goto(str(site.ehr.control("launches", {"person": NURSE, "task": HANDOFF_TASK})["launch_url"]))
        nurse.page.wait_for_url(re.compile("/v/"))
        nurse.page.get_by_role("link", name="My record").first.click()
        nurse.page.get_by_role("heading", name="Who has looked").scroll_into_view_if_needed()
        keep(nurse.page, "looked")
    print(*sorted(path.name for path in IMAGES.glob("*-1280.png")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
