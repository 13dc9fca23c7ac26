"""An organization's own targets go through the rules that choose, and can be taken back."""

import re
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from smart_app.db import Database
from smart_app.library.ai_registry import Entry, Known, save_feature
from smart_app.library.choosing import choose_for, explain_for
from smart_app.library.finding import find
from smart_app.library.importing import import_library
from smart_app.library.own_targets import Targets, TargetsRefused, checked, clear_targets, own_targets, set_targets
from smart_app.library.reading import list_tutorials
from smart_app.library.targeting import Situation
from smart_app.organizations.models import AuditEntry
from smart_app.organizations.verbs import add_organization
from tests.player.conftest import LIBRARY, local_file

TODAY = date(2026, 11, 23)
ROLES = ("nurse", "pharmacist", "physician")
HANDOFF = "nurse-handoff-summary"
FOR_PHARMACISTS = Targets(("pharmacist",), {"task_codes": ["urn:preceptor:task|chart-review"]})


@pytest.fixture
def organization(database: Database) -> UUID:
    with database.writing() as session:
        made = add_organization(session, name="Lakeside", actor="test")
        import_library(
            session, organization=made, folder=LIBRARY, local=local_file(LIBRARY, False),
            reviewer="R", publish=True, grade=False,
        )  # fmt: skip
        session.commit()
    return made


def chosen(database: Database, organization: UUID, role: str, task: str, **more: Any) -> list[str]:
    codes = frozenset({f"urn:preceptor:task|{task}"})
    situation = Situation(today=TODAY, job_roles=(role,), task_open=True, task_codes=codes, **more)
    with database.reading() as session:
        return [c.tutorial for c in choose_for(session, organization=organization, situation=situation)]


def set_(database: Database, organization: UUID, wanted: Targets) -> Targets | None:
    with database.writing() as session:
        before = set_targets(
            session, organization=organization, tutorial=HANDOFF, wanted=wanted, known_roles=ROLES, actor="t"
        )
        session.commit()
    return before


def test_own_targets_decide_instead_of_the_files(database: Database, organization: UUID) -> None:
    assert chosen(database, organization, "nurse", "shift-handoff") == [HANDOFF]
    assert set_(database, organization, FOR_PHARMACISTS) is None
    assert chosen(database, organization, "nurse", "shift-handoff") == []
    assert chosen(database, organization, "pharmacist", "chart-review") == [HANDOFF]


def test_taken_back_the_file_holds_again(database: Database, organization: UUID) -> None:
    set_(database, organization, FOR_PHARMACISTS)
    with database.writing() as session:
        assert clear_targets(session, organization=organization, tutorial=HANDOFF, actor="t") == FOR_PHARMACISTS
        session.commit()
    assert chosen(database, organization, "nurse", "shift-handoff") == [HANDOFF]
    assert chosen(database, organization, "pharmacist", "chart-review") == []


def test_lists_and_search_follow_the_own_targets(database: Database, organization: UUID) -> None:
    set_(database, organization, FOR_PHARMACISTS)
    with database.reading() as session:
        listed = list_tutorials(session, organization=organization, job_roles=("pharmacist",))
        found = find(session, organization=organization, job_roles=("pharmacist",), words="handoff")
        nurses = find(session, organization=organization, job_roles=("nurse",), words="handoff")
    assert [line.tutorial for line in listed] == [HANDOFF]
    assert [line.tutorial for line in found] == [HANDOFF]
    assert [line.tutorial for line in nurses] == []


def test_a_change_is_audited_with_both_targets(database: Database, organization: UUID) -> None:
    set_(database, organization, FOR_PHARMACISTS)
    with database.reading() as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.action == "targets changed")).one()
        assert own_targets(session, organization=organization) == {HANDOFF: FOR_PHARMACISTS}
    assert (told.details["before"], told.details["after"]) == (None, FOR_PHARMACISTS.as_json())


@pytest.mark.parametrize(
    ("roles", "when", "why"),
    [
        ((), {"any": True}, "There is no role"),
        (("astronaut",), {"any": True}, 'No role "astronaut"'),
        (("nurse",), {}, "Targets are all empty"),
        (("nurse",), {"any": True, "intents": ["shift-handoff"]}, "any: true stands instead"),
        (("nurse",), {"task_codes": ["shift-handoff"]}, 'must be "system|code"'),
        (("nurse",), {"any": True, "encounter_classes": ["XXX"]}, 'Encounter class "XXX" is not in v3-ActCode'),
        (("nurse",), {"any": True, "care_settings": ["the moon"]}, 'Care setting "the moon" is not known'),
        (("nurse",), {"any": True, "from": "2027-02-30"}, "from must be a date"),
        (("nurse",), {"any": True, "from": "2027-03-01", "until": "2027-02-01"}, "until is before from"),
        (("nurse",), {"intents": [f"word-{n}" for n in range(61)]}, "more than 60 entries"),
        (("nurse",), {"any": True, "patients": ["7"]}, 'Unknown field "patients"'),
    ],
)
def test_own_targets_obey_the_rules_of_a_file(roles: tuple[str, ...], when: dict[str, Any], why: str) -> None:
    with pytest.raises(TargetsRefused, match=re.escape(why)):
        checked(Targets(roles, when), ROLES)


def test_what_each_refusal_would_have_taken_is_taken() -> None:
    """Each is refused for its own fault: the same without it passes."""
    for when in (
        {"any": True},
        {"intents": ["shift-handoff"]},
        {"task_codes": ["urn:preceptor:task|shift-handoff"]},
        {"any": True, "encounter_classes": ["AMB"]},
        {"any": True, "care_settings": ["hospital"]},
        {"any": True, "from": "2027-02-01", "until": "2027-03-01"},
    ):
        assert checked(Targets(("nurse",), when), ROLES).roles == ("nurse",)


def test_empty_fields_are_left_out_and_lists_are_in_order() -> None:
    given = Targets(("nurse", "nurse"), {"any": False, "intents": ["b-word", "a-word"], "from": "", "placements": []})
    assert checked(given, ROLES) == Targets(("nurse",), {"intents": ["a-word", "b-word"]})


def only_for(database: Database, organization: UUID, *roles: str, since: str = "") -> None:
    entry = Entry(
        id="handoff-summary", name="Handoff summary", version="4.2", status="live",
        available_roles=roles, available_since=since,
    )  # fmt: skip
    with database.writing() as session:
        save_feature(session, organization=organization, entry=entry, known=Known(ROLES, None), actor="t")
        session.commit()


def test_who_does_not_have_the_ai_feature_is_not_shown_its_tutorial(database: Database, organization: UUID) -> None:
    only_for(database, organization, "physician")
    assert chosen(database, organization, "nurse", "shift-handoff") == []
    situation = Situation(today=TODAY, job_roles=("nurse",))
    with database.reading() as session:
        results = explain_for(session, organization=organization, tutorial=HANDOFF, situation=situation)
    feature = next(result for result in results if result.rule == "AI feature")
    assert not feature.passed
    assert feature.words.endswith("is live at this organization, but not for this job role.")
    only_for(database, organization, "nurse")
    assert chosen(database, organization, "nurse", "shift-handoff") == [HANDOFF]


def test_before_its_day_a_feature_brings_no_tutorial(database: Database, organization: UUID) -> None:
    only_for(database, organization, since="2026-11-24")
    assert chosen(database, organization, "nurse", "shift-handoff") == []
    only_for(database, organization, since="2026-11-23")
    assert chosen(database, organization, "nurse", "shift-handoff") == [HANDOFF]
