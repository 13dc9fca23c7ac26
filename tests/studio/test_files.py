"""The library in files, by the screens: one person sends, a second reads the difference and publishes."""

import io
import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse

from smart_app.library.archive import as_zip, read_zip
from smart_app.library.models import LaunchHostRow, TutorialVersionRow
from smart_app.library.reading import get_current
from smart_app.organizations.models import LearnerMatch
from smart_app.organizations.permissions import Permission
from tests.attacks.test_23_archives import named
from tests.library.sample import FEATURES, LOCAL, SOURCES, TUTORIAL
from tests.plugins.app import BASE_URL, OUR_PAGE, RealApp, Visitor
from tests.plugins.studio import Studio, learner_of, upload

FILES = {"check-a-summary.md": TUTORIAL, "sources.yaml": SOURCES, "ai_features.yaml": FEATURES, "local.yaml": LOCAL}
SECOND = TUTORIAL.replace("version: 1", "version: 2\nwhat_changed: The card's line.").replace(
    "Open the source of each fact", "Open each source"
)


def zipped(**other: str) -> bytes:
    texts = {**FILES, **{name.replace("__", "-").replace("_md", ".md"): text for name, text in other.items()}}
    return as_zip({name: text.encode() for name, text in texts.items()})


def send(trainer: Visitor, content: bytes, name: str = "library.zip", author: str = "Ann Author") -> TestResponse:
    return upload(trainer, "files", {"author": author, "files": FileStorage(io.BytesIO(content), name)})


@pytest.fixture
def trainer(studio: Studio) -> Visitor:
    return studio(Permission.TRAINER)


@pytest.fixture
def reviewer(studio: Studio) -> Visitor:
    return studio(Permission.REVIEWER, person="prac-2")


def sent(trainer: Visitor, content: bytes) -> str:
    """Path of the page of what was sent, below the studio of a visit."""
    answer = send(trainer, content)
    assert answer.status_code == 303, answer.text
    found = re.search("files/[0-9a-f-]{36}", answer.location)
    assert found
    return found[0]


def published(app: RealApp) -> list[tuple[str, int, str, str | None]]:
    with app.database.reading() as session:
        rows = session.scalars(select(TutorialVersionRow).order_by(TutorialVersionRow.version))
        return [(row.tutorial, row.version, row.author, row.reviewer) for row in rows]


def test_files_are_published_by_a_second_person_and_signed_by_both(
    app: RealApp, trainer: Visitor, reviewer: Visitor
) -> None:
    page = sent(trainer, zipped())
    assert published(app) == [], "sending changes nothing"
    assert "check-a-summary version 1" in trainer.get(page).text
    answer = reviewer.post(f"{page}/publish", {"name": "Rev Iewer"})
    assert answer.status_code == 303
    assert published(app) == [("check-a-summary", 1, "Ann Author", "Rev Iewer")]
    with app.database.reading() as session:
        shown = get_current(session, organization=app.organization, tutorial="check-a-summary")
    assert "In the Summary tab." in shown.part("how").html


def test_who_sent_them_does_not_publish_them(app: RealApp, studio: Studio) -> None:
    both = studio(Permission.TRAINER, Permission.REVIEWER)
    page = sent(both, zipped())
    assert "You sent these files." in both.get(page).text
    assert both.post(f"{page}/publish", {"name": "Another Name"}).status_code == 409
    assert published(app) == []


def test_the_same_person_at_another_ehr_does_not_publish_them(
    app: RealApp, trainer: Visitor, reviewer: Visitor
) -> None:
    page = sent(trainer, zipped())
    first, second = sorted((learner_of(app, trainer), learner_of(app, reviewer)))
    with app.database.writing() as session:
        match = LearnerMatch(organization=app.organization, learner=first, other=second, kind="npi")
        match.found_at = datetime.now(UTC)
        session.add(match)
        session.commit()
    assert reviewer.post(f"{page}/publish", {"name": "Rev Iewer"}).status_code == 409
    assert published(app) == []


@pytest.mark.parametrize("name", ["", "Ann Author", "  ann   author "])
def test_the_second_person_signs_with_a_name_of_their_own(
    app: RealApp, trainer: Visitor, reviewer: Visitor, name: str
) -> None:
    page = sent(trainer, zipped())
    assert reviewer.post(f"{page}/publish", {"name": name}).status_code == 409
    assert published(app) == []


def test_the_page_shows_which_lines_come_and_go(app: RealApp, trainer: Visitor, reviewer: Visitor) -> None:
    reviewer.post(f"{sent(trainer, zipped())}/publish", {"name": "Rev Iewer"})
    page = trainer.get(sent(trainer, zipped(check__a__summary_md=SECOND))).text
    assert "1 file would change; 3 are as they are here." in page
    assert re.search(r'class="out">.*card: &#34;Open the source of each fact', page)
    assert re.search(r'class="in">.*card: &#34;Open each source', page)


def test_what_is_here_already_is_not_sent_again(app: RealApp, trainer: Visitor, reviewer: Visitor) -> None:
    reviewer.post(f"{sent(trainer, zipped())}/publish", {"name": "Rev Iewer"})
    again = send(trainer, zipped())
    assert again.status_code == 400
    assert "There is nothing new in them" in again.text


