"""Somebody before a page in a real browser, who goes on by keyboard alone, or without script."""

import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page

from tests.player.reader import Reader

MOST_TABS = 80
FOCUSED = "control => control === document.activeElement"


@dataclass(frozen=True)
class Goes:
    """Types an address below the visit; one with `/` first is an address of the app."""

    path: str


@dataclass(frozen=True)
class Chooses:
    """A radio button, by its words."""

    words: str


@dataclass(frozen=True)
class Types:
    """Words into the field with this label."""

    label: str
    words: str


Act = str | Goes | Chooses | Types
"""A string: presses the button or link whose name begins with it."""


@dataclass
class ByKeyboard:
    """No mouse: Tab to a control, then Enter or an arrow key."""

    page: Page
    address: str
    home: str = ""

    def sits_down(self, reader: Reader) -> None:
        """The browser holds the visit of `reader` and no other."""
        (cookie,) = (reader.client._cookies or {}).values()  # werkzeug's client lists them no other way
        held: Any = {"name": cookie.key, "value": cookie.value, "domain": "localhost", "path": "/", "secure": True}
        self.page.context.clear_cookies()
        self.page.context.add_cookies([held])
        self.home = reader.home

    def does(self, act: Act) -> None:
        """One act, until the page it leads to is there."""
        if isinstance(act, Goes):
            self.page.goto(self.address + (act.path if act.path.startswith("/") else self.home + act.path))
        elif isinstance(act, Chooses):
            self.chooses(self.page.get_by_role("radio", name=beginning(act.words)).first)
        elif isinstance(act, Types):
            self.types(self.page.get_by_label(beginning(act.label)), act.words)
        else:
            named = self.page.get_by_role("button", name=beginning(act))
            with self.page.expect_navigation(wait_until="load"):
                self.presses(self.page.get_by_role("link", name=beginning(act)).or_(named).first)

    def presses(self, control: Locator) -> None:
        """Tab until it has the focus, then Enter."""
        self._tabs_to(control)
        self.page.keyboard.press("Enter")

    def chooses(self, radio: Locator) -> None:
        """Tab to the question, then the arrow keys."""
        first = radio.locator("xpath=ancestor::fieldset//input[1]").first
        self._tabs_to(first)
        self.page.keyboard.press("Space")
        for _ in range(MOST_TABS):
            if radio.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError("the arrow keys do not reach it")

    def types(self, field: Locator, words: str) -> None:
        """Tab to the field, then type."""
        self._tabs_to(field)
        self.page.keyboard.type(words)

    def _tabs_to(self, control: Locator) -> None:
        handle = control.element_handle()  # looked for once: by role and name that takes longer than the press
        for _ in range(MOST_TABS):
            if handle.evaluate(FOCUSED):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{control} is not reached by Tab")


@dataclass
class ByPointer(ByKeyboard):
    """The same by mouse; this is how the browser without script is driven."""

    def presses(self, control: Locator) -> None:
        control.click()

    def chooses(self, radio: Locator) -> None:
        radio.check()

    def types(self, field: Locator, words: str) -> None:
        field.fill(words)


def beginning(words: str) -> re.Pattern[str]:
    """Names that begin so."""
    return re.compile(f"^{re.escape(words)}")
