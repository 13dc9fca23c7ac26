"""Import, publish, import again, export: all or nothing, once, byte for byte. On both databases."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from smart_app.db import Database
from smart_app.library.choosing import catalogue_of
from smart_app.library.exporting import export_library
from smart_app.library.findings import Findings
from smart_app.library.importing import ImportRefused, ImportReport, import_library
from smart_app.library.models import LocalSlotRow, TutorialVersionRow
from smart_app.library.reading import (
    NoSuchAiFeature,
    NoSuchTutorial,
    get_ai_feature,
    get_current,
    get_version,
    library_revision,
    list_tutorials,
)
from smart_app.library.registries import LocalFile, read_local
from smart_app.organizations.verbs import add_organization
from tests.library.sample import DEMO_LOCAL, LOCAL, STARTER, TUTORIAL, changed, write_folder

Import = Callable[..., ImportReport]


def local(text: str = LOCAL) -> LocalFile:
    found = Findings("local.yaml")
    values = read_local(text, found)
    assert found.found == []
    return values


@pytest.fixture
def organization(database: Database) -> UUID:
    with database.writing() as session:
        key = add_organization(session, name=f"Test {uuid4()}", actor="test")
        session.commit()
    return key


@pytest.fixture
def take_in(database: Database, organization: UUID, tmp_path: Path) -> Import:
    """Import the sample with this text; publishes unless told otherwise."""

    def run(tutorial: str = TUTORIAL, **more: object) -> ImportReport:
        folder = write_folder(tmp_path / "library", tutorial, **more.pop("files", {}))  # type: ignore[arg-type]
        facts = {"local": local(), "reviewer": "Rev Iewer", "publish": True, "grade": False} | more
        with database.writing() as session:
            report = import_library(session, organization=organization, folder=folder, **facts)  # type: ignore[arg-type]
            session.commit()
        return report

    return run


def refused(take_in: Import, *arguments: str, **more: object) -> list[str]:
    with pytest.raises(ImportRefused) as caught:
        take_in(*arguments, **more)
    return [str(finding) for finding in caught.value.findings]


def test_a_published_tutorial_is_shown_with_its_slots_filled(
    take_in: Import, database: Database, organization: UUID
) -> None:
    assert take_in().published == ["check-a-summary version 1"]
    with database.reading() as session:
        version = get_current(session, organization=organization, tutorial="check-a-summary")
        assert version.card == "Open the source of each fact."
        assert "In the Summary tab." in version.part("how").html
        assert [check.action for check in version.checks] == ["Open the lab", "Ask the patient"]
        assert (version.reviewer, version.starter) == ("Rev Iewer", True)
        assert get_ai_feature(session, organization=organization, feature="record-summary").status == "live"
        assert [line.tutorial for line in list_tutorials(session, organization=organization)] == ["check-a-summary"]
        assert list_tutorials(session, organization=organization, job_roles=("coder-him",)) == []


def test_importing_again_changes_nothing(take_in: Import, database: Database, organization: UUID) -> None:
    take_in()
    again = take_in()
    assert (again.changed, again.unchanged) == (False, ["check-a-summary version 1"])
    with database.reading() as session:
        assert library_revision(session, organization=organization) == 1


def test_a_published_version_cannot_change(take_in: Import, database: Database, organization: UUID) -> None:
    take_in()
    lines = refused(take_in, changed("You read long charts at night.", "You read long charts."))
    assert lines == ["check-a-summary.md:4: Version 1 is published and cannot change. Save this as version 2."]
    with database.reading() as session:
        version = get_version(session, organization=organization, tutorial="check-a-summary", version=1)
    assert "at night" in version.part("why").html


SECOND = changed("version: 1", 'version: 2\nwhat_changed: "A new check."')


def test_the_next_version_is_shown_and_the_one_before_stays_readable(
    take_in: Import, database: Database, organization: UUID
) -> None:
    take_in()
    take_in(SECOND)
    with database.reading() as session:
        assert get_current(session, organization=organization, tutorial="check-a-summary").version == 2
        assert get_version(session, organization=organization, tutorial="check-a-summary", version=1).version == 1
        (target,) = catalogue_of(session, organization=organization).targets
        assert target.version == 2


def test_a_version_may_not_be_left_out(take_in: Import) -> None:
    take_in()
    third = changed("version: 1", 'version: 3\nwhat_changed: "More."')
    assert refused(take_in, third) == [
        "check-a-summary.md:4: Version 3 does not follow version 1. Save this as version 2."
    ]


def test_the_author_is_not_the_reviewer(take_in: Import) -> None:
    lines = refused(take_in, author="Ann Author", reviewer=" ann  AUTHOR ")
    assert lines == ['library:1: " ann  AUTHOR " is the author and cannot be the reviewer. Ask a second person.']


def test_publishing_needs_a_reviewer(take_in: Import) -> None:
    assert refused(take_in, reviewer=None) == ["library:1: Publishing needs a reviewer. Name one: --reviewer NAME."]


def test_content_of_ones_own_names_its_author(take_in: Import) -> None:
    own = changed("status: starter", "status: published")
    assert refused(take_in, own) == [
        "check-a-summary.md:1: This is no starter content, so its author must be named. Add --author NAME."
    ]
    assert take_in(own, author="Ann Author").published


def test_a_file_that_calls_itself_a_draft_is_not_published(take_in: Import) -> None:
    draft = changed("status: starter", "status: draft")
    lines = refused(take_in, draft, author="Ann Author")
    assert lines == ['check-a-summary.md:5: Its status is "draft". Change it to "published" to publish it.']


def test_unfilled_slots_are_named_and_nothing_is_written(
    take_in: Import, database: Database, organization: UUID
) -> None:
    (line,) = refused(take_in, local=LocalFile())
    assert line.startswith("check-a-summary.md:28: Fill 2 local slots before publishing.")
    assert '"who to call" (line 47)' in line
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(TutorialVersionRow)) == 0
        assert session.scalar(select(func.count()).select_from(LocalSlotRow)) == 0
        assert library_revision(session, organization=organization) == 0


def test_a_draft_is_kept_with_its_gaps_and_shown_to_nobody(
    take_in: Import, database: Database, organization: UUID
) -> None:
    assert take_in(publish=False, local=LocalFile()).saved == ["check-a-summary version 1"]
    with database.reading() as session:
        with pytest.raises(NoSuchTutorial):
            get_version(session, organization=organization, tutorial="check-a-summary", version=1)
        assert catalogue_of(session, organization=organization).targets == ()


def test_a_draft_may_change_until_it_is_published(take_in: Import) -> None:
    take_in(publish=False)
    better = changed("at night", "in the evening")
    assert take_in(better, publish=False).saved == ["check-a-summary version 1"]
    assert take_in(better).published == ["check-a-summary version 1"]


def test_a_retired_version_takes_the_tutorial_away(take_in: Import, database: Database, organization: UUID) -> None:
    take_in()
    retired = changed("status: starter", "status: retired", SECOND)
    assert take_in(retired, author="Ann Author").retired == ["check-a-summary version 2"]
    with database.reading() as session, pytest.raises(NoSuchTutorial):
        get_current(session, organization=organization, tutorial="check-a-summary")


def test_a_local_value_may_change_without_a_new_version(
    take_in: Import, database: Database, organization: UUID
) -> None:
    take_in()
    report = take_in(local=local(LOCAL.replace("0001", "0002")))
    assert report.unchanged == ["check-a-summary version 1 (local values changed)"]
    with database.reading() as session:
        version = get_current(session, organization=organization, tutorial="check-a-summary")
        assert "extension 0002" in version.part("when-not").html
        assert library_revision(session, organization=organization) == 2


def test_a_local_value_that_no_slot_asks_for_is_noted(take_in: Import) -> None:
    report = take_in(local=local(LOCAL + '    who to cal: "x"\n'))
    assert report.notes == ['The local file fills "who to cal" of "check-a-summary", which no tutorial here asks for.']


def test_the_local_file_says_which_features_are_live_here(
    take_in: Import, database: Database, organization: UUID
) -> None:
    text = LOCAL + 'ai_features:\n  record-summary: {status: pilot, version: "9", sensitive: true}\n'
    take_in(local=local(text))
    with database.reading() as session:
        feature = get_ai_feature(session, organization=organization, feature="record-summary")
        assert (feature.status, feature.version, feature.sensitive) == ("pilot", "9", True)
        assert catalogue_of(session, organization=organization).live_features == frozenset()
        with pytest.raises(NoSuchAiFeature):
            get_ai_feature(session, organization=organization, feature="none")


def test_two_organizations_do_not_see_each_others_library(take_in: Import, database: Database) -> None:
    take_in()
    with database.writing() as session:
        other = add_organization(session, name="Another", actor="test")
        session.commit()
    with database.reading() as session:
        assert list_tutorials(session, organization=other) == []
        with pytest.raises(NoSuchTutorial):
            get_version(session, organization=other, tutorial="check-a-summary", version=1)


def test_the_export_is_byte_for_byte_what_was_imported(database: Database, organization: UUID, tmp_path: Path) -> None:
    with database.writing() as session:
        import_library(
            session,
            organization=organization,
            folder=STARTER,
            local=local(DEMO_LOCAL.read_text(encoding="utf-8")),
            reviewer="Demo reviewer",
            publish=True,
            grade=False,
        )
        session.commit()
    with database.reading() as session:
        names = export_library(session, organization=organization, folder=tmp_path / "out")
    files = {path.name: path.read_bytes() for path in STARTER.iterdir() if path.is_file()}
    assert sorted(names) == sorted([*files, "local.yaml"])
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert b"Lakeside demo policy 12" in written.pop("local.yaml")
    assert written == files
