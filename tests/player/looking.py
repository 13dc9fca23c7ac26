"""What can be wrong with a page for somebody: each function gives what it found, so that a test can show it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parents[1] / "vendor/axe.min.js"
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
_VIOLATIONS = """async rules => (await axe.run(document, rules)).violations
  .map(fault => [fault.id, fault.nodes[0].html])"""
"""Only what is wrong leaves the page: the whole of axe's answer takes four times as long to hand over."""
CONTROL = re.compile(r"- (link|button|radio|checkbox|textbox|searchbox|spinbutton|combobox|slider|switch)\b")
NAMELESS = re.compile(rf"^\s*{CONTROL.pattern}(?! \")")
"""A line of the accessibility tree, at any depth: a control, and no name after it."""
NAMED = re.compile(r'- (\w+) "((?:\\.|[^"\\])+)"')
QUOTED = re.compile(r"^(\s*- )'((?:[^']|'')*)'(?=:|$)")
"""A line that YAML had to quote, since what it says holds ": " or a "#": `- 'button "Open: report"'`."""
_SIDEWAYS = """() => [...document.querySelectorAll('*')].filter(each => {
  if (each === document.documentElement) return each.scrollWidth > each.clientWidth;
  const flow = getComputedStyle(each).overflowX;
  return (flow === 'auto' || flow === 'scroll') && each.scrollWidth > each.clientWidth;
}).map(each => each.outerHTML.slice(0, 80))"""
_TAB_STOPS = """() => {
  const radios = new Set();
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute('tabindex');
  window.stops = [...document.querySelectorAll('a[href], button, input:not([type=hidden])')].filter(each => {
    if (!each.getClientRects().length) return false;
    if (each.type !== 'radio') return true;
    if (radios.has(each.name)) return false;
    radios.add(each.name);
    return true;
  });
  return window.stops.length;
}"""
"""How many controls there are, radio buttons of one question being one stop. Tab begins at the top."""
_FOCUS = """() => {
  const here = document.activeElement, box = here.getClientRects()[0];
  const same = each => each === here || (here.type === 'radio' && each.name === here.name);
  const there = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height, 24) / 2);
  const words = here.tagName + ' ' + here.textContent.trim();
  return [
    window.stops.findIndex(same),
    getComputedStyle(here).outlineStyle === 'none' ? words : '',
    there && (here.contains(there) || there.contains(here)) ? '' : words,
  ];
}"""
_LEADS_TO = """() => [...document.querySelectorAll('a[href], button')]
  .filter(each => each.getClientRects().length)
  .map(each => {
    const fields = [...each.form?.querySelectorAll('[type=hidden]') ?? []]
      .filter(field => !['form_token', 'key', 'seconds'].includes(field.name)).map(field => field.value);
    const to = each.href ? each.href.replace(/#.*/, '') : `${each.form?.action} ${each.value} ${fields}`;
    return [`${each.tagName} ${each.textContent.replace(/\\s+/g, ' ').trim()}`, to];
  })"""
_MOVING = """() => [...document.querySelectorAll('*')].filter(each => {
  const style = getComputedStyle(each);
  return style.transitionDuration.split(',').some(each => parseFloat(each) > 0) || style.animationName !== 'none';
}).map(each => each.outerHTML.slice(0, 80))"""
_SMALL = """() => {
  const inline = each => getComputedStyle(each).display === 'inline';
  const among_words = link => {
    let part = link;
    while (inline(part) && inline(part.parentElement)) part = part.parentElement;  // a footnote stands in its <sup>
    return inline(part) && [...part.parentElement.childNodes].some(each => each.nodeType === 3 && each.data.trim());
  };
  return [...document.querySelectorAll('a[href], button, summary, select, input:not([type=hidden])')]
    .filter(each => each.getClientRects().length && !each.classList.contains('skip'))
    .filter(each => !(each.tagName === 'A' && among_words(each)))
    .map(each => ['radio', 'checkbox'].includes(each.type) && each.labels.length ? each.labels[0] : each)
    .filter(each => { const box = each.getBoundingClientRect(); return box.height < 24 || box.width < 24; })
    .map(each => each.textContent.trim());
}"""
"""WCAG 2.5.8: a link among the words of a sentence may be smaller; a label is part of its control's target."""


def what_axe_finds(page: Page) -> list[tuple[str, str]]:
    """Violations: rule and the first element."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text())
    return [(rule, element) for rule, element in page.evaluate(_VIOLATIONS, RULES)]


def what_axe_finds_in_light_and_dark(page: Page) -> dict[str, list[tuple[str, str]]]:
    """By colour scheme, all rules in each; no entry where nothing is found."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    light = what_axe_finds(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    dark = what_axe_finds(page)
    return {scheme: found for scheme, found in (("light", light), ("dark", dark)) if found}


def what_scrolls_sideways(page: Page) -> list[str]:
    """The page itself, or a part of it that has a scroll bar of its own."""
    return list(page.evaluate(_SIDEWAYS))


@contextmanager
def at_400_percent(page: Page) -> Iterator[None]:
    """What zooming to 400% does to a window of 1280 x 1024."""
    seen = {"width": 320, "height": 256, "deviceScaleFactor": 4, "mobile": False}
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setDeviceMetricsOverride", seen)
    yield
    session.detach()


def nameless_controls(page: Page) -> list[str]:
    """Controls that a screen reader has no name for, as the browser tells them to it."""
    return [line.strip() for line in _spoken(page) if NAMELESS.match(line)]


def controls(page: Page) -> list[str]:
    """What a screen reader says of each control: `link "My record"`."""
    lines = (line.strip() for line in _spoken(page))
    return [line.removeprefix("- ") for line in lines if CONTROL.match(line)]


def names(page: Page) -> set[tuple[str, str]]:
    """Kind and name of each control."""
    return {(found[1], found[2]) for line in controls(page) if (found := NAMED.match(f"- {line}"))}


def _spoken(page: Page) -> list[str]:
    """The lines of the accessibility tree, each without YAML's quotes around it."""
    lines = page.locator("body").aria_snapshot().splitlines()
    return [QUOTED.sub(lambda found: found[1] + found[2].replace("''", "'"), line) for line in lines]


def same_words_for_different_ends(page: Page) -> list[str]:
    """Names that two controls share though they lead to different places."""
    ends: dict[str, Any] = {}
    return [words for words, to in page.evaluate(_LEADS_TO) if ends.setdefault(words, to) != to]


def goes_through_by_tab(page: Page) -> tuple[list[int], int, list[str], list[str]]:
    """Order in which Tab reaches the controls; how many there are; those whose focus is not seen; those covered."""
    wanted = page.evaluate(_TAB_STOPS)
    page.evaluate("scrollTo(0, 0)")
    reached, unseen, covered = [], [], []
    for _ in range(wanted):
        page.keyboard.press("Tab")
        at, plain, hidden = page.evaluate(_FOCUS)
        reached.append(at)
        unseen += [plain] if plain else []
        covered += [hidden] if hidden else []
    return reached, wanted, unseen, covered


def what_moves(page: Page) -> list[str]:
    """Elements with a transition or an animation."""
    return list(page.evaluate(_MOVING))


def what_is_small(page: Page) -> list[str]:
    """Targets below 24 pixels in height or in width."""
    return list(page.evaluate(_SMALL))
