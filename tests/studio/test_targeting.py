"""Who sees what, in the studio: targets, preview, why, coverage, job roles, matches, AI features."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from sqlalchemy import select

from smart_app.fhir.expanding import FoundCode
from smart_app.fhir.facts import Findings, RoleFacts
from smart_app.library.ai_registry import Entry, Known, save_feature
from smart_app.library.importing import import_library
from smart_app.library.models import AiFeatureRow, LibraryRow, TutorialVersionRow
from smart_app.organizations.models import AuditEntry, JobRole, Learner, RoleCode
from smart_app.organizations.permissions import Permission
from smart_app.organizations.roster.models import RosterPerson, Unit
from smart_app.organizations.roster.reading import NOT_SAID
from smart_app.organizations.verbs import add_organization
from smart_app.studio.targeting import code_search
from smart_app.visits import arriving
from smart_app.visits.codes_seen import note_codes
from smart_app.visits.models import Visit
from smart_app.visits.view import VisitView
from tests.fhir.records import NURSE, SCT
from tests.player.conftest import LIBRARY, local_file
from tests.plugins.app import RealApp, Visitor
from tests.plugins.studio import Studio, learner_of

HANDOFF = "nurse-handoff-summary"
FOR_PHARMACISTS = {
    "roles": "pharmacist",
    "when": "work",
    "task_codes": "urn:preceptor:task|chart-review",
    "act": "save",
}


@pytest.fixture
def trainer(app: RealApp, studio: Studio) -> Visitor:
    """A trainer of an organization with a library."""
    with app.database.writing() as session:
        import_library(
            session, organization=app.organization, folder=LIBRARY, local=local_file(LIBRARY, False),
            reviewer="R", publish=True, grade=False,
        )  # fmt: skip
        session.commit()
    return studio(Permission.TRAINER)


def text_of(page: Any) -> str:
    """What one reads, without tags and doubled blanks."""
    bare = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", page.text, flags=re.S)
    return " ".join(bare.replace("&#39;", "'").replace("&#34;", '"').replace("&amp;", "&").split())


def undo_of(page: Any) -> str:
    """Path of the undo that the page offers, below the studio's visit."""
    found = re.search(r'action="/studio/[^/]+/(undo/[^"]+)"', page.text)
    assert found is not None
    return found[1]


def audit(app: RealApp, action: str) -> list[dict[str, Any]]:
    with app.database.reading() as session:
        return [e.details for e in session.scalars(select(AuditEntry).where(AuditEntry.action == action))]


def on_the_roster(app: RealApp, **people: int) -> None:
    """Put people of these job roles (nurse=3) on the roster."""
    with app.database.writing() as session:
        session.add(Unit(organization=app.organization, id="4-west", name="4 West"))
        session.flush()
        for role, count in people.items():
            for _ in range(count):
                session.add(
                    RosterPerson(
                        organization=app.organization,
                        id=uuid4(),
                        job_role=role,
                        unit="4-west",
                        is_leader=False,
                        access=NOT_SAID,
                        source="file",
                        changed_at=datetime.now(UTC),
                    )
                )
        session.commit()


# ---- Who sees what ----


def test_the_list_says_who_and_when_and_how_many(app: RealApp, trainer: Visitor) -> None:
    page = text_of(trainer.get("targeting"))
    assert "Nurses, when a handoff task is open" in page
    assert "people who opened Preceptor in the last 90 days: 1" in page


def test_with_a_roster_the_people_are_those_on_it(app: RealApp, trainer: Visitor) -> None:
    on_the_roster(app, nurse=3, physician=2)
    page = text_of(trainer.get(f"targeting/{HANDOFF}"))
    assert "3 of 5 people on the roster fit." in page


def test_where_the_roster_says_who_has_access_the_page_says_what_is_counted(app: RealApp, trainer: Visitor) -> None:
    on_the_roster(app, nurse=3)
    assert "with access to" not in text_of(trainer.get(f"targeting/{HANDOFF}")), "the roster says nothing of access"
    with app.database.writing() as session:
        first = session.scalars(select(RosterPerson)).first()
        assert first is not None
        first.access = "another-feature"
        session.commit()
    page = text_of(trainer.get(f"targeting/{HANDOFF}"))
    assert "2 of 3 people on the roster fit. Counted are people on the roster with access to" in page
    assert "A launch does not read that access" in page
    assert "A launch does not read that access" in text_of(trainer.get("targeting"))


