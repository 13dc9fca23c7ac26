"""What is still missing before a unit begins: five questions, by hand-written cases."""

from typing import Any

import pytest

from smart_app.rollout.readiness import FeatureFacts, Readiness, Staff, State, TutorialFacts, readiness

NOTE = "ambient-note"
READY, PARTLY, MISSING = State.READY, State.PARTLY, State.MISSING


def feature(**more: Any) -> FeatureFacts:
    said: dict[str, Any] = {"id": NOTE, "name": "Ambient note", "status": "live", "roles": frozenset({"nurse"})}
    return FeatureFacts(**said | more)


def tutorial(**more: Any) -> TutorialFacts:
    said: dict[str, Any] = {
        "id": "note", "title": "The note", "feature": NOTE, "roles": frozenset({"nurse"}), "unfilled": 0,
        "practice": True,
    }  # fmt: skip
    return TutorialFacts(**said | more)


def nurses(people: int = 10, *, access: frozenset[str] | None = None, role: str = "nurse") -> Staff:
    return Staff(role, access, people)


def look(
    *staff: Staff, of: FeatureFacts | None = None, tutorials: tuple[TutorialFacts, ...] | None = None
) -> Readiness:
    about = (tutorial(),) if tutorials is None else tutorials
    return readiness("ward-3", staff or (nurses(),), of or feature(), about, {"physician": "Physician"})


def state(found: Readiness, question: str) -> tuple[State, str]:
    check = next(check for check in found.checks if check.question == question)
    return check.state, check.words


def test_where_nothing_is_missing_the_unit_is_ready() -> None:
    found = look()
    assert found.is_ready
    assert found.tutorials == ("note",)
    assert [check.question for check in found.checks] == ["registry", "access", "tutorial", "local slots", "practice"]


@pytest.mark.parametrize(
    ("status", "expected"), [("live", READY), ("pilot", PARTLY), ("paused", MISSING), (None, MISSING)]
)
def test_the_registry_says_whether_it_is_live(status: str | None, expected: State) -> None:
    assert state(look(of=feature(status=status)), "registry")[0] is expected


def test_the_rosters_word_goes_before_the_registrys() -> None:
    with_it, without = nurses(6, access=frozenset({NOTE})), nurses(4, access=frozenset())
    assert state(look(with_it, without), "access") == (PARTLY, "6 of 10 people of its roles.")
    assert state(look(without), "access") == (MISSING, "None of 4 people has it.")


def test_where_neither_says_who_has_it_nobody_has() -> None:
    found = look(of=feature(roles=frozenset()))
    assert state(found, "access") == (MISSING, "Neither the roster nor the registry says who has it.")
    assert found.tutorials == ()


def test_the_registry_may_name_units() -> None:
    assert look(of=feature(units=frozenset({"ward-3"}))).is_ready
    assert state(look(of=feature(units=frozenset({"ward-4"}))), "access")[0] is MISSING


def test_a_unit_with_nobody_on_the_roster_says_so() -> None:
    found = readiness("ward-3", [], feature(), [tutorial()], {})
    assert state(found, "access") == (MISSING, "Nobody of this unit is on the roster.")
    assert not found.is_ready


def test_a_feature_for_roles_that_a_unit_has_not_is_not_meant_there() -> None:
    found = look(nurses(role="pharmacist"))
    assert (found.is_meant, found.is_ready, found.tutorials) == (False, True, ())


def test_a_role_with_access_and_no_tutorial_is_named() -> None:
    both = feature(roles=frozenset({"nurse", "physician"}))
    assert state(look(nurses(), nurses(role="physician"), of=both), "tutorial") == (PARTLY, "None yet for: Physician.")
    assert state(look(nurses(role="physician"), of=both), "tutorial") == (MISSING, "None yet for: Physician.")
    assert state(look(tutorials=()), "tutorial") == (MISSING, "No tutorial for it is published.")


def test_a_tutorial_for_everyone_is_for_each_role() -> None:
    assert look(tutorials=(tutorial(roles=frozenset({"everyone"})),)).is_ready


def test_unfilled_slots_are_counted_over_the_tutorials_that_are_needed() -> None:
    others = tutorial(id="other", unfilled=9, roles=frozenset({"physician"}))
    found = look(tutorials=(tutorial(unfilled=2), others))
    assert state(found, "local slots") == (PARTLY, "2 to be filled in.")


def test_a_tutorial_with_nothing_to_practise_on_is_named() -> None:
    found = look(tutorials=(tutorial(practice=False),))
    assert state(found, "practice") == (MISSING, "Nothing to practise on in: The note.")


def test_a_tutorial_about_another_feature_counts_for_nothing() -> None:
    assert state(look(tutorials=(tutorial(feature="triage"),)), "tutorial")[0] is MISSING
