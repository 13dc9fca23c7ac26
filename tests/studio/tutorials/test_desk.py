"""The list, the editor with two people in it, the preview, and reviewers from elsewhere."""

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select, update

from launch.stores import Registration
from smart_app.ledger.models import UsageEventRow
from smart_app.library.models import AiFeatureRow, TutorialVersionRow
from smart_app.organizations import verbs
from smart_app.organizations.learners import Identity, resolve_learner
from smart_app.organizations.models import AuditEntry, LearnerIdentity
from smart_app.organizations.permissions import Permission, grant
from smart_app.player.models import Progress
from smart_app.studio.tutorials.listing import DUE_WORDS
from smart_app.studio.tutorials.models import DraftConflict, ReviewInvitation, TutorialDraft
from smart_app.visits.models import Visit
from tests.plugins.app import RealApp, Visitor
from tests.plugins.studio import Studio, learner_of
from tests.studio.tutorials.desk import GOOD, Desk


@pytest.fixture
def trainer(library: RealApp, studio: Studio) -> Desk:
    return Desk(studio(Permission.TRAINER))


@pytest.fixture
def colleague(library: RealApp, studio: Studio) -> Desk:
    return Desk(studio(Permission.TRAINER, person="prac-2"))


def titles(desk: Desk, query: str = "") -> list[str]:
    return re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', desk.get(f"tutorials{query}").text)


def test_the_list_finds_and_filters(library: RealApp, trainer: Desk) -> None:
    both = titles(trainer)
    assert len(both) == 2
    nurse = titles(trainer, "?role=nurse")
    assert len(nurse) == 1
    assert titles(trainer, "?ai_feature=handoff-summary") == nurse
    assert titles(trainer, "?q=hAndoFF") == nurse
    assert titles(trainer, "?workflow=inbox-message-reply") == [each for each in both if each not in nurse]
    assert titles(trainer, "?status=retired") == []
    assert "No tutorial is like that" in trainer.get("tutorials?q=nothing-like-it").text


def test_the_list_tells_what_is_stale_and_due(library: RealApp, trainer: Desk) -> None:
    assert titles(trainer, "?stale=on") == []
    with library.database.writing() as session:
        session.execute(update(AiFeatureRow).where(AiFeatureRow.id == "handoff-summary").values(version="5.0"))
        session.commit()
    assert len(titles(trainer, "?stale=on")) == 1
    assert "<b>Stale:</b> it has a new version" in trainer.get("tutorials").text


def test_the_list_tells_whose_review_date_has_passed_and_whose_is_soon(library: RealApp, trainer: Desk) -> None:
    assert (titles(trainer, "?due=passed"), titles(trainer, "?due=soon")) == ([], [])
    today = datetime.now(UTC).date()
    days = {"passed": today - timedelta(days=1), "soon": today + timedelta(days=30)}
    with library.database.writing() as session:
        rows = session.scalars(select(TutorialVersionRow).order_by(TutorialVersionRow.tutorial)).all()
        for row, day in zip(rows, days.values(), strict=True):
            row.front_matter = {**row.front_matter, "review_by": day.isoformat()}
        expected = [[row.front_matter["title"]] for row in rows]
        session.commit()
    assert [titles(trainer, f"?due={due}") for due in days] == expected
    page = trainer.get("tutorials").text
    assert [page.count(f'<small class="warn">{words}</small>') for words in DUE_WORDS.values()] == [1, 1]


def test_a_reviewer_finds_a_stale_one_still_right(library: RealApp, trainer: Desk, studio: Studio) -> None:
    with library.database.writing() as session:
        session.execute(update(AiFeatureRow).where(AiFeatureRow.id == "handoff-summary").values(version="5.0"))
        session.commit()
    assert trainer.visitor.post("tutorials/nurse-handoff-summary/still-right").status_code == 403
    reviewer = Desk(studio(Permission.REVIEWER, person="prac-2"))
    assert "Stale." in reviewer.get("tutorials/nurse-handoff-summary").text
    assert reviewer.visitor.post("tutorials/nurse-handoff-summary/still-right").status_code == 303
    assert titles(trainer, "?stale=on") == []
    with library.database.reading() as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.action == "tutorial found right")).one()
    assert (told.details["before"], told.details["after"]) == ("4.2", "5.0")


def test_a_draft_stands_in_the_list_beside_what_is_live(trainer: Desk) -> None:
    trainer.begins("A new way with refills")
    trainer.begins_next("nurse-handoff-summary")
    assert titles(trainer, "?status=draft")[0] == "A new way with refills"
    assert len(titles(trainer, "?status=draft")) == 2