def test_filters_find_what_they_say(trainer: Visitor) -> None:
    assert HANDOFF in trainer.get("targeting?role=nurse").text
    assert HANDOFF not in trainer.get("targeting?role=coder-him").text
    assert HANDOFF in trainer.get("targeting?words=HANDOFF&feature=handoff-summary").text
    assert trainer.get("targeting?page=99999999999&role=%00&wrong=1").status_code == 200


def test_targets_can_be_looked_at_before_they_are_saved(app: RealApp, trainer: Visitor) -> None:
    page = text_of(trainer.post(f"targeting/{HANDOFF}", {**FOR_PHARMACISTS, "act": "look"}))
    assert "Who would see this, and when Pharmacists, when a chart review task is open" in page
    assert "Not saved yet. Now: Nurses" in page
    assert audit(app, "targets changed") == []


def test_saved_targets_hold_at_once_and_can_be_undone(app: RealApp, trainer: Visitor) -> None:
    answer = trainer.post(f"targeting/{HANDOFF}", FOR_PHARMACISTS)
    page = trainer.get(answer.location)
    assert "Pharmacists, when a chart review task is open" in text_of(page)
    assert "Lakeside set these targets" in text_of(page)
    assert trainer.post(undo_of(page)).status_code == 303
    assert "Nurses, when a handoff task is open" in text_of(trainer.get(f"targeting/{HANDOFF}"))
    told = audit(app, "targets changed")
    assert sorted((one["before"] is None, one["after"] is None) for one in told) == [(False, True), (True, False)]


def test_an_undo_never_takes_back_what_was_changed_since(trainer: Visitor) -> None:
    first = trainer.get(trainer.post(f"targeting/{HANDOFF}", FOR_PHARMACISTS).location)
    trainer.post(f"targeting/{HANDOFF}", {**FOR_PHARMACISTS, "roles": "physician"})
    answer = trainer.post(undo_of(first))
    assert answer.status_code == 409
    assert "changed again since" in answer.text
    assert "Physicians, when" in text_of(trainer.get(f"targeting/{HANDOFF}"))


def test_targets_that_cannot_be_are_refused_with_the_reason_and_what_was_typed(trainer: Visitor) -> None:
    answer = trainer.post(f"targeting/{HANDOFF}", {**FOR_PHARMACISTS, "other_task_codes": "no system", "until": "soon"})
    assert answer.status_code == 400
    assert 'Task code "no system" must be "system|code"' in text_of(answer)
    assert "until must be a date" in text_of(answer)
    assert ">no system</textarea>" in answer.text


def test_back_to_the_file_is_one_press(trainer: Visitor) -> None:
    trainer.post(f"targeting/{HANDOFF}", FOR_PHARMACISTS)
    answer = trainer.post(f"targeting/{HANDOFF}/clear")
    assert "Nurses, when a handoff task is open" in text_of(trainer.get(answer.location))
    assert trainer.post(f"targeting/{HANDOFF}/clear").status_code == 404


def test_what_never_matches_is_pointed_out(trainer: Visitor) -> None:
    trainer.post(f"targeting/{HANDOFF}", {**FOR_PHARMACISTS, "until": "2020-01-01"})
    assert "Shows to nobody: It ended on 2020-01-01" in text_of(trainer.get("targeting?wrong=1"))
    assert "Shows to nobody: It ended on 2020-01-01" in text_of(trainer.get(f"targeting/{HANDOFF}"))


def test_one_that_others_always_precede_is_among_what_is_wrong(app: RealApp, trainer: Visitor) -> None:
    assert "three others go before it" not in text_of(trainer.get("targeting?wrong=1"))
    three_before_the_handoff(app)
    page = trainer.get("targeting?wrong=1")
    assert re.search(rf'targeting/{HANDOFF}">[^<]*</a>.*?Look at this:</b> Wherever it fits, three others go before it',
                     page.text, flags=re.S)  # fmt: skip
    assert "(a-0, a-1 and a-2)" in text_of(page)
    assert "Wherever it fits, three others go before it" in text_of(trainer.get(f"targeting/{HANDOFF}"))
    looked = trainer.post(f"targeting/{HANDOFF}", {**FOR_PHARMACISTS, "act": "look"})
    assert "three others go before it" not in text_of(looked), "as it would be, it has work of its own"


