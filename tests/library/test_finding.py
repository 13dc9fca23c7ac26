"""Find a tutorial by words: the right one, for the role alone, whatever is typed; on both databases."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from smart_app.db import Database
from smart_app.library.finding import Found, find
from smart_app.library.importing import import_library
from smart_app.library.reading import tutorials_for_roles
from smart_app.library.registries import LocalFile
from smart_app.library.search_index import asked_words
from smart_app.organizations.verbs import add_organization
from tests.library.sample import STARTER, demo_local

Library = tuple[Session, UUID]


@pytest.fixture
def library(database: Database) -> Iterator[Library]:
    """The starter library as the demo organization has it."""
    with database.writing() as session:
        yield session, publish(session, "Lakeside test", demo_local())


def publish(session: Session, name: str, local: LocalFile) -> UUID:
    organization = add_organization(session, name=name, actor="test")
    import_library(
        session, organization=organization, folder=STARTER, local=local, reviewer="R", publish=True, grade=False
    )
    return organization


def found(library: Library, words: str, *roles: str) -> list[str]:
    return [each.tutorial for each in look(library, words, *roles)]


def look(library: Library, words: str, *roles: str) -> tuple[Found, ...]:
    session, organization = library
    return find(session, organization=organization, job_roles=roles, words=words)


def test_a_title_is_found_before_a_part_that_has_the_word(library: Library) -> None:
    assert found(library, "orders", "physician")[0] == "physician-queued-orders"
    assert found(library, "handoff", "nurse")[0] == "nurse-handoff-summary"


def test_words_of_a_part_find_it_and_say_which_part(library: Library) -> None:
    only = look(library, "read-back worries", "nurse")[0]
    assert (only.tutorial, only.part, only.heading) == ("nurse-handoff-summary", "verify", "Verify")
    assert only.ai_feature_name == "Handoff summary"


def test_the_name_of_an_ai_feature_finds_what_teaches_it_for_the_role(library: Library) -> None:
    assert found(library, "ambient note", "nurse")[0] == "nurse-ambient-flowsheet"
    assert found(library, "ambient note", "physician")[0] == "physician-ambient-visit-note"
    assert look(library, "risk list", "care-manager")[0].part is None


def test_endings_beginnings_capitals_and_accents_do_not_matter(library: Library) -> None:
    for words in ("reconcile", "RECONCILING meds", "reconcil", "récoñcile"):
        assert found(library, words, "pharmacist")[0] == "pharmacist-medication-reconciliation", words


def test_every_word_must_be_there(library: Library) -> None:
    assert found(library, "handoff giraffe", "nurse") == []
    assert found(library, "giraffe", "nurse") == []


def test_only_what_is_for_the_role_or_everyone_is_found(library: Library) -> None:
    assert found(library, "policy", "front-desk")[0] == "everyone-policy-assistant"
    assert found(library, "policy") == ["everyone-policy-assistant"]
    assert "nurse-handoff-summary" not in found(library, "handoff", "physician")
    both = found(library, "summary", "nurse", "physician")
    assert {"nurse-handoff-summary", "physician-chart-summary"} <= set(both)


def test_a_feature_that_is_paused_hides_its_tutorials(library: Library) -> None:
    session, organization = library
    session.execute(text("UPDATE ai_features SET status = 'paused' WHERE id = 'handoff-summary'"))
    session.execute(text("UPDATE libraries SET revision = revision + 1"))
    assert "nurse-handoff-summary" not in found(library, "handoff", "nurse")
    listed = tutorials_for_roles(session, organization=organization, job_roles=("nurse",))
    assert [listing.tutorial for listing in listed] == [
        "everyone-policy-assistant",
        "nurse-ambient-flowsheet",
        "nurse-deterioration-score",
    ]


def test_another_organization_finds_nothing_of_ours(library: Library) -> None:
    session, _ = library
    other = add_organization(session, name="Hillside test", actor="test")
    assert find(session, organization=other, job_roles=("nurse",), words="handoff") == ()


def test_importing_again_keeps_one_entry_a_tutorial(library: Library) -> None:
    session, organization = library
    import_library(
        session,
        organization=organization,
        folder=STARTER,
        local=demo_local(),
        reviewer="R",
        publish=True,
        grade=False,
    )
    entries = session.scalar(text("SELECT count(*) FROM library_search"))
    assert entries == 26
    assert found(library, "handoff", "nurse").count("nurse-handoff-summary") == 1


ODD = (
    "",
    "   ",
    "the and of",
    '"',
    "''",
    "handoff'",
    'handoff" OR "1"="1',
    "handoff; DROP TABLE tutorial_versions",
    "title:handoff",
    "NEAR(handoff, 2)",
    "handoff AND",
    "* handoff",
    "handoff*",
    "a & b | !c <-> d",
    "(((((",
    "\\",
    "\x00handoff",
    "\ud800handoff",
    "handoff\u202e",
    "😀",
    "%_%",
    "ﬁle ½ ²",
    "x" * 100_000,
    "word " * 10_000,
    "١٢٣ 日本語",
    ":handoff:*",
    "-handoff",
    "^handoff",
    "{title feature}: handoff",
)


OF_A_NURSE = {
    "everyone-policy-assistant",
    "nurse-handoff-summary",
    "nurse-deterioration-score",
    "nurse-ambient-flowsheet",
}


def test_whatever_is_typed_is_only_words(library: Library) -> None:
    session, _ = library
    for words in ODD:
        assert set(found(library, words, "nurse")) <= OF_A_NURSE, words[:40]
        assert session.scalar(text("SELECT count(*) FROM tutorial_versions")) == 26, words[:40]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=60) | st.text(alphabet="\"'*:()&|!<->\\ ^{}andorNEAR\x00", max_size=60))
def test_no_text_is_an_error(library: Library, words: str) -> None:
    assert len(found(library, words, "nurse")) <= 20


@given(st.text(max_size=500))
def test_a_question_is_at_most_eight_words_of_letters_and_digits(words: str) -> None:
    asked = asked_words(words)
    assert len(asked) <= 8
    assert all(word.isalnum() and len(word) <= 40 for word in asked)


def test_what_is_typed_is_kept_nowhere(library: Library, database: Database) -> None:
    session, _ = library
    found(library, "zyzzyva", "nurse")
    session.commit()
    with database.reading() as reading:
        names = [row[0] for row in reading.execute(text(_TABLES[database.engine.dialect.name]))]
        for name in names:
            rows = reading.execute(text(f'SELECT * FROM "{name}"')).all()
            assert "zyzzyva" not in str(rows), name


_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}
