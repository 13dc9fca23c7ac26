"""What learners see is made once, from text alone: nothing in a file or a local value becomes markup."""

import re
from html.parser import HTMLParser

import pytest

from smart_app.library.rendering import render, sanitized
from smart_app.library.tutorial_file import ParsedTutorial, parse
from tests.library.sample import TUTORIAL, changed

VALUES = {"where it is": "In the Summary tab.", "who to call": "Extension 0001, or https://example.org/help."}


def rendered(text: str = TUTORIAL, values: dict[str, str] = VALUES) -> dict[str, str]:
    tutorial = parse(text, name="check-a-summary.md")
    assert isinstance(tutorial, ParsedTutorial)
    return {part["slug"]: part["html"] for part in render(tutorial, values.get)["parts"]}


def test_the_six_parts_come_in_order() -> None:
    assert list(rendered()) == ["why", "how", "watch-for", "verify", "try-it", "when-not"]


def test_a_citation_becomes_a_numbered_link_to_the_source_at_the_end_of_its_part() -> None:
    html = rendered()["watch-for"]
    assert '<a href="#watch-for-source-1">[1]</a>' in html
    assert html.rstrip().endswith(
        '<div class="sources"><p>Sources</p><ol><li id="watch-for-source-1"><a href="https://example.org/one" '
        'rel="noopener noreferrer" target="_blank">One et al. A study. A journal, 2025 (opens a new window)</a>'
        "</li></ol></div>"
    )


def test_a_source_cited_twice_in_a_part_is_listed_once() -> None:
    html = rendered(changed("An old value.", "An old value [@one-2025]."))["watch-for"]
    assert html.count("[1]") == 2
    assert html.count("<li id=") == 1


def test_a_slot_shows_the_local_value_and_links_an_address_in_it() -> None:
    html = rendered()["when-not"]
    assert '<span class="local">Extension 0001, or <a href="https://example.org/help"' in html
    assert "local:" not in html


def test_an_unfilled_slot_shows_as_a_gap() -> None:
    html = rendered(values={})["how"]
    assert '<span class="local gap">[to be filled in here: where it is]</span>' in html


def test_how_is_also_a_list_of_numbered_actions() -> None:
    tutorial = parse(TUTORIAL, name="check-a-summary.md")
    assert isinstance(tutorial, ParsedTutorial)
    how = render(tutorial, VALUES.get)["parts"][1]
    assert how["actions"] == [
        "Open the chart.",
        'Open the summary. <span class="local">In the Summary tab.</span>',
    ]


def test_verify_is_checks_and_a_note_in_plain_text() -> None:
    tutorial = parse(changed("Match the date.", "Match the *date* [@one-2025]."), name="check-a-summary.md")
    assert isinstance(tutorial, ParsedTutorial)
    made = render(tutorial, VALUES.get)
    assert made["checks"] == [
        {"action": "Open the lab", "text": "Match the date."},
        {"action": "Ask the patient", "text": "Match the dose."},
    ]
    assert made["verify_note"] == "No match? Take it out."


EVIL = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "<svg/onload=alert(1)>",
    "[click](javascript:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](https://example.org/pixel.png)",
    "<a href='https://example.org' onclick=alert(1)>x</a>",
    "<iframe src=https://example.org></iframe>",
    "<https://example.org>",
    '"><style>*{display:none}</style>',
]
ALLOWED = {"p", "ol", "ul", "li", "strong", "em", "a", "sup", "span", "div", "br"}


class Tags(HTMLParser):
    """Collects what a browser would make of it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}


def read(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    return tags


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("place", ["file", "local value", "title of a source"])
def test_markup_in_a_file_or_a_value_stays_text(evil: str, place: str) -> None:
    text, values = TUTORIAL, dict(VALUES)
    if place == "file":
        text = changed("You read long charts at night.", evil)
    elif place == "local value":
        values["where it is"] = evil
    else:
        quoted = evil.replace('"', '\\"')
        text = changed("One et al. A study. A journal, 2025", quoted)
    tags = read("".join(rendered(text, values).values()))
    assert tags.tags <= ALLOWED
    names = {name for name, _ in tags.attributes}
    assert names <= {"href", "rel", "target", "id", "class", "start"}
    assert all(re.match(r"https://|#", value) for name, value in tags.attributes if name == "href")


def test_the_sanitizer_alone_would_also_hold() -> None:
    assert sanitized('<p onclick="x">a<script>b</script><a href="javascript:c">d</a></p>') == "<p>a<a>d</a></p>"