def three_before_the_handoff(app: RealApp) -> None:
    """Three tutorials of the same work and roles, which the alphabet puts first."""
    with app.database.writing() as session:
        first = session.get_one(TutorialVersionRow, (app.organization, HANDOFF, 1))
        columns = [each.name for each in TutorialVersionRow.__table__.columns if each.name != "tutorial"]
        for number in range(3):
            same = {name: getattr(first, name) for name in columns}
            session.add(TutorialVersionRow(**same, tutorial=f"a-{number}"))
        session.get_one(LibraryRow, app.organization).revision += 1
        session.commit()


def test_a_tutorial_that_is_not_there_is_said_so(trainer: Visitor) -> None:
    for answer in (trainer.get("targeting/no-such"), trainer.post("targeting/no-such", FOR_PHARMACISTS)):
        assert answer.status_code == 404
        assert "No such tutorial" in answer.text


def test_a_clinician_changes_no_targets(app: RealApp, trainer: Visitor, studio: Studio) -> None:
    reviewer = studio(Permission.REVIEWER, person="prac-2")
    assert reviewer.get("targeting").status_code == 200
    assert reviewer.post(f"targeting/{HANDOFF}", FOR_PHARMACISTS).status_code == 403
    assert audit(app, "targets changed") == []


# ---- Preview, and why ----


def test_preview_as_shows_the_tutorials_with_the_reasons_that_are_read(trainer: Visitor) -> None:
    page = text_of(trainer.get("preview-as?role=nurse&task=shift-handoff"))
    assert "You see this because a handoff task is open and you are a nurse." in page
    assert "Nothing fits" in text_of(trainer.get("preview-as?role=coder-him"))


def test_preview_says_rule_by_rule_why_one_does_not_show(trainer: Visitor) -> None:
    page = text_of(trainer.get(f"preview-as?role=physician&task=shift-handoff&tutorial={HANDOFF}"))
    assert "it does not show" in page
    assert "Job role No It is for nurses; you are a physician." in page


def test_preview_goes_by_targets_that_the_organization_set(trainer: Visitor) -> None:
    trainer.post(f"targeting/{HANDOFF}", FOR_PHARMACISTS)
    page = text_of(trainer.get("preview-as?role=pharmacist&task=chart-review"))
    assert "You see this because a chart review task is open and you are a pharmacist." in page


def reference_of(app: RealApp, visitor: Visitor) -> str:
    with app.database.reading() as session:
        return session.get_one(Visit, (app.organization, visitor.visit)).reference


def test_why_explains_a_past_visit_by_its_reference(app: RealApp, trainer: Visitor, studio: Studio) -> None:
    colleague = studio(person="prac-2")
    page = text_of(trainer.get(f"why?reference={reference_of(app, colleague).lower()}&tutorial={HANDOFF}"))
    assert "Job role Nurse" in page
    assert "Rule Passes Because Job role Yes" in page
    assert learner_of(app, colleague).hex not in page


def test_what_a_colleague_finished_or_put_away_is_not_told(app: RealApp, trainer: Visitor, studio: Studio) -> None:
    colleague = studio(person="prac-2")
    with app.database.writing() as session:
        row = session.get_one(Visit, (app.organization, colleague.visit))
        row.choices = [
            {
                "tutorial": HANDOFF,
                "version": 1,
                "reasons": [
                    {"kind": "resume", "text": "you have started it"},
                    {"kind": "brand new kind", "text": "something personal"},
                    {"kind": "open task", "text": "a handoff task is open"},
                ],
            }
        ]
        session.commit()
    page = text_of(trainer.get(f"why?reference={reference_of(app, colleague)}&tutorial={HANDOFF}"))
    assert "Because a handoff task is open." in page
    for personal in ("you have started it", "something personal", "Learned already", "Dismissed", "You put it away"):
        assert personal not in page


