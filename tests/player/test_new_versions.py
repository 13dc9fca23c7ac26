"""A new version appears while somebody is in the middle of the one before: what its author chose happens."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from smart_app.library.models import TutorialVersionRow
from smart_app.library.publishing import add_version, library_changed, lock_library
from smart_app.library.tutorial_file import ParsedTutorial, parse
from smart_app.player.models import Progress
from tests.player.conftest import HANDOFF, LIBRARY, Arrive, House
from tests.player.reader import Reader

NEW = "The panel has moved to the left."


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is shown does not depend on the database."""
    return sqlite_url


def publish_the_next(house: House, in_progress: str) -> None:
    """Version 2, as the studio publishes it; the earlier acts are moved an hour back."""
    text = (LIBRARY / f"{HANDOFF}.md").read_text()
    text = text.replace("version: 1\n", f'version: 2\nwhat_changed: "{NEW}"\n', 1)
    parsed = parse(text, name=f"{HANDOFF}.md")
    assert isinstance(parsed, ParsedTutorial), parsed
    with house.database.writing() as session:
        library = lock_library(session, organization=house.organization)
        add_version(
            session,
            organization=house.organization,
            parsed=parsed,
            slots={slot.text: "as your unit does" for slot in parsed.slots},
            people=("the author", "the reviewer"),
            in_progress=in_progress,
            now=datetime.now(UTC),
        )
        library_changed(session, library)
        earlier = datetime.now(UTC) - timedelta(hours=1)
        session.execute(update(Progress).where(Progress.finished_at.is_(None)).values(started_at=earlier))
        session.commit()


def halfway(arrive: Arrive) -> None:
    """Version 1 is begun, and left at its second part."""
    reader = arrive()
    page = reader.press(reader.open(), "Open")
    page = reader.press(page, "Read why first")
    reader.press(page, "Next: How")


def home(arrive: Arrive) -> tuple[Reader, str]:
    """The next launch of the same person."""
    reader = arrive()
    return reader, reader.open().text


def finish(reader: Reader) -> None:
    """From the second part to the end."""
    page = reader.press(reader.open(), "Give report")
    for name in ("Watch for", "Verify", "Try it", "When not"):
        page = reader.press(page, f"Next: {name}")
    reader.press(page, "Finish")


def finished_versions(house: House) -> list[int]:
    with house.database.reading() as session:
        return [row.version for row in session.query(Progress).all() if row.finished_at]


def test_restart_puts_the_new_version_at_its_beginning(house: House, arrive: Arrive) -> None:
    halfway(arrive)
    publish_the_next(house, "restart")
    _, page = home(arrive)
    assert "Resume" not in page
    with house.database.reading() as session:
        assert session.get(TutorialVersionRow, (house.organization, HANDOFF, 2)) is not None


def test_finish_lets_them_go_on_and_then_shows_what_changed(house: House, arrive: Arrive) -> None:
    halfway(arrive)
    publish_the_next(house, "finish")
    reader, page = home(arrive)
    assert "Resume at step 2 of 6" in page
    finish(reader)
    assert finished_versions(house) == [1]
    reader, page = home(arrive)
    assert "it has changed since you finished it" in page
    changed = reader.press(reader.open(), "Give report")
    assert NEW in changed.text


def test_keep_lets_them_go_on_and_that_is_enough(house: House, arrive: Arrive) -> None:
    halfway(arrive)
    publish_the_next(house, "keep")
    reader, _ = home(arrive)
    finish(reader)
    assert finished_versions(house) == [1]
    _, page = home(arrive)
    assert "changed since" not in page


def test_who_had_finished_before_sees_what_changed_whatever_was_chosen(house: House, arrive: Arrive) -> None:
    halfway(arrive)
    finish(arrive())
    publish_the_next(house, "keep")
    _, page = home(arrive)
    assert "it has changed since you finished it" in page