def test_what_was_exported_is_what_was_sent(app: RealApp, trainer: Visitor, reviewer: Visitor) -> None:
    reviewer.post(f"{sent(trainer, zipped())}/publish", {"name": "Rev Iewer"})
    answer = trainer.post("files/export")
    files = read_zip(answer.data)
    assert {name: files[name].decode() for name in FILES if name != "local.yaml"} == {
        name: text for name, text in FILES.items() if name != "local.yaml"
    }
    assert answer.headers["Content-Disposition"] == 'attachment; filename="library.zip"'


def test_a_published_version_is_not_changed_by_a_file(app: RealApp, trainer: Visitor, reviewer: Visitor) -> None:
    reviewer.post(f"{sent(trainer, zipped())}/publish", {"name": "Rev Iewer"})
    changed = TUTORIAL.replace("You read long charts at night.", "You read long charts by day.")
    answer = send(trainer, zipped(check__a__summary_md=changed))
    assert answer.status_code == 400
    assert "Version 1 is published and cannot change." in answer.text


def test_what_was_published_meanwhile_stops_the_older_files(app: RealApp, trainer: Visitor, reviewer: Visitor) -> None:
    other = TUTORIAL.replace("You read long charts at night.", "You read long charts by day.")
    first, second = sent(trainer, zipped()), sent(trainer, zipped(check__a__summary_md=other))
    reviewer.post(f"{first}/publish", {"name": "Rev Iewer"})
    answer = reviewer.post(f"{second}/publish", {"name": "Rev Iewer"})
    assert answer.status_code == 409
    assert "Version 1 is published and cannot change." in answer.text
    assert len(published(app)) == 1


def test_the_library_as_it_was_before_can_be_had(app: RealApp, trainer: Visitor, reviewer: Visitor) -> None:
    reviewer.post(f"{sent(trainer, zipped())}/publish", {"name": "Rev Iewer"})
    page = sent(trainer, zipped(check__a__summary_md=SECOND))
    assert trainer.post(f"{page}/before").status_code == 404
    reviewer.post(f"{page}/publish", {"name": "Rev Iewer"})
    before = read_zip(trainer.post(f"{page}/before").data)
    assert before["check-a-summary.md"].decode() == TUTORIAL


def test_files_put_away_wait_again_after_an_undo(app: RealApp, trainer: Visitor, reviewer: Visitor) -> None:
    page = sent(trainer, zipped())
    away = trainer.post(f"{page}/away")
    assert reviewer.post(f"{page}/publish", {"name": "Rev Iewer"}).status_code == 409
    undo = re.search(r'action="(/studio/[^"]+/undo/[^"]+)"', trainer.get(away.location).text)
    assert undo
    trainer.post(undo[1].removeprefix(trainer.home))
    assert reviewer.post(f"{page}/publish", {"name": "Rev Iewer"}).status_code == 303


def test_a_launch_link_to_a_host_that_nobody_allowed_is_refused(app: RealApp, trainer: Visitor) -> None:
    link = FEATURES.replace("launch_link: null", "launch_link: https://evil.example/")
    answer = send(trainer, as_zip({**{n: t.encode() for n, t in FILES.items()}, "ai_features.yaml": link.encode()}))
    assert answer.status_code == 400
    assert "a host that is not allowed here" in answer.text
    with app.database.reading() as session:
        assert session.scalars(select(LaunchHostRow)).all() == []


def test_the_files_may_come_one_by_one_or_as_a_folder(app: RealApp, trainer: Visitor, reviewer: Visitor) -> None:
    folder = [FileStorage(io.BytesIO(text.encode()), f"library/{name}") for name, text in FILES.items()]
    answer = upload(trainer, "files", MultiDict([("author", "Ann Author"), *(("folder", file) for file in folder)]))
    assert answer.status_code == 303, answer.text


@pytest.mark.parametrize("author", ["", "x" * 121])
def test_files_without_an_author_are_refused(trainer: Visitor, author: str) -> None:
    assert send(trainer, zipped(), author=author).status_code == 400


def test_more_than_eight_megabytes_are_refused_at_once(trainer: Visitor) -> None:
    body, kind = b"--x" + bytes(9_000_000), "multipart/form-data; boundary=x"
    answer = trainer.client.post(
        f"{trainer.home}files", data=body, content_type=kind, headers=OUR_PAGE, base_url=BASE_URL
    )
    assert answer.status_code == 413


def test_a_name_of_a_file_is_shown_as_text(trainer: Visitor) -> None:
    answer = send(trainer, named({"<b>x.md": b"x"}))
    assert answer.status_code == 400
    assert "<b>x" not in answer.text


def test_only_a_reviewer_publishes(app: RealApp, trainer: Visitor, studio: Studio) -> None:
    page = sent(trainer, zipped())
    colleague = studio(Permission.TRAINER, Permission.ANALYST, person="prac-3")
    assert colleague.post(f"{page}/publish", {"name": "Col League"}).status_code == 403