def test_a_visit_in_a_sensitive_context_is_told_to_nobody_else(app: RealApp, trainer: Visitor, studio: Studio) -> None:
    colleague = studio(person="prac-2")
    with app.database.writing() as session:
        library = session.get_one(LibraryRow, app.organization)
        library.sensitive = {"job_roles": ["nurse"]}
        library.revision += 1
        session.commit()
    page = text_of(trainer.get(f"why?reference={reference_of(app, colleague)}"))
    assert "marked as sensitive" in page
    assert "The visit of" not in page
    assert "The visit of" in text_of(trainer.get(f"why?reference={reference_of(app, trainer)}"))


def test_a_reference_of_nobody_here_finds_nothing(trainer: Visitor) -> None:
    assert "No visit of this organization" in text_of(trainer.get("why?reference=7F3K-92QD"))
    assert trainer.get("why?reference=%00%27").status_code == 200


# ---- Coverage ----


def only_for(app: RealApp, feature: str, *roles: str) -> None:
    entry = Entry(id=feature, name=feature.replace("-", " ").capitalize(), version="9", status="live",
                  available_roles=roles, what_changed=f"It is for {', '.join(roles)} now.")  # fmt: skip
    with app.database.writing() as session:
        known = Known(("nurse", "physician", "coder-him"), None)
        save_feature(session, organization=app.organization, entry=entry, known=known, actor="t")
        session.commit()


def test_coverage_shows_the_holes(app: RealApp, trainer: Visitor) -> None:
    only_for(app, "handoff-summary", "nurse", "coder-him")
    page = trainer.get("coverage")
    assert "1 hole" in text_of(page)
    assert re.search(r"Coder.*?<td class=\"hole\">Hole</td>", page.text, flags=re.S)
    rows = re.findall(r'<th scope="row"><a[^>]*>([^<]+)</a>', trainer.get("coverage?holes=1").text)
    assert len(rows) == 1
    assert rows[0].startswith("Coder")


def test_coverage_claims_no_hole_where_nobody_said_who_has_a_feature(trainer: Visitor) -> None:
    page = text_of(trainer.get("coverage"))
    assert "No hole" in page
    assert "Nobody has said which job roles have" in page


# ---- Job roles ----


def note(app: RealApp, code: tuple[str, str], people: int) -> None:
    """People who came with just this code."""
    today = datetime.now(UTC).date() - timedelta(days=1)
    with app.database.writing() as session:
        for _ in range(people):
            learner = Learner(organization=app.organization, id=uuid4(), created_at=datetime.now(UTC))
            session.add(learner)
            session.flush()
            findings = Findings(roles=(RoleFacts(id="r", active=True, codes=(code,), specialties=()),))
            note_codes(session, organization=app.organization, learner=learner.id,
                       registration=app.organization, findings=findings, today=today)  # fmt: skip
        session.commit()


SCRIBE = {"system": "urn:here", "code": "SCR"}


def meaning(app: RealApp, system: str, code: str) -> str | None:
    with app.database.reading() as session:
        row = session.get(RoleCode, (app.organization, system, code))
        return row.job_role if row else None


def test_codes_that_mean_nothing_stand_first_with_their_people(app: RealApp, trainer: Visitor) -> None:
    note(app, ("urn:here", "SCR"), 7)
    page = text_of(trainer.get("job-roles"))
    assert "Codes that mean nothing here yet Code People Without a role Means SCR urn:here 7 7" in page


def test_mapping_a_code_is_one_press_and_can_be_undone(app: RealApp, trainer: Visitor) -> None:
    note(app, ("urn:here", "SCR"), 7)
    answer = trainer.post("job-roles/map", {**SCRIBE, "job_role": "medical-assistant"})
    page = trainer.get(answer.location)
    assert meaning(app, "urn:here", "SCR") == "medical-assistant"
    assert "Every code that people came with means something here." in text_of(page)
    trainer.post(undo_of(page))
    assert meaning(app, "urn:here", "SCR") is None
    assert [(one["before"], one["after"]) for one in audit(app, "code mapped")] == [(None, "medical-assistant")]


def test_the_effect_says_who_changes_role_and_changes_nothing(app: RealApp, trainer: Visitor) -> None:
    note(app, ("urn:here", "SCR"), 7)
    page = text_of(trainer.get("job-roles/effect?system=urn:here&code=SCR&job_role=medical-assistant"))
    assert "7 of 8 people who came in the last 90 days change role" in page
    assert "None: they are asked Medical assistant 7" in page
    assert meaning(app, "urn:here", "SCR") is None


