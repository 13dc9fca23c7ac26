"""Attack 24: 100 kB of Markdown made to be slow. Judged at save in under 2 seconds of our time, and refused."""

import time

import pytest

from smart_app.library.front_matter import Known
from smart_app.library.tutorial_file import check_tutorial
from smart_app.organizations.permissions import Permission
from tests.plugins.app import RealApp
from tests.plugins.studio import Studio
from tests.studio.tutorials.desk import GOOD, Desk, form_of

SIZE = 100_000
SLOW = {
    "brackets": "[",
    "links": "[a](",
    "images": "![[",
    "emphasis": "*a ",
    "strong": "**a*",
    "underscores": "a_",
    "quotes": ">",
    "nested quotes": "> ",
    "lists": "- ",
    "numbers": "1. ",
    "backticks": "`a``",
    "entities": "&a;",
    "escapes": "\\",
    "html": "<a ",
    "references": "[a]: b\n",
    "citations": "[@a] ",
    "slots": "{local: a}",
    "open slots": "{local: ",
    "a slot of blanks": "{local:" + " " * 1800 + "x",
    "headings": "## a\n\n",
}
PARAGRAPHS = {
    f"{name}, in paragraphs": (text * 1900)[:1900] + "\n\n" for name, text in SLOW.items() if "\n" not in text
}


@pytest.mark.parametrize("text", [*SLOW.values(), *PARAGRAPHS.values()], ids=[*SLOW, *PARAGRAPHS])
def test_a_file_made_to_be_slow_is_refused_in_time(text: str) -> None:
    slow = (text * SIZE)[:SIZE]
    file = f"---\nid: slow-one\n---\n\n## Why\n\n{slow}\n"
    started = time.process_time()
    found = check_tutorial(file, name="slow-one.md", known=Known())
    assert time.process_time() - started < 2
    assert any("at most" in finding.wrong for finding in found)


@pytest.mark.parametrize(
    "name", ["brackets", "links", "images", "emphasis", "open slots", "a slot of blanks", "nested quotes"]
)
def test_a_form_made_to_be_slow_is_answered_in_time(library: RealApp, studio: Studio, name: str) -> None:
    desk = Desk(studio(Permission.TRAINER))
    draft = desk.begins()
    desk.get(draft)  # the reading grade is loaded once a process
    given = {**desk.form(draft, draft), **form_of(GOOD), "why": (SLOW[name] * SIZE)[:SIZE]}
    started = time.process_time()
    answer = desk.visitor.post(draft, given)
    assert time.process_time() - started < 2
    if answer.status_code == 413:  # as a form it is three times as long, which is refused unread
        return
    assert answer.status_code == 303
    started = time.process_time()
    assert "at most" in desk.get(draft).text
    assert desk.get(f"{draft}/seen/why").status_code == 200
    assert time.process_time() - started < 2
    assert "/drafts/" in desk.sends(draft).location, "it does not go to review"


def test_what_just_fits_is_rendered_in_time(library: RealApp, studio: Studio) -> None:
    desk = Desk(studio(Permission.TRAINER))
    draft = desk.begins()
    desk.get(draft)
    most = dict.fromkeys(GOOD.parts, ("*a **b_ &c; \\ " * 200)[:1900])
    given = {**desk.form(draft, draft), **form_of(GOOD), **most}
    started = time.process_time()
    assert desk.visitor.post(draft, given).status_code == 303
    assert desk.get(f"{draft}/seen/why").status_code == 200
    assert time.process_time() - started < 2
