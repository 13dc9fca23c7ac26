"""What a clinician does and sees, in the words of the journeys."""

import re
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.plugins.browser import Browser
from tests.plugins.servers import Ehr

PHYSICIAN, REPLY_TASK = "Practitioner/prac-okafor-physician", "Task/task-okafor-reply"
NURSE, HANDOFF_TASK = "Practitioner/prac-lindqvist-nurse", "Task/task-lindqvist-handoff"
FRONT_DESK, SCHEDULE_TASK = "Practitioner/prac-haddad-front-desk", "Task/task-haddad-schedule"
NO_ROLE = "Practitioner/prac-weber-no-role"
REPLY, HANDOFF = "inbox-draft-reply", "nurse-handoff-summary"
HOME, FIRST_PAGE = "For you now", "What Preceptor is"

MOST_STEPS = 12


@dataclass(kw_only=True)
class Clinician:
    """A person at a chart, with Preceptor in the sidebar."""

    browser: Browser
    ehr: Ehr
    person: str = PHYSICIAN
    page: Page = field(init=False)

    def __post_init__(self) -> None:
        self.page = self.browser.context.new_page()

    def opens_the_chart(self, *, task: str = REPLY_TASK, beside: str = "", intent: str = "") -> None:
        """The chart with the task open; the EHR launches Preceptor beside it."""
        state = {"person": self.person, "open": task, "beside": beside, "intent": intent}
        said = urlencode({name: value for name, value in state.items() if value})
        self.page.goto(f"{self.ehr.url}?{said}", wait_until="domcontentloaded")

    def seconds_until_the_page_is_there(self) -> float:
        """Opens the chart; how long until the sidebar shows a whole page."""
        began = time.monotonic()
        self.opens_the_chart()
        self.sidebar().locator("footer.foot").wait_for()
        return time.monotonic() - began

    def sidebar(self, number: int = 1) -> FrameLocator:
        """The frame of Preceptor, of the first or the second chart."""
        return self.page.frame_locator(f"iframe[name=app-{number}]")

    def turns_to(self, number: int) -> None:
        """The tab of the first or the second chart, where two are open."""
        self.page.locator(f"label[for=tab-{number}]").click()

    def heading(self, number: int = 1) -> Locator:
        """Heading of the page in the sidebar."""
        return self.sidebar(number).get_by_role("heading", level=1)

    def sees(self, words: str | re.Pattern[str], *, number: int = 1) -> None:
        """The page in the sidebar has this heading."""
        if words == HOME:
            self.reads_the_first_page(number)
        expect(self.heading(number)).to_have_text(words)

    def reads_the_first_page(self, number: int = 1) -> None:
        """Whoever opens Preceptor for the first time is told what it is, and goes on."""
        expect(self.heading(number)).to_have_text(re.compile(f"^({HOME}|{FIRST_PAGE})$"))
        if self.heading(number).inner_text() == FIRST_PAGE:
            self.presses(f"Go to {HOME}", number)

    def reads(self, words: str | re.Pattern[str], *, number: int = 1) -> None:
        """These words are on the page in the sidebar."""
        expect(self.sidebar(number).locator("body")).to_contain_text(words)

    def picks(self, number: int = 1) -> list[str]:
        """Titles of the tutorials on home, in order."""
        self.sees(HOME, number=number)
        return self.sidebar(number).locator(".picks > li h2").all_inner_texts()

    def first_pick(self, number: int = 1) -> Locator:
        """The button that opens the first tutorial: the filled one, or the title in the quiet list."""
        return self.sidebar(number).locator(".picks > li:first-child form[action$='/open'] button")

    def opens_the_first_tutorial(self, number: int = 1) -> str:
        """Its title."""
        self.sees(HOME, number=number)
        heading = self.sidebar(number).locator(".picks > li:first-child h2")
        title = heading.evaluate("h2 => (h2.querySelector('button') ?? h2).firstChild.textContent.trim()")
        self.page.bring_to_front()
        self.first_pick(number).click()
        self.sees(title, number=number)
        return str(title)

    def presses(self, words: str | re.Pattern[str], number: int = 1) -> None:
        """A button or link of that name, in the window in front: a press on one behind may not arrive."""
        self.page.bring_to_front()
        named = self.sidebar(number).get_by_role("button", name=words)
        self.sidebar(number).get_by_role("link", name=words).or_(named).first.click()

    def goes_through_the_parts_to_the_end(self, number: int = 1) -> int:
        """From the card by *Read why first* to *Finished*; how many parts there were."""
        self.presses("Read why first", number)
        for part in range(1, MOST_STEPS):
            here = self.heading(number).inner_text()
            self.page.bring_to_front()
            self.sidebar(number).locator(".bar .grow button, .bar a.grow").click()
            expect(self.heading(number)).not_to_have_text(here)
            if self.heading(number).inner_text() == "Finished":
                return part
        raise AssertionError(f"no end after {MOST_STEPS} parts")

    def says_i_used_it_on_this_task(self, number: int = 1) -> None:
        """And sees that it is recorded."""
        self.presses("I used it on this task", number)
        self.sees("Finished", number=number)
        self.reads("You used it", number=number)