def test_taking_a_meaning_away_can_be_undone(app: RealApp, trainer: Visitor) -> None:
    before = meaning(app, "http://snomed.info/sct", "309343006")
    code = {"system": "http://snomed.info/sct", "code": "309343006", "job_role": ""}
    page = trainer.get(trainer.post("job-roles/map", code).location)
    assert meaning(app, "http://snomed.info/sct", "309343006") is None
    trainer.post(undo_of(page))
    assert meaning(app, "http://snomed.info/sct", "309343006") == before == "physician"


def test_a_mapped_code_holds_at_the_next_launch_and_gives_no_permission(
    app: RealApp, trainer: Visitor, studio: Studio
) -> None:
    trainer.post("job-roles/map", {"system": SCT, "code": NURSE, "job_role": "team-leader"})
    arriving._profiles._known.clear()
    leader = studio(person="prac-2")
    with app.database.reading() as session:
        roles = session.get_one(Visit, (app.organization, leader.visit)).job_roles
    assert roles == ["team-leader"]
    assert leader.get("targeting").status_code == 403


@pytest.mark.parametrize(
    "wrong", [{"system": "", "code": "x"}, {"system": "urn:a b", "code": "x"}, {"code": "x" * 101}]
)
def test_what_is_no_code_is_refused(trainer: Visitor, wrong: dict[str, str]) -> None:
    answer = trainer.post("job-roles/map", {"system": "urn:here", "job_role": "nurse", **wrong})
    assert answer.status_code == 400
    assert "That is no code" in answer.text


def test_a_job_role_of_ones_own_is_added_last(app: RealApp, trainer: Visitor) -> None:
    assert trainer.post("job-roles/roles", {"title": " Wound  care nurse "}).status_code == 303
    with app.database.reading() as session:
        last = session.scalars(select(JobRole).order_by(JobRole.position.desc())).first()
        assert last is not None
        assert (last.id, last.title) == ("wound-care-nurse", "Wound care nurse")
    for title in ("Wound care nurse", "x", "Everyone", "x" * 121):
        assert trainer.post("job-roles/roles", {"title": title}).status_code == 400


def test_codes_are_found_in_the_shipped_lists_where_the_ehr_gives_no_token(trainer: Visitor) -> None:
    page = text_of(trainer.get("job-roles/codes?words=pediatric"))
    assert "found in the lists that come with Preceptor" in page
    assert "Your EHR was not used:" in page
    assert "Pediatrician" in page


# ---- AI features ----

FEATURE = {
    "id": "bed-planner",
    "name": "Bed planner",
    "version": "1.0",
    "status": "live",
    "vendor": "Example AI",
    "available_roles": "nurse",
    "states": "il, TX",
    "intended_use": "A first plan of beds.",
    "check_1_action": "Read the isolation flags",
    "check_1_text": "Compare with the chart.",
}


def test_pausing_an_ai_feature_is_undone_and_only_while_it_is_as_it_was_left(app: RealApp, trainer: Visitor) -> None:
    trainer.post("ai-features/new", FEATURE)
    page = trainer.get(trainer.post("ai-features/bed-planner", {**FEATURE, "status": "paused"}).location)
    assert "Its tutorials show to nobody now." in page.text
    assert trainer.post(undo_of(page)).status_code == 303
    with app.database.reading() as session:
        assert session.get_one(AiFeatureRow, (app.organization, "bed-planner")).status == FEATURE["status"]
    page = trainer.get(trainer.post("ai-features/bed-planner", {**FEATURE, "status": "paused"}).location)
    trainer.post("ai-features/bed-planner", {**FEATURE, "status": "pilot"})
    assert trainer.post(undo_of(page)).status_code == 409
    with app.database.reading() as session:
        assert session.get_one(AiFeatureRow, (app.organization, "bed-planner")).status == "pilot"


