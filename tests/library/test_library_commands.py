"""The command line of the library, as a trainer uses it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.engine import make_url

from smart_app.db import Database
from smart_app.library.commands import library
from smart_app.organizations.verbs import add_organization
from tests.library.sample import DEMO_LOCAL, STARTER, changed, write_folder

NAME = "Lakeside test"


@pytest.fixture
def at_database(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands work on this database, where there is one organization."""
    url = make_url(database.engine.url).render_as_string(hide_password=False)
    monkeypatch.setenv("PRECEPTOR_DATABASE_URL", url)
    with database.writing() as session:
        add_organization(session, name=NAME, actor="test")
        session.commit()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(library, [str(argument) for argument in arguments])


def publish() -> Result:
    return run(
        "import", STARTER, "--organization", NAME, "--local", DEMO_LOCAL, "--publish", "--reviewer", "Demo reviewer"
    )


def test_check_says_that_nothing_is_wrong() -> None:
    result = run("check", STARTER)
    assert (result.exit_code, result.output) == (0, "Nothing is wrong: 26 tutorials, 1 drill.\n")


def test_check_prints_each_fault_and_ends_with_1(tmp_path: Path) -> None:
    result = run("check", write_folder(tmp_path / "library", changed("minutes: 2", "minutes: 9")))
    assert (result.exit_code, result.output) == (1, "check-a-summary.md:13: At most 3 minutes.\n")


@pytest.mark.usefixtures("at_database")
def test_import_export_and_explain(tmp_path: Path) -> None:
    result = publish()
    assert result.exit_code == 0, result.output
    assert result.output.count("published ") == 26
    again = publish()
    assert again.output.count("unchanged ") == 26
    out = run("export", tmp_path / "out", "--organization", NAME)
    assert out.output == f"30 files written to {tmp_path / 'out'}.\n"

    shown = run(
        "explain", "nurse-handoff-summary", "--organization", NAME, "--role", "nurse", "--task", "shift-handoff"
    )
    assert "passed  workflow         A handoff task is open.\n" in shown.output
    assert (
        "It shows, as number 1 of 2.\nYou see this because a handoff task is open and you are a nurse." in shown.output
    )
    hidden = run("explain", "nurse-handoff-summary", "--organization", NAME, "--role", "physician", "--intent", "x")
    assert "FAILED  job role         It is for nurses; you are a physician.\n" in hidden.output
    assert hidden.output.endswith("\nIt does not show.\n")
    at_handoff = ("explain", "nurse-handoff-summary", "--organization", NAME, "--role", "nurse")
    done = run(*at_handoff, "--finished", "nurse-handoff-summary", "--finished", "inbox-draft-reply")
    assert "FAILED  learned already  You have finished version 1; it returns when this work is open.\n" in done.output
    back = run(*at_handoff, "--task", "shift-handoff", "--finished", "nurse-handoff-summary")
    words = "You have finished version 1; this work is open now, so its checks stay at hand."
    assert f"passed  learned already  {words}\n" in back.output
    put_away = run(*at_handoff, "--task", "shift-handoff", "--hidden", "nurse-handoff-summary")
    assert "FAILED  dismissed        You put it away.\n" in put_away.output
    assert put_away.output.endswith("\nIt does not show.\n")
    misspelt = run(*at_handoff, "--finished", "nurse-handof")
    assert misspelt.exit_code == 1
    assert '"nurse-handof" is not published at Lakeside test.' in misspelt.output
    unknown = run("explain", "nothing", "--organization", NAME)
    assert unknown.exit_code == 1
    assert '"nothing" is not published at Lakeside test.' in unknown.output


@pytest.mark.usefixtures("at_database")
def test_import_refuses_in_words_and_writes_nothing(tmp_path: Path) -> None:
    nowhere = run("import", STARTER, "--organization", "Nowhere")
    assert nowhere.exit_code == 1
    assert 'No organization "Nowhere"' in nowhere.output
    gaps = run("import", STARTER, "--organization", NAME, "--publish", "--reviewer", "R")
    assert gaps.exit_code == 1
    assert "Fill 3 local slots before publishing." in gaps.output
    assert gaps.output.endswith("Error: Nothing was imported.\n")
    wrong = tmp_path / "local.yaml"
    wrong.write_text("format: preceptor-local/1\nslot: {}\n", encoding="utf-8")
    bad = run("import", STARTER, "--organization", NAME, "--local", wrong)
    assert 'local.yaml:2: Unknown field "slot". Did you mean "slots"?' in bad.output
