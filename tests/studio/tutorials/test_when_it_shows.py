"""When a tutorial shows is written in the editor, seen in review, and holds from the first launch on."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from smart_app.library.models import TutorialVersionRow
from smart_app.library.own_targets import Targets, set_targets
from smart_app.organizations.permissions import Permission
from smart_app.studio.tutorials.fields import DraftFields
from smart_app.studio.tutorials.models import TutorialDraft
from smart_app.studio.tutorials.target_fields import AS_IT_IS, BOTH, INTENT, TASK, with_work, work_by
from tests.plugins.app import RealApp
from tests.plugins.studio import Studio
from tests.studio.test_targeting import text_of
from tests.studio.tutorials.desk import GOOD, Desk, form_of

HANDOFF = "nurse-handoff-summary"
REFILLS = "sort-the-refill-queue-with-an-ai-draft"
PEDIATRICIAN = "http://snomed.info/sct|82296001"
NARROW: dict[str, Any] = {
    "placements": ["inbox"],
    "other_placements": "refill-desk\n",
    "encounter_classes": ["AMB", "VR"],
    "care_settings": ["clinic"],
    "other_specialties": f"{PEDIATRICIAN}\nurn:our-ehr|diving",
    "other_task_codes": "urn:our-ehr|refill",
    "other_intents": "refill",
    "from": "2026-12-01",
    "until": "2027-05-31",
}


@pytest.fixture
def trainer(library: RealApp, studio: Studio) -> Desk:
    return Desk(studio(Permission.TRAINER))


@pytest.fixture
def reviewer(library: RealApp, studio: Studio) -> Desk:
    return Desk(studio(Permission.REVIEWER, person="prac-2"))


def targets(app: RealApp) -> dict[str, Any]:
    """Of the one draft."""
    with app.database.reading() as session:
        found: dict[str, Any] = session.scalars(select(TutorialDraft)).one().fields["targets"]
    return found


def test_all_of_when_it_shows_is_written_before_publishing(library: RealApp, trainer: Desk, reviewer: Desk) -> None:
    draft = trainer.begins()
    trainer.writes(draft, GOOD, **NARROW)
    assert trainer.to_mend(draft) == []
    trainer.page(trainer.sends(draft))
    review = text_of(reviewer.get(draft.replace("drafts/", "reviews/")))
    for said in (
        "Place in the EHR: in the inbox, refill-desk",
        "Class of the encounter: an office visit, a virtual visit",
        "Care setting: a clinic",
        f"Specialty: {PEDIATRICIAN}",
        "When a task is open: a message reply, urn:our-ehr|refill",
        "When Preceptor is opened for: a message reply, refill",
        "From: 2026-12-01",
        "Until: 2027-05-31",
        "Who sees this, and when: Physicians, of the specialty",
        "from 1 December 2026 until 31 May 2027",
    ):
        assert said in review, said
    reviewer.page(reviewer.publishes(draft))
    with library.database.reading() as session:
        row = session.scalars(select(TutorialVersionRow).where(TutorialVersionRow.tutorial == REFILLS)).one()
    assert row.front_matter["targets"] == {
        "task_codes": ["urn:preceptor:task|reply-to-message", "urn:our-ehr|refill"],
        "intents": ["reply-to-message", "refill"],
        "placements": ["inbox", "refill-desk"],
        "specialties": [PEDIATRICIAN, "urn:our-ehr|diving"],
        "encounter_classes": ["AMB", "VR"],
        "care_settings": ["clinic"],
        "from": "2026-12-01",
        "until": "2027-05-31",
    }


def test_what_was_ticked_stands_ticked_and_saving_it_again_changes_nothing(library: RealApp, trainer: Desk) -> None:
    draft = trainer.begins()
    trainer.writes(draft, GOOD, **NARROW)
    before, revision = targets(library), trainer.form(draft, draft)["revision"]
    trainer.saves(draft, {})
    assert (targets(library), trainer.form(draft, draft)["revision"]) == (before, revision)
    trainer.saves(draft, {"encounter_classes": [], "other_specialties": "", "until": ""})
    held = targets(library)
    assert {"encounter_classes", "until"}.isdisjoint(held)
    assert held["specialties"] == [PEDIATRICIAN], "it has words here, so it is a box, and that one is still ticked"


def test_a_page_that_does_not_show_these_fields_changes_none_of_them(library: RealApp, trainer: Desk) -> None:
    draft = trainer.begins()
    trainer.writes(draft, GOOD, **NARROW)
    before = targets(library)
    fields = trainer.form(draft, draft)
    shown = ("when_more", "work_by", "from", "until", *NARROW, "specialties")
    earlier = {name: value for name, value in fields.items() if name not in shown}
    trainer.visitor.post(draft, {**earlier, "card": "Another line."})
    assert targets(library) == before


def test_codes_that_cannot_be_are_told_at_the_targets(trainer: Desk) -> None:
    draft = trainer.begins()
    trainer.writes(draft, GOOD, other_task_codes="no system", until="soon")
    said = " ".join(trainer.to_mend(draft))
    assert "Task code &#34;no system&#34; must be" in said
    assert "until must be a date" in said


def test_while_one_types_the_dates_are_saved_too(library: RealApp, trainer: Desk) -> None:
    draft = trainer.begins()
    assert trainer.saves(draft, {"until": "2027-05-31"}, typing=True).status_code == 200
    assert targets(library) == {"until": "2027-05-31"}


def test_two_texts_differ_in_when_they_show_and_both_are_kept(library: RealApp, trainer: Desk, studio: Studio) -> None:
    colleague = Desk(studio(Permission.TRAINER, person="prac-3"))
    draft = trainer.begins()
    theirs = colleague.form(draft, draft)
    trainer.saves(draft, {"placements": ["inbox"]})
    answer = colleague.visitor.post(draft, {**theirs, "placements": ["orders"]})
    page = text_of(colleague.page(answer))
    assert "When it shows" in page
    assert "on the orders screen" in page
    where = answer.location[answer.location.index("drafts/") :]
    colleague.visitor.post(where, {**colleague.form(where, ""), "take-targets": "mine"})
    assert targets(library) == {"placements": ["orders"]}


@pytest.mark.parametrize("by", [BOTH, TASK, INTENT])
def test_work_is_known_by_the_task_by_the_intent_or_by_both(by: str) -> None:
    held = with_work({}, ["chart-review", "shift-handoff"], any_work=False, by=by)
    assert work_by(held) == by
    assert ("task_codes" in held, "intents" in held) == (by != INTENT, by != TASK)
    assert with_work(held, ["chart-review", "shift-handoff"], any_work=False, by=by) == held


def test_what_is_known_in_different_ways_stays_so_until_one_is_chosen(library: RealApp, trainer: Desk) -> None:
    mixed = {"task_codes": ["urn:preceptor:task|chart-review"], "intents": ["chart-review", "order-entry"]}
    assert work_by(mixed) == AS_IT_IS
    assert with_work(mixed, ["chart-review", "order-entry"], any_work=False) == mixed
    draft = trainer.begins()
    assert "As it is: some work" not in trainer.get(draft).text
    trainer.saves(draft, {"work": ["chart-review"], "work_by": TASK})
    assert targets(library) == {"task_codes": ["urn:preceptor:task|chart-review"]}


# ---- Find a code ----


def test_a_code_is_found_by_words_in_the_editor_and_nothing_typed_is_lost(library: RealApp, trainer: Desk) -> None:
    draft = trainer.begins()
    answer = trainer.saves(draft, {"card": "Typed before the search."}, codes="pediatrician", then="codes")
    page = trainer.page(answer)
    assert "found in the lists that come with Preceptor" in page.text
    assert "Typed before the search." in page.text
    path = answer.location.partition("#")[0]
    assert f'name="specialties" value="{PEDIATRICIAN}"' in page.text
    assert '<details id="f-when" open>' in page.text
    fields = trainer.form(path[path.index("drafts/") :], draft)
    trainer.visitor.post(draft, {**fields, "specialties": [PEDIATRICIAN]})
    assert targets(library)["specialties"] == [PEDIATRICIAN]
    again = trainer.page(trainer.saves(draft, {}, codes="pediatrician", then="codes"))
    assert "Specialty: chosen already" in text_of(again)


def test_a_code_is_found_by_words_where_targets_are_changed(library: RealApp, trainer: Desk) -> None:
    path = f"targeting/{HANDOFF}"
    given = {"roles": "pharmacist", "when": "work", "task_codes": "urn:preceptor:task|chart-review", "until": "soon"}
    page = trainer.visitor.post(path, {**given, "codes": "registered  nurse", "act": "find"})
    assert page.status_code == 200
    assert "found in the lists that come with Preceptor" in page.text
    code = "http://snomed.info/sct|224535009"
    for kind in ("specialties", "task_codes"):
        assert f'name="{kind}" value="{code}"' in page.text
    assert re.search(r'value="pharmacist" checked', page.text), "what was ticked stays ticked"
    trainer.visitor.post(path, {**given, "until": "", "specialties": code, "act": "save"})
    assert "of the specialty Registered nurse" in text_of(trainer.get(path))


def test_a_search_for_codes_keeps_nothing(library: RealApp, trainer: Desk) -> None:
    before = text_of(trainer.get(f"targeting/{HANDOFF}"))
    trainer.visitor.post(f"targeting/{HANDOFF}", {"roles": "pharmacist", "codes": "nurse", "act": "find"})
    assert text_of(trainer.get(f"targeting/{HANDOFF}")) == before


# ---- The organization's own targets ----


@pytest.fixture
def own(library: RealApp) -> str:
    """The organization shows the handoff to pharmacists; the day on which it said so."""
    wanted = Targets(("pharmacist",), {"intents": ["chart-review"]})
    with library.database.writing() as session:
        set_targets(session, organization=library.organization, tutorial=HANDOFF, wanted=wanted,
                    known_roles=("pharmacist",), actor="t")  # fmt: skip
        session.commit()
    today = datetime.now(UTC)
    return f"{today.day} {today:%B %Y}"


def test_the_editor_says_that_the_organizations_own_targets_hold(trainer: Desk, own: str) -> None:
    page = trainer.get(trainer.begins_next(HANDOFF))
    said = text_of(page)
    assert f"Your organization set its own targets for this tutorial on {own}." in said
    assert "They are: Pharmacists, when the EHR opens Preceptor for a chart review" in said
    assert f'targeting/{HANDOFF}"' in page.text
    assert "set its own targets" not in trainer.get(trainer.begins("A tutorial of nobody's own targets")).text


def test_the_review_says_it_too(trainer: Desk, reviewer: Desk, own: str, good: DraftFields) -> None:
    draft = trainer.begins_next(HANDOFF)
    given = {**form_of(good), "what_changed": "Another way."}
    trainer.saves(draft, given)
    trainer.saves(draft, {**given, "slot-0-name": "where the draft is", "slot-0": "Here."})
    trainer.page(trainer.sends(draft))
    page = reviewer.get(draft.replace("drafts/", "reviews/"))
    assert f"Your organization set its own targets for this tutorial on {own}." in text_of(page)
    assert "They are: Pharmacists" in text_of(page)
    assert "Who sees this, and when, by this version alone: Physicians" in text_of(page)
    assert f'targeting/{HANDOFF}"' in page.text
