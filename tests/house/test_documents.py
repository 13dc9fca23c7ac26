"""What the documents promise is there: make targets, files, links, dated decisions."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import click
import pytest

from smart_app.cli import main

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COMMAND = r"`(preceptor [a-z][^`\n]*)`|^\s*(?:[*/0-9 ]+ +preceptor +)?(preceptor [a-z][^#`\n]*)"
"""In the text between backticks, or a line of a block, also one of a crontab."""
ADRS = sorted(path for path in (ROOT / "docs" / "adr").glob("*.md") if path.name != "README.md")


def targets() -> set[str]:
    """Targets of the Makefile."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))


def test_the_makefile_has_every_promised_target() -> None:
    assert {"demo", "test", "sure", "hapi", "bench", "mutation", "torture", "lock"} <= targets()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_that_a_document_names_exists(document: Path) -> None:
    named = set(re.findall(r"`make ([a-z-]+)", document.read_text()))
    assert named <= targets()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def commands() -> dict[str, frozenset[str]]:
    """Every command of `preceptor`, groups too -> its options."""
    found: dict[str, frozenset[str]] = {}

    def walk(command: click.Command, words: tuple[str, ...]) -> None:
        found[" ".join(words)] = frozenset(option for each in command.params for option in each.opts) | {"--help"}
        if isinstance(command, click.Group):
            for name in command.list_commands(click.Context(command)):
                under = command.get_command(click.Context(command), name)
                assert under is not None
                walk(under, (*words, name))

    walk(main, ())
    return found


def test_the_readme_names_every_command() -> None:
    (line,) = (line for line in (ROOT / "README.md").read_text().splitlines() if "`preceptor --help`" in line)
    named = re.findall(r"`([a-z]+)`", line.partition("the commands:")[2])
    assert sorted(named) == sorted(name for name in commands() if name and " " not in name)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_a_document_names_exists_with_its_options(document: Path) -> None:
    known, text = commands(), document.read_text().replace("\\\n", " ")
    written = [one or other for one, other in re.findall(COMMAND, text, re.M)]
    assert [said for said in written if not is_known(said, known)] == []


def test_a_command_that_is_none_is_noticed() -> None:
    known = commands()
    assert is_known("preceptor ehr list --organization NAME", known)
    for wrong in ("preceptor wash", "preceptor ehr wash", "preceptor ehr list --wash"):
        assert not is_known(wrong, known)


def is_known(said: str, known: Mapping[str, frozenset[str]]) -> bool:
    command = command_in(said, known)
    return command != "" and options_in(said) <= known[command]


def command_in(said: str, known: Iterable[str]) -> str:
    """Which of the known commands it is; empty for none."""
    words = said.removeprefix("preceptor ") + " "
    groups = {name.partition(" ")[0] for name in known if " " in name}
    return max((name for name in known if name not in groups and words.startswith(f"{name} ")), key=len, default="")


def options_in(said: str) -> set[str]:
    return set(re.findall(r"(?<=[\s\[(|])--[a-z][a-z-]+", said))


def test_the_readme_begins_with_what_it_is_a_picture_and_two_commands() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:40])
    assert all(part in first_screen for part in ("docs/images/", "make demo", "make test"))


@pytest.mark.parametrize("adr", ADRS, ids=lambda path: path.stem)
def test_a_decision_is_dated_and_says_what_it_costs(adr: Path) -> None:
    text = adr.read_text()
    assert re.search(r"^Date: \d{4}-\d\d-\d\d$", text, re.M)
    assert "\n## Decision" in text
    assert "\n## What it costs" in text
    assert len(text.splitlines()) <= 45


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(path.name[:4]) for path in ADRS] == list(range(1, len(ADRS) + 1))


PICTURED = ("home", "card", "step", "verify", "finished", "role", "launch-failed")


@pytest.mark.parametrize("colours", ["", "-dark"])
@pytest.mark.parametrize("page", PICTURED)
def test_the_pages_that_people_are_shown_first_are_pictured_in_light_and_in_dark(page: str, colours: str) -> None:
    picture = (ROOT / "docs/images" / f"{page}-360{colours}.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n")
    width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    assert width == 360
    assert height >= 500
    if colours:
        assert picture != (ROOT / "docs/images" / f"{page}-360.png").read_bytes()
