"""Pictures of the running demo for docs/images, at 1280 and 360 px, in light and dark: `make screenshots`.

Starts `preceptor demo` on free ports with data of its own, goes through the pages
as a clinician would, and stops it again.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.journey.clinician import (
    FRONT_DESK,
    HANDOFF_TASK,
    HOME,
    NO_ROLE,
    NURSE,
    PHYSICIAN,
    REPLY_TASK,
    SCHEDULE_TASK,
    Clinician,
)
from tests.plugins.browser import Browser, running_browser
from tests.plugins.servers import PRECEPTOR, ROOT, Ehr, Running, answers, free_port, start

IMAGES = ROOT / "docs" / "images"
WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 360, "height": 740}


@contextmanager
def running_demo(folder: Path) -> Iterator[Ehr]:
    """`preceptor demo`, as anybody runs it; gives its EHR."""
    port, ehr_port = free_port(), free_port()
    ports = ["--port", str(port), "--ehr-port", str(ehr_port)]
    running: Running = start(
        [PRECEPTOR, "demo", *ports, "--data", str(folder / "data"), "--no-browser"], log=folder / "demo.log"
    )
    try:
        running.wait_for(
            lambda: answers(f"http://127.0.0.1:{port}/readyz") and answers(f"http://127.0.0.1:{ehr_port}/")
        )
        yield Ehr(name="Lakeside chart", host="127.0.0.1", port=ehr_port)
    finally:
        running.stop()


def keep(page: Page, name: str) -> None:
    """Write docs/images/NAME-WIDTH.png of what is on the screen, and NAME-WIDTH-dark.png."""
    page.wait_for_load_state("networkidle")
    size = page.viewport_size or WIDE
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.screenshot(path=IMAGES / f"{name}-{size['width']}-dark.png")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.screenshot(path=IMAGES / f"{name}-{size['width']}.png")


def narrow_window(browser: Browser, ehr: Ehr, *, person: str, task: str) -> Page:
    """The app alone at the sidebar's width, launched as the chart launches it."""
    page = browser.context.new_page()
    page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    wanted = {"person": person, "task": task} if task else {"person": person}
    page.goto(str(ehr.control("launches", wanted)["launch_url"]))
    page.wait_for_url(re.compile("/v/"))
    return page


def wide_pictures(browser: Browser, ehr: Ehr) -> None:
    """The chart with the sidebar; the nurse goes on into a tutorial."""
    for name, person, task in (("chart", PHYSICIAN, REPLY_TASK), ("chart-nurse", NURSE, HANDOFF_TASK)):
        clinician = Clinician(browser=browser, ehr=ehr, person=person)
        clinician.page.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})
        clinician.opens_the_chart(task=task)
        clinician.sees("For you now")
        keep(clinician.page, name)
        if person == NURSE:
            clinician.opens_the_first_tutorial()
            keep(clinician.page, "chart-card")
            clinician.presses("Show me how")
            clinician.sidebar().locator(".bar").wait_for()
            keep(clinician.page, "chart-step")
        clinician.page.close()


def narrow_pictures(browser: Browser, ehr: Ehr) -> None:
    """Each page of the sidebar by itself."""
    page = narrow_window(browser, ehr, person=FRONT_DESK, task=SCHEDULE_TASK)
    keep(page, "first-page")
    page.get_by_role("button", name=f"Go to {HOME}").click()
    keep(page, "home")
    page.locator("footer.foot").get_by_role("link", name="Find a tutorial").click()
    keep(page, "find")
    page.locator("a[data-escape]").click()
    page.locator(".picks .lead form[action$='/open'] button").click()
    keep(page, "card")
    page.get_by_role("link", name="I know this").click()
    keep(page, "questions")
    page.locator("a[data-escape]").click()
    page.get_by_role("button", name="Read why first").click()
    keep(page, "step")
    page.locator("form[data-verify] button").click()
    keep(page, "verify")
    page.locator("a[data-escape]").click()
    for _ in range(6):
        page.locator(".bar .grow button, .bar a.grow").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Finished")
    keep(page, "finished")
    page.get_by_role("button", name="I used it on this task").click()
    keep(page, "used")
    page.locator("footer.foot").get_by_role("link", name="My record").click()
    keep(page, "record")
    keep(narrow_window(browser, ehr, person=FRONT_DESK, task=SCHEDULE_TASK), "home-quiet")
    page = narrow_window(browser, ehr, person=NO_ROLE, task="")
    page.get_by_role("button", name=f"Go to {HOME}").click()
    keep(page, "role")


def failed_launch(browser: Browser, ehr: Ehr) -> None:
    """What a person sees when the EHR refuses."""
    page = browser.context.new_page()
    page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    ehr.control("settings", {"refuse_with": "access_denied"}, method="PATCH")
    page.goto(str(ehr.control("launches", {"person": PHYSICIAN})["launch_url"]))
    page.get_by_text(re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")).first.wait_for()
    keep(page, "launch-failed")
    ehr.control("settings", {"refuse_with": None}, method="PATCH")


def main() -> int:
    """Make them all."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="preceptor-pictures-")))
        ehr = stack.enter_context(running_demo(folder))
        driver = stack.enter_context(sync_playwright())
        browser = stack.enter_context(running_browser(driver, folder, cookies="allowed"))
        wide_pictures(browser, ehr)
        narrow_pictures(browser, ehr)
        failed_launch(browser, ehr)
    print(*sorted(path.name for path in IMAGES.glob("*.png")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
