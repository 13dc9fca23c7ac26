"""Pictures for docs/authoring.md: from an empty page to a tutorial in the chart: `python -m bench.authoring_pictures`.

Starts a sandbox EHR and the app on free ports with data of their own, writes as a trainer would, and stops them.
"""

import re
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from bench.screenshots import IMAGES
from tests.journey.clinician import PHYSICIAN, Clinician
from tests.journey.trainer import PARTS, TITLE
from tests.plugins.browser import Browser, running_browser
from tests.plugins.servers import ORGANIZATION, App, Ehr, prepare, register, start_ehr

WIDE = {"width": 1280, "height": 900}
TRAINER, COLLEAGUE, REVIEWER = "prac-oconnell-team-leader", "prac-park-social-worker", "prac-sato-pharmacist"


def keep(page: Page, name: str, *, whole: bool = False, dark: bool = False) -> None:
    """Write docs/images/NAME-1280.png, and in the dark NAME-1280-dark.png."""
    page.wait_for_load_state("load")
    if whole:
        page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(800)  # the frame of the preview
    page.screenshot(path=IMAGES / f"{name}-1280.png", full_page=whole)
    if dark:
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=IMAGES / f"{name}-1280-dark.png", full_page=whole)
        page.emulate_media(color_scheme="light")


def signed_in(browser: Browser, app: App, ehr: Ehr, who: str, permission: str) -> Page:
    """Somebody at the studio."""
    app.command(*("staff", "grant", "--organization", ORGANIZATION, "--permission", permission, "--practitioner", who))
    page = browser.context.new_page()
    page.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})
    launch = str(ehr.control("launches", {"person": f"Practitioner/{who}"})["launch_url"])
    page.goto(launch.replace("/launch?", "/launch/studio?"))
    page.wait_for_url(re.compile("/studio/.+/"))
    return page


def writing(page: Page) -> str:
    """The list, a new tutorial, the editor; gives the draft's address below the visit."""
    page.get_by_role("link", name="Tutorials", exact=True).first.click()
    page.get_by_role("heading", level=1, name="Tutorials").wait_for()
    keep(page, "studio-tutorials")
    page.get_by_role("link", name="Write a tutorial").click()
    page.get_by_label("Title", exact=True).fill(TITLE)
    page.get_by_label("AI feature").select_option("inbox-draft-reply")
    keep(page, "studio-new")
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("Physician").check()
    page.get_by_label("a message reply").check()
    page.get_by_label("The card's line").fill("The draft sorts the queue. You still own each refill.")
    for label, text in PARTS.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("From the library").select_option("biro-2025")
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url(re.compile("said=saved"))
    keep(page, "studio-to-mend", whole=True)
    page.get_by_label("where the draft is (not filled)").fill("In the inbox, on the right.")
    expect(page.locator("#saved")).to_contain_text(re.compile("Saved .*"))
    page.wait_for_timeout(2500)
    page.locator(".seen").get_by_role("link", name="How", exact=True).click()
    page.evaluate("scrollTo(0, 0)")
    keep(page, "studio-editor", dark=True)
    return page.url.split("?")[0].partition("/drafts/")[2]


def two_at_once(page: Page, colleague: Page, draft: str) -> None:
    """A colleague saves another line; both texts, side by side."""
    colleague.goto(re.sub("/studio/([^/]+)/.*", rf"/studio/\1/drafts/{draft}", colleague.url))
    page.get_by_label("The card's line").fill("The draft puts them in order. You own each refill.")
    expect(page.locator("#saved")).to_contain_text("Not saved yet")
    page.wait_for_timeout(3000)
    colleague.get_by_label("The card's line").fill("It sorts. You still decide each refill.")
    colleague.get_by_role("link", name="Decide between the two").first.click()
    colleague.get_by_role("heading", level=1, name="Two texts").wait_for()
    keep(colleague, "studio-two-texts")
    colleague.get_by_role("button", name="Save what I chose").click()
    colleague.wait_for_url(re.compile("said=settled"))
    page.reload()


def review(page: Page, reviewer: Page) -> None:
    """Sent, read, published."""
    page.get_by_label("Your name, as colleagues know it").fill("Grace O'Connell")
    page.get_by_role("button", name="Send for review").click()
    page.wait_for_url(re.compile("/reviews/"))
    page.get_by_label("Whom you invite").scroll_into_view_if_needed()
    keep(page, "studio-sent")
    reviewer.get_by_role("link", name="Review", exact=True).first.click()
    reviewer.get_by_role("link", name=TITLE).click()
    reviewer.get_by_label("Your name, as colleagues know it").fill("Emi Sato")
    keep(reviewer, "studio-review", whole=True)
    reviewer.get_by_role("button", name="Publish version 1").click()
    reviewer.wait_for_url(re.compile("said=published"))


def next_version(page: Page) -> None:
    """The next version of one that is live, beside it."""
    page.goto(re.sub("/studio/([^/]+)/.*", r"/studio/\1/tutorials/nurse-handoff-summary", page.url))
    page.get_by_role("button", name="Write version 2").click()
    page.get_by_label("Title", exact=True).fill("Give report with an AI summary")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile("said=saved"))
    page.goto(re.sub("/studio/([^/]+)/.*", r"/studio/\1/tutorials/nurse-handoff-summary/compare", page.url))
    keep(page, "studio-compare")


def main() -> int:
    """Make them all."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="preceptor-authoring-")))
        app = App(folder=folder)
        prepare(app)
        stack.callback(app.stop)
        ehr = start_ehr(folder, app, name="Lakeside chart", host="127.0.0.1")
        stack.callback(ehr.stop)
        register(app, ehr)
        app.serve()
        driver = stack.enter_context(sync_playwright())
        browsers = [stack.enter_context(running_browser(driver, folder, cookies="allowed")) for _ in range(3)]
        trainer = signed_in(browsers[0], app, ehr, TRAINER, "trainer")
        draft = writing(trainer)
        two_at_once(trainer, signed_in(browsers[1], app, ehr, COLLEAGUE, "trainer"), draft)
        review(trainer, signed_in(browsers[2], app, ehr, REVIEWER, "reviewer"))
        next_version(trainer)
        clinician = Clinician(browser=browsers[1], ehr=ehr, person=PHYSICIAN)
        clinician.page.set_viewport_size({"width": 1280, "height": 860})
        clinician.opens_the_chart()
        clinician.picks()
        keep(clinician.page, "studio-in-the-chart")
    return 0


if __name__ == "__main__":
    sys.exit(main())
