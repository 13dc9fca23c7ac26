"""What a trainer and a reviewer do in the studio, with the keyboard alone; every act is counted."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page, expect

from tests.player.looking import what_axe_finds
from tests.plugins.browser import Browser
from tests.plugins.servers import App, Ehr

MOST_TABS = 150
PARTS = {
    "Why": "You sort the same refills all day, and you fear to miss the one that changed. The draft puts them in "
    "order. You still decide each one.",
    "How": "1. Read the message first.\n2. Open the draft. {local: where the draft is}\n3. Do the checks, then send.",
    "Watch for": "An old dose may slip in. In one study each error was missed by 13 to 15 of 20 readers [@biro-2025].",
    "Verify": "- **Open the med list.** Match the drug and the dose.\n"
    "- **Open the last visit.** See that a refill is due.",
    "Try it": "Pick one refill with no change. Name the dose first, then read the draft.",
    "When not to use it": "- New symptoms: call.\n- No time for the checks: start blank.",
}
"""Label -> what is written."""
TITLE = "Sort the refill queue with an AI draft"


@dataclass(kw_only=True)
class AtTheStudio:
    """Somebody at the studio's pages. `acts` counts what is filled in, ticked, chosen and pressed."""

    browser: Browser
    app: App
    ehr: Ehr
    person: str
    page: Page = field(init=False)
    acts: int = 0
    last_form: bool = False

    def signs_in(self) -> None:
        """From the EHR, by a launch that ends in the studio."""
        self.page = self.browser.context.new_page()
        self.page.set_viewport_size({"width": 1280, "height": 900})
        launch = str(self.ehr.control("launches", {"person": self.person})["launch_url"])
        self.page.goto(launch.replace("/launch?", "/launch/studio?"))
        self.page.wait_for_url(re.compile("/studio/.+/"))
        self.sees("What you may do here")

    def sees(self, heading: str) -> None:
        """The page has this heading, and axe finds nothing on it."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        self.page.wait_for_load_state("load")
        assert what_axe_finds(self.page) == [], heading

    def presses(self, words: str, *, role: str = "button", back: bool = False) -> None:
        """A button, or a link, of just this name."""
        self._reach(self.page.get_by_role(role, name=words, exact=True).first, back=back)  # type: ignore[arg-type]
        self.page.keyboard.press("Enter")
        self.acts += 1

    def writes(self, label: str, text: str, *, back: bool = False) -> None:
        """Into the field of this label."""
        self._reach(self.page.get_by_label(label, exact=True), back=back)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)
        self.acts += 1

    def ticks(self, label: str) -> None:
        """A box."""
        self._reach(self.page.get_by_label(label, exact=True))
        self.page.keyboard.press("Space")
        self.acts += 1

    def chooses(self, label: str, words: str) -> None:
        """From a list, by typing the beginning of the line."""
        listed = self.page.get_by_label(label, exact=True)
        self._reach(listed)
        self.page.keyboard.type(words, delay=5)
        expect(listed.locator("option:checked")).to_have_text(re.compile(f"^{re.escape(words)}"))
        self.acts += 1

    def _reach(self, control: Locator, *, back: bool = False) -> None:
        """By Tab alone."""
        handle = control.element_handle()
        for _ in range(MOST_TABS):
            if handle.evaluate("e => e === document.activeElement"):
                return
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"{control} is not reached by Tab")


def writes_a_tutorial(trainer: AtTheStudio, *, name: str) -> None:
    """From the first page of the studio to *Sent for review*, with a look at the preview."""
    trainer.presses("Tutorials", role="link")
    trainer.sees("Tutorials")
    trainer.presses("Write a tutorial", role="link")
    trainer.sees("Write a tutorial")
    trainer.writes("Title", TITLE)
    trainer.chooses("AI feature", "Draft replies")
    trainer.presses("Begin")
    trainer.sees(TITLE)
    trainer.ticks("Physician")
    trainer.ticks("a message reply")
    trainer.writes("The card's line", "The draft sorts the queue. You still own each refill.")
    for label, text in PARTS.items():
        trainer.writes(label, text)
    trainer.chooses("From the library", "biro-2025")
    trainer.presses("Add it")
    trainer.page.wait_for_url(re.compile("said=saved"))
    trainer.sees(TITLE)
    trainer.writes("where the draft is (not filled)", "In the inbox, on the right.")
    looks_at_the_preview(trainer)
    trainer.writes("Your name, as colleagues know it", name, back=True)
    trainer.presses("Send for review")
    trainer.page.wait_for_url(re.compile("/reviews/"))
    trainer.sees(TITLE)
    expect(trainer.page.get_by_role("status")).to_contain_text("Sent for review")


def looks_at_the_preview(trainer: AtTheStudio) -> None:
    """In the frame stands what was written, as the clinician will read it."""
    expect(trainer.page.locator("#saved")).to_contain_text("Saved")
    trainer.presses("How", role="link")
    frame = trainer.page.frame_locator("iframe.preview")
    expect(frame.get_by_role("heading", level=1)).to_have_text("How")
    expect(frame.locator(".part-how")).to_contain_text("In the inbox, on the right.")
    assert trainer.page.locator("iframe.preview").evaluate("e => e.clientWidth") == 360


def publishes_it(reviewer: AtTheStudio, *, name: str) -> None:
    """From the review page to *Published*."""
    reviewer.writes("Your name, as colleagues know it", name)
    reviewer.presses("Publish version 1")
    reviewer.sees("Review")
    expect(reviewer.page.get_by_role("status")).to_contain_text("Published")