def test_two_tutorials_of_one_title_get_ids_of_their_own(trainer: Desk) -> None:
    trainer.begins("A new way with refills")
    trainer.begins("A new way with refills")
    page = trainer.get("tutorials").text
    assert 'tutorials/a-new-way-with-refills"' in page
    assert 'tutorials/a-new-way-with-refills-2"' in page


def test_while_one_types_the_page_gets_what_follows(trainer: Desk) -> None:
    draft = trainer.begins()
    answer = trainer.saves(draft, {"why": "Three words here. {local: the panel}"}, typing=True)
    assert answer.status_code == 200
    said = answer.json
    assert said["revision"] == 2
    assert 'value="the panel"' in said["html"]["slots"]
    assert "to mend" in said["html"]["mend"]
    assert "of 450 words" in said["html"]["budget"]


def test_the_same_text_sent_twice_is_one_save(trainer: Desk) -> None:
    draft = trainer.begins()
    fields = {**trainer.form(draft, draft), "card": "One line."}
    for _ in range(2):
        assert trainer.visitor.post(draft, fields).status_code == 303
    assert trainer.form(draft, draft)["revision"] == ["2"]


def test_a_page_is_never_in_conflict_with_itself(trainer: Desk) -> None:
    """Its answer got lost, and it sends again from the revision that it knows."""
    draft = trainer.begins()
    fields = trainer.form(draft, draft)
    trainer.visitor.post(draft, {**fields, "card": "One."})
    assert trainer.visitor.post(draft, {**fields, "card": "One, two."}).location.endswith("said=saved")
    assert "One, two." in trainer.get(draft).text


def test_two_editors_at_once_get_both_texts(library: RealApp, trainer: Desk, colleague: Desk) -> None:
    draft = trainer.begins()
    mine, theirs = trainer.form(draft, draft), colleague.form(draft, draft)
    trainer.visitor.post(draft, {**mine, "card": "The trainer's line.", "why": "The trainer's why."})
    answer = colleague.visitor.post(
        draft, {**theirs, "card": "The colleague's line.", "how": "1. The colleague's step."}
    )
    assert "/conflict/" in answer.location
    page = colleague.page(answer).text
    for text in ("trainer&#39;s</del>", "colleague&#39;s</ins>"):
        assert text in page
    assert "The trainer&#39;s line." in trainer.get(draft).text, "nothing was overwritten"
    where = answer.location[answer.location.index("drafts/") :]
    chosen = {**colleague.form(where, ""), "take-card": "saved", "take-why": "saved", "take-how": "mine"}
    assert colleague.visitor.post(where, chosen).status_code == 303
    merged = trainer.get(draft).text
    assert "The trainer&#39;s line." in merged
    assert "The trainer&#39;s why." in merged
    assert "1. The colleague&#39;s step." in merged
    with library.database.reading() as session:
        assert session.scalars(select(DraftConflict)).one().settled_at is not None


def test_whoever_types_into_a_conflict_is_told_where_both_texts_are(trainer: Desk, colleague: Desk) -> None:
    draft = trainer.begins()
    theirs = colleague.form(draft, draft)
    trainer.saves(draft, {"card": "First."})
    answer = colleague.visitor.post(
        draft,
        {**theirs, "card": "Second."},
        headers={"Sec-Fetch-Site": "same-origin", "X-Preceptor": "1", "Accept": "application/json"},
    )
    assert answer.status_code == 409
    assert "/conflict/" in answer.json["conflict"]
    assert "Decide between the two" in colleague.get(draft).text
    assert "Decide between the two" not in trainer.get(draft).text


def test_a_conflict_is_decided_on_what_is_saved_now(trainer: Desk, colleague: Desk) -> None:
    draft = trainer.begins()
    theirs = colleague.form(draft, draft)
    trainer.saves(draft, {"card": "First."})
    answer = colleague.visitor.post(draft, {**theirs, "card": "Second."})
    where = answer.location[answer.location.index("drafts/") :]
    seen = colleague.form(where, "")
    trainer.saves(draft, {"card": "Third."})
    again = colleague.visitor.post(where, {**seen, "take-card": "mine"})
    assert "/conflict/" in again.location, "shown anew, since the saved text is another one now"
    assert "Third." in trainer.get(draft).text


