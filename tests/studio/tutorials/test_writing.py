"""From the first word to the clinician: write, send, review, publish; and nobody publishes alone."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from smart_app.library.models import LibraryFileRow, LocalSlotRow, TutorialVersionRow
from smart_app.library.reading import get_current
from smart_app.organizations.models import AuditEntry
from smart_app.organizations.permissions import Permission
from tests.plugins.app import RealApp
from tests.plugins.studio import Studio, give
from tests.studio.tutorials.desk import GOOD, Desk, form_of

TUTORIAL = "sort-the-refill-queue-with-an-ai-draft"


@pytest.fixture
def trainer(library: RealApp, studio: Studio) -> Desk:
    return Desk(studio(Permission.TRAINER))


@pytest.fixture
def reviewer(library: RealApp, studio: Studio) -> Desk:
    return Desk(studio(Permission.REVIEWER, person="prac-2"))


def audit(app: RealApp, action: str) -> list[AuditEntry]:
    with app.database.reading() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


def test_what_one_writes_a_second_publishes_and_the_player_has_it(
    library: RealApp, trainer: Desk, reviewer: Desk
) -> None:
    draft = trainer.begins()
    assert trainer.writes(draft).status_code == 303
    assert trainer.to_mend(draft) == []
    assert "Sent for review" in trainer.page(trainer.sends(draft)).text
    assert "Published" in reviewer.page(reviewer.publishes(draft)).text
    with library.database.reading() as session:
        version = get_current(session, organization=library.organization, tutorial=TUTORIAL)
        row = session.get_one(TutorialVersionRow, (library.organization, TUTORIAL, 1))
    assert version.title == GOOD.title
    assert version.reviewer == "Rae Reviewer"
    assert "Inbox, on the right." in version.part("how").html
    assert row.author == "Ann Author"
    assert row.feature_version == "May 2026 (r2)"
    assert [entry.details["after"] for entry in audit(library, "tutorial version: publish")] == ["published"]


def test_a_draft_with_something_to_mend_does_not_go_to_review(trainer: Desk) -> None:
    draft = trainer.begins()
    page = trainer.page(trainer.sends(draft))
    assert "things to mend" in page.text
    assert "Write it, or the tutorial cannot teach it." in page.text
    assert trainer.get("reviews").text.count("Nothing waits.") == 1


def test_an_unfilled_local_slot_holds_it_back(trainer: Desk) -> None:
    draft = trainer.begins()
    trainer.saves(draft, form_of(GOOD))
    page = trainer.page(trainer.sends(draft))
    assert "Fill in: where the draft is." in page.text
    assert "1 of 1 not filled" in page.text


def test_it_is_not_sent_without_the_authors_name(trainer: Desk) -> None:
    draft = trainer.begins()
    trainer.writes(draft)
    assert "/drafts/" in trainer.sends(draft, name=" ").location


def test_nobody_publishes_what_they_wrote(library: RealApp, studio: Studio) -> None:
    both = Desk(studio(Permission.TRAINER, Permission.REVIEWER))
    draft = both.begins()
    both.writes(draft)
    both.sends(draft)
    path = draft.replace("drafts/", "reviews/")
    assert "Publish version 1" not in both.get(path).text
    answer = both.visitor.post(f"{path}/publish", {"revision": "3", "name": "Somebody Else"})
    assert answer.status_code == 403
    assert "a second person" in answer.text
    with library.database.reading() as session:
        assert session.get(TutorialVersionRow, (library.organization, TUTORIAL, 1)) is None


def test_whoever_added_a_word_is_an_author_too(library: RealApp, trainer: Desk, reviewer: Desk) -> None:
    give(library, reviewer.visitor, Permission.TRAINER)
    draft = trainer.begins()
    trainer.writes(draft)
    reviewer.saves(draft, {"card": "One more word of mine."})
    trainer.sends(draft)
    path = draft.replace("drafts/", "reviews/")
    assert reviewer.visitor.post(f"{path}/publish", {"revision": "4", "name": "Rae"}).status_code == 403


def test_the_reviewers_name_is_not_the_authors(trainer: Desk, reviewer: Desk) -> None:
    draft = trainer.begins()
    trainer.writes(draft)
    trainer.sends(draft)
    answer = reviewer.publishes(draft, name="ann  AUTHOR")
    assert answer.status_code == 422
    assert "Write your own name" in answer.text


def test_what_was_changed_since_the_reviewer_read_it_is_not_published(trainer: Desk, reviewer: Desk) -> None:
    draft = trainer.begins()
    trainer.writes(draft)
    trainer.sends(draft)
    path = draft.replace("drafts/", "reviews/")
    fields = reviewer.form(path, f"{path}/publish")
    trainer.visitor.post(f"{draft}/take-back")
    trainer.saves(draft, {"card": "Another line."})
    trainer.sends(draft)
    answer = reviewer.visitor.post(f"{path}/publish", {**fields, "name": "Rae Reviewer"})
    assert answer.status_code == 422
    assert "changed since you opened this page" in answer.text


def test_in_review_nobody_changes_it(trainer: Desk) -> None:
    draft = trainer.begins()
    trainer.writes(draft)
    fields = trainer.form(draft, draft)
    trainer.sends(draft)
    answer = trainer.visitor.post(draft, {**fields, "card": "Late."})
    assert answer.status_code == 409
    assert "in review" in answer.text


def test_the_reviewer_sends_it_back_with_a_note(trainer: Desk, reviewer: Desk) -> None:
    draft = trainer.begins()
    trainer.writes(draft)
    trainer.sends(draft)
    path = draft.replace("drafts/", "reviews/")
    assert reviewer.visitor.post(f"{path}/send-back", {"note": " "}).status_code == 422
    assert reviewer.visitor.post(f"{path}/send-back", {"note": "Name the lab."}).status_code == 303
    assert "Name the lab." in trainer.get(draft).text


def test_a_published_version_is_fixed_by_the_database_itself(library: RealApp) -> None:
    with library.database.writing() as session, pytest.raises(IntegrityError, match="never changes"):
        session.execute(update(TutorialVersionRow).values(source="other"))
    with library.database.writing() as session, pytest.raises(IntegrityError, match="never changes"):
        session.execute(update(TutorialVersionRow).values(status="draft"))


def test_the_next_version_begins_with_the_text_that_is_live_and_must_say_what_changed(
    library: RealApp, trainer: Desk, reviewer: Desk
) -> None:
    draft = trainer.begins_next("nurse-handoff-summary")
    assert trainer.begins_next("nurse-handoff-summary") == draft, "one open draft a tutorial"
    page = trainer.get(draft).text
    assert "Draft of version 2" in page
    assert "Say what changed since the version before." in page
    trainer.saves(draft, {"what_changed": "The panel moved.", "in_progress": "keep"})
    assert trainer.page(trainer.sends(draft)).status_code == 200
    assert reviewer.page(reviewer.publishes(draft)).status_code == 200
    with library.database.reading() as session:
        row = session.get_one(TutorialVersionRow, (library.organization, "nurse-handoff-summary", 2))
    assert row.front_matter["what_changed"] == "The panel moved."
    assert row.in_progress == "keep"


def test_a_new_source_goes_into_the_librarys_list_and_the_values_into_its_slots(
    library: RealApp, trainer: Desk, reviewer: Desk
) -> None:
    draft = trainer.begins()
    new = {
        "source-1-title": "Doe. Refills read twice. Journal, 2026",
        "source-1-url": "https://example.org/doe",
        "source-1-sentence": "Two readings found more.",
        "source-1-checked": "Read in full.",
        "why": GOOD.parts["why"] + " Two readings find more [@doe-refills-read-twice].",
    }
    trainer.writes(draft)
    trainer.saves(draft, new)
    assert trainer.page(trainer.sends(draft)).status_code == 200
    reviewer.publishes(draft)
    with library.database.reading() as session:
        listed = session.get_one(LibraryFileRow, (library.organization, "sources.yaml")).source
        slot = session.get_one(LocalSlotRow, (library.organization, TUTORIAL, "where the draft is"))
    assert 'id: doe-refills-read-twice\n    title: "Doe. Refills read twice. Journal, 2026"' in listed
    assert slot.value == "Inbox, on the right."


def test_a_discarded_draft_comes_back_by_undo(trainer: Desk) -> None:
    draft = trainer.begins()
    trainer.writes(draft)
    page = trainer.page(trainer.visitor.post(f"{draft}/discard"))
    assert "is discarded" in page.text
    step = page.text.partition("/undo/")[2].partition('"')[0]
    assert trainer.visitor.post(f"undo/{step}").status_code == 303
    assert GOOD.card in trainer.get(draft).text


def test_retiring_takes_it_away_and_undo_brings_it_back(library: RealApp, trainer: Desk) -> None:
    with library.database.reading() as session:
        get_current(session, organization=library.organization, tutorial="nurse-handoff-summary")
    page = trainer.page(trainer.visitor.post("tutorials/nurse-handoff-summary/retire"))
    assert "is retired: it is shown to nobody" in page.text
    with library.database.reading() as session, pytest.raises(LookupError):
        get_current(session, organization=library.organization, tutorial="nurse-handoff-summary")
    step = page.text.partition("/undo/")[2].partition('"')[0]
    trainer.visitor.post(f"undo/{step}")
    with library.database.reading() as session:
        assert get_current(session, organization=library.organization, tutorial="nurse-handoff-summary")