def test_an_ai_feature_is_added_changed_removed_and_put_back(app: RealApp, trainer: Visitor) -> None:
    assert trainer.post("ai-features/new", FEATURE).status_code == 303
    page = trainer.get("ai-features/bed-planner")
    assert 'value="Example AI"' in page.text
    assert 'value="IL, TX"' in page.text
    changed = trainer.post("ai-features/bed-planner", {**FEATURE, "version": "2.0"})
    assert changed.status_code == 400
    assert "say what is different" in changed.text
    told = {**FEATURE, "version": "2.0", "what_changed": "It plans for two days."}
    assert trainer.post("ai-features/bed-planner", told).status_code == 303
    page = trainer.get(trainer.post("ai-features/bed-planner/remove").location)
    assert trainer.get("ai-features/bed-planner").status_code == 404
    trainer.post(undo_of(page))
    assert 'value="2.0"' in trainer.get("ai-features/bed-planner").text


def test_the_same_id_is_not_taken_twice(trainer: Visitor) -> None:
    trainer.post("ai-features/new", FEATURE)
    answer = trainer.post("ai-features/new", {**FEATURE, "name": "Another"})
    assert answer.status_code == 400
    assert "There is an AI feature of that id already." in answer.text
    assert 'value="Another"' in answer.text


def test_a_launch_link_needs_a_host_that_an_analyst_allowed(app: RealApp, trainer: Visitor, studio: Studio) -> None:
    linked = {**FEATURE, "launch_link": "https://ai.example.org/beds"}
    answer = trainer.post("ai-features/new", linked)
    assert answer.status_code == 400
    assert "ai.example.org is not among the hosts" in answer.text
    assert trainer.post("ai-features/hosts", {"host": "ai.example.org"}).status_code == 403
    analyst = studio(Permission.ANALYST, person="prac-2")
    assert analyst.post("ai-features/hosts", {"host": "ai.example.org"}).status_code == 303
    assert analyst.post("ai-features/new", linked).status_code == 403
    assert trainer.post("ai-features/new", linked).status_code == 303
    page = analyst.get(analyst.post("ai-features/hosts/remove", {"host": "ai.example.org"}).location)
    assert "The launch link leads nowhere" in trainer.get("ai-features/bed-planner").text
    analyst.post(undo_of(page))
    assert "The launch link leads nowhere" not in trainer.get("ai-features/bed-planner").text


def test_a_wrong_host_is_refused_with_the_reason(studio: Studio) -> None:
    analyst = studio(Permission.ANALYST)
    answer = analyst.post("ai-features/hosts", {"host": "*.example.org"})
    assert answer.status_code == 400
    assert "Write the host alone" in answer.text


def test_state_rules_stand_on_the_page_only_where_they_apply(trainer: Visitor) -> None:
    note_taker = {**FEATURE, "id": "ambient-note", "name": "Ambient note", "available_roles": ""}
    del note_taker["available_roles"]
    trainer.post("ai-features/new", {**note_taker, "states": "NY"})
    assert "Have counsel confirm" not in trainer.get("ai-features/ambient-note").text
    trainer.post("ai-features/ambient-note", {**note_taker, "states": "IL"})
    page = text_of(trainer.get("ai-features/ambient-note"))
    assert "IL, AI in therapy." in page
    assert "Have counsel confirm" in page
    assert "California" not in page


# ---- Other organizations ----


def test_another_organizations_entries_are_not_there(app: RealApp, trainer: Visitor) -> None:
    with app.database.writing() as session:
        other = add_organization(session, name="Elsewhere", actor="t")
        entry = Entry(id="their-feature", name="Theirs", version="1", status="live")
        save_feature(session, organization=other, entry=entry, known=Known((), None), actor="t")
        session.commit()
    assert trainer.get("ai-features/their-feature").status_code == 404
    assert trainer.post("ai-features/their-feature/remove").status_code == 404
    assert "Theirs" not in trainer.get("ai-features").text


class _Closes:
    def close(self) -> None:
        """As a FHIR session is."""


def test_what_the_ehr_lacks_is_added_from_our_lists_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = code_search._shipped("nurse")
    of_ehr = FoundCode("http://example.org/codes", "n-1", "Nurse of this house")
    monkeypatch.setattr(code_search, "_session", lambda visit: (_Closes(), ""))
    monkeypatch.setattr(code_search, "expand", lambda fhir, words: (of_ehr, ours[0]))
    found = code_search.search_codes(cast(VisitView, None), "nurse")
    assert found.codes == (of_ehr, *ours)
    assert (found.from_ehr, found.added) == (True, len(ours) - 1)