def test_two_texts_of_one_person_are_both_kept_and_decided_one_after_the_other(
    library: RealApp, trainer: Desk, colleague: Desk
) -> None:
    """Two windows that were both open while somebody saved: each browser copy is gone once its text is kept."""
    draft = trainer.begins()
    window, other = colleague.form(draft, draft), colleague.form(draft, draft)
    trainer.saves(draft, {"card": "First."})
    older = colleague.visitor.post(draft, {**window, "why": "Written in the one window."})
    newer = colleague.visitor.post(draft, {**other, "how": "1. Written in the other."})
    assert "2 texts of yours wait." in colleague.get(draft).text
    first, second = (each.location[each.location.index("drafts/") :] for each in (older, newer))
    assert colleague.get(second).location.endswith(first), "the oldest is decided first"
    assert "1 more text of yours waits." in colleague.get(first).text
    early = {**colleague.form(first, ""), "take-how": "mine"}
    assert colleague.visitor.post(second, early).status_code == 303
    assert "Written in the other." not in trainer.get(draft).text, "the newer cannot be decided before"
    fields = {**colleague.form(first, ""), "take-why": "mine", "take-card": "saved", "take-how": "saved"}
    following = colleague.visitor.post(first, fields)
    assert second in following.location
    then = {**colleague.form(second, ""), "take-how": "mine", "take-card": "saved", "take-why": "saved"}
    assert colleague.visitor.post(second, then).location.endswith("said=settled")
    page = trainer.get(draft).text
    for text in ("First.", "Written in the one window.", "1. Written in the other."):
        assert text in page
    assert colleague.get(first).location.endswith(draft), "what is decided leads back to the editor"


def test_the_same_text_sent_twice_into_a_conflict_waits_once(library: RealApp, trainer: Desk, colleague: Desk) -> None:
    draft = trainer.begins()
    theirs = {**colleague.form(draft, draft), "card": "Second."}
    trainer.saves(draft, {"card": "First."})
    places = {colleague.visitor.post(draft, theirs).location for _ in range(2)}
    assert len(places) == 1


def test_nobody_reads_anothers_conflict(trainer: Desk, colleague: Desk) -> None:
    draft = trainer.begins()
    theirs = colleague.form(draft, draft)
    trainer.saves(draft, {"card": "First."})
    answer = colleague.visitor.post(draft, {**theirs, "card": "Second."})
    where = answer.location[answer.location.index("drafts/") :]
    assert trainer.get(where).status_code == 404


def test_the_preview_is_the_players_own_page_and_records_nothing(library: RealApp, trainer: Desk) -> None:
    draft = trainer.begins()
    trainer.writes(draft)
    with library.database.reading() as session:
        before = session.scalar(select(func.count()).select_from(UsageEventRow))
    card = trainer.get(f"{draft}/seen/card")
    assert card.status_code == 200
    assert "frame-ancestors 'self'" in card.headers["Content-Security-Policy"]
    for words in (GOOD.title, GOOD.card, "Match the drug and the dose.", "Physician", "Show me how"):
        assert words in card.text
    assert "Inbox, on the right." in trainer.get(f"{draft}/seen/how").text
    assert "Verify before you rely on it" in trainer.get(f"{draft}/seen/verify-card?from=how").text
    for page in ("card", "why", "how", "verify-card", "when-not"):
        text = trainer.get(f"{draft}/seen/{page}").text
        addresses = re.findall(r'(?:href|action)="([^"#]+)', text)
        ours = [each for each in addresses if each.startswith("/") and not each.startswith("/static")]
        assert ours
        assert all(f"/{draft}/seen" in each for each in ours), page
    went = trainer.visitor.post(f"{draft}/seen?to=card", {"part": "how"})
    assert went.location.endswith("/seen/how")
    assert trainer.visitor.post(f"{draft}/seen?to=//evil.example").location.endswith("/seen/card")
    with library.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(UsageEventRow)) == before
        assert session.scalar(select(func.count()).select_from(Progress)) == 0


def test_a_draft_with_nothing_in_it_can_be_looked_at(trainer: Desk) -> None:
    draft = trainer.begins()
    for page in ("card", "why", "how", "watch-for", "verify", "try-it", "when-not", "verify-card"):
        assert trainer.get(f"{draft}/seen/{page}").status_code == 200
    assert "Not written yet." in trainer.get(f"{draft}/seen/why").text
    assert trainer.get(f"{draft}/seen/else").status_code == 404


def test_side_by_side_shows_what_went_and_what_came(trainer: Desk) -> None:
    draft = trainer.begins_next("nurse-handoff-summary")
    trainer.saves(draft, {"title": "Give report with a new summary"})
    page = trainer.get("tutorials/nurse-handoff-summary/compare?left=1&right=draft").text
    assert "<ins>" in page
    assert "<del>" in page
    assert trainer.get("tutorials/nurse-handoff-summary/compare?left=1&right=9").status_code == 404


def test_the_file_of_a_draft_is_a_tutorial_file(trainer: Desk) -> None:
    draft = trainer.begins()
    trainer.writes(draft)
    answer = trainer.get("tutorials/sort-the-refill-queue-with-an-ai-draft/file/draft")
    assert answer.text.startswith("---\nid: sort-the-refill-queue-with-an-ai-draft\n")
    assert "status: draft" in answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment")


# ---- A reviewer of another organization ----


@pytest.fixture
def elsewhere(library: RealApp, studio: Studio) -> Desk:
    """A clinical reviewer at Harbor, in a visit of that organization."""
    visitor = studio(Permission.REVIEWER, person="prac-9")
    _move_to_harbor(library, visitor)
    return Desk(visitor)


def _move_to_harbor(app: RealApp, visitor: Visitor) -> None:
    """Make the visit one of another organization, as a launch from that one's EHR would."""
    with app.database.writing() as session:
        harbor = verbs.add_organization(session, name="Harbor", actor="test")
        registration = Registration(
            id="",
            organization=harbor.hex,
            name="Harbor EHR",
            iss="https://harbor.example/fhir",
            client_id="c",
            callback="harbor",
        )
        ehr = verbs.register_ehr(session, registration=registration, keys=app.services.keys, actor="test")
        who = Identity("token", "https://harbor.example|reviewer")
        learner = resolve_learner(session, organization=harbor, identities=[who], keys=app.services.keys).id
        grant(session, organization=harbor, learner=learner, permission=Permission.REVIEWER, actor="test")
        session.execute(
            update(Visit)
            .where(Visit.id == visitor.visit)
            .values(organization=harbor, learner=learner, registration=ehr)
        )
        session.commit()


@pytest.fixture
def in_review(trainer: Desk) -> str:
    """The review page of a draft that waits."""
    draft = trainer.begins()
    trainer.writes(draft)
    trainer.sends(draft)
    return draft.replace("drafts/", "reviews/")


def invited(trainer: Desk, path: str) -> str:
    page = trainer.visitor.post(f"{path}/invite", {"name": "Rae at Harbor"})
    assert page.status_code == 200
    return re.search(r"The code: <code>([A-Z0-9-]+)</code>", page.text)[1]  # type: ignore[index]


def test_an_invited_reviewer_publishes_that_one_version(
    library: RealApp, trainer: Desk, elsewhere: Desk, in_review: str
) -> None:
    assert elsewhere.get(in_review).status_code == 404
    code = invited(trainer, in_review)
    answer = elsewhere.visitor.post("reviews/invitations", {"code": code.lower().replace("-", " ")})
    assert answer.status_code == 303
    page = elsewhere.get(in_review)
    assert "of Lakeside: you are invited until" in page.text
    assert elsewhere.get(in_review.replace("reviews/", "drafts/") + "/seen/card").status_code == 200
    assert elsewhere.page(elsewhere.publishes(in_review.replace("reviews/", "drafts/"))).status_code == 200
    with library.database.reading() as session:
        acts = {row.action: row for row in session.scalars(select(AuditEntry))}
        row = session.scalars(select(ReviewInvitation)).one()
    assert row.ended_at is not None
    assert code.encode() not in row.code_hash
    assert row.until - row.invited_at == timedelta(days=14)
    assert acts["tutorial version: publish"].organization == library.organization
    assert acts["tutorial version: publish"].details["invitation"] == row.id.hex
    assert acts["invitation accepted"].organization == library.organization
    assert acts["invitation accepted elsewhere"].organization != library.organization
    assert elsewhere.get(in_review).status_code == 404, "the invitation ended with the publication"
    versions = trainer.get("tutorials/sort-the-refill-queue-with-an-ai-draft").text
    assert "Rae Reviewer, Harbor" in versions


def test_an_invitation_opens_nothing_else(trainer: Desk, elsewhere: Desk, in_review: str) -> None:
    other = trainer.begins("Another one that is theirs alone")
    elsewhere.visitor.post("reviews/invitations", {"code": invited(trainer, in_review)})
    draft = in_review.replace("reviews/", "drafts/")
    for path in (other, f"{other}/seen/card", other.replace("drafts/", "reviews/"), draft, f"{draft}/pictures"):
        assert elsewhere.get(path).status_code in (403, 404), path
    for path in (draft, f"{draft}/take-back", f"{draft}/discard", f"{in_review}/invite"):
        assert elsewhere.visitor.post(path, {"name": "x"}).status_code in (403, 404), path


def test_a_code_works_once(library: RealApp, trainer: Desk, elsewhere: Desk, in_review: str) -> None:
    code = invited(trainer, in_review)
    assert elsewhere.visitor.post("reviews/invitations", {"code": code}).status_code == 303
    assert elsewhere.visitor.post("reviews/invitations", {"code": code}).status_code == 422


def test_after_fourteen_days_it_is_over(library: RealApp, trainer: Desk, elsewhere: Desk, in_review: str) -> None:
    code = invited(trainer, in_review)
    elsewhere.visitor.post("reviews/invitations", {"code": code})
    with library.database.writing() as session:
        session.execute(update(ReviewInvitation).values(until=datetime.now(UTC) - timedelta(seconds=1)))
        session.commit()
    assert elsewhere.get(in_review).status_code == 404
    assert elsewhere.visitor.post(f"{in_review}/publish", {"revision": "3", "name": "Rae"}).status_code == 404


def test_a_trainer_ends_an_invitation(library: RealApp, trainer: Desk, elsewhere: Desk, in_review: str) -> None:
    elsewhere.visitor.post("reviews/invitations", {"code": invited(trainer, in_review)})
    with library.database.reading() as session:
        row = session.scalars(select(ReviewInvitation)).one()
    ended = trainer.visitor.post(f"{in_review}/invitations/{row.id}/end")
    assert ended.status_code == 303
    assert elsewhere.get(in_review).status_code == 404
    step = parse_qs(urlsplit(ended.location).query)["done"][0]
    assert trainer.visitor.post(f"undo/{step}").status_code == 303
    assert elsewhere.get(in_review).status_code == 200
    with library.database.reading() as session:
        again = select(AuditEntry).where(AuditEntry.action == "invitation opened again")
        acts = [entry.details for entry in session.scalars(again)]
    assert [(act["before"], act["after"]) for act in acts] == [(None, {"until": row.until.isoformat()})]


def test_an_ended_invitation_is_not_opened_again_once_its_version_is_not_in_review(
    library: RealApp, trainer: Desk, in_review: str
) -> None:
    invited(trainer, in_review)
    with library.database.reading() as session:
        row = session.scalars(select(ReviewInvitation)).one()
    ended = trainer.visitor.post(f"{in_review}/invitations/{row.id}/end")
    step = parse_qs(urlsplit(ended.location).query)["done"][0]
    with library.database.writing() as session:
        session.execute(update(TutorialDraft).values(state="draft"))
        session.commit()
    refused = trainer.visitor.post(f"undo/{step}")
    assert (refused.status_code, "not in review any more" in refused.text) == (409, True)


def test_a_colleague_of_the_same_house_needs_no_invitation(trainer: Desk, studio: Studio, in_review: str) -> None:
    reviewer = Desk(studio(Permission.REVIEWER, person="prac-2"))
    answer = reviewer.visitor.post("reviews/invitations", {"code": invited(trainer, in_review)})
    assert answer.status_code == 403


def test_the_author_with_a_second_identity_elsewhere_is_the_same_person(
    library: RealApp, trainer: Desk, elsewhere: Desk, in_review: str
) -> None:
    """An NPI is one person's everywhere."""
    code = invited(trainer, in_review)
    with library.database.writing() as session:
        away = session.scalars(select(Visit).where(Visit.id == elsewhere.visitor.visit)).one()
        for organization, learner in (
            (library.organization, learner_of(library, trainer.visitor)),
            (away.organization, away.learner),
        ):
            session.add(
                LearnerIdentity(
                    organization=organization, kind="npi", hash=b"n" * 32, learner=learner, created_at=datetime.now(UTC)
                )
            )
        session.commit()
    answer = elsewhere.visitor.post("reviews/invitations", {"code": code})
    assert answer.status_code == 403
    assert "You wrote in this version" in answer.text


def test_a_guessed_code_opens_nothing(elsewhere: Desk) -> None:
    answer = elsewhere.visitor.post("reviews/invitations", {"code": "AAAA-BBBB-CCCC-DDDD"})
    assert answer.status_code == 422
    assert "No invitation waits under this code" in answer.text


def test_the_review_by_date_begins_as_far_ahead_as_the_organization_says(trainer: Desk) -> None:
    draft = trainer.begins()
    ahead = date.fromisoformat(trainer.form(draft, draft)["review_by"][0]) - datetime.now(UTC).date()
    assert 360 <= ahead.days <= 366
