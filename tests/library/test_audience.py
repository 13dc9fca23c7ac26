"""Who sees a tutorial and when, in a sentence and in people, and what can never match."""

from collections.abc import Iterable, Mapping
from datetime import date
from random import Random
from typing import Any

import pytest

from smart_app.library.audience import Count, Names, People, also, count, who_and_when
from smart_app.library.coverage import Cell, Feature, coverage
from smart_app.library.crowding import Crowd
from smart_app.library.situation import Situation, Target
from smart_app.library.target_problems import Here, Problem, problems
from smart_app.library.targeting import choose

TODAY = date(2026, 11, 23)
NAMES = Names(
    roles={"scribe": "Scribe"},
    features={"handoff-summary": "Handoff summary"},
    codes={"http://snomed.info/sct|394579002": "Cardiology"},
)


def target(**facts: Any) -> Target:
    given: dict[str, Any] = {
        "tutorial": "check-handoff",
        "version": 1,
        "ai_feature": "handoff-summary",
        "roles": frozenset({"nurse"}),
        "task_codes": frozenset({"urn:preceptor:task|shift-handoff"}),
    }
    return Target(**{**given, **{k: frozenset(v) if isinstance(v, set) else v for k, v in facts.items()}})


def here(**facts: Any) -> Here:
    given: dict[str, Any] = {
        "today": TODAY,
        "roles": frozenset({"nurse", "physician", "scribe"}),
        "feature_status": {"handoff-summary": "live", "ambient-note": "paused"},
        "feature_roles": {},
        "feature_since": {},
        "names": NAMES,
    }
    return Here(**{**given, **facts})


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({}, "Nurses, when a handoff task is open, while Handoff summary is live for them."),
        (
            {"roles": {"nurse", "scribe"}, "intents": {"shift-handoff"}, "placements": {"handoff"}},
            "Nurses and people in the role Scribe, when a handoff task is open, or when the EHR opens Preceptor for "
            "a handoff, or on the handoff screen, while Handoff summary is live for them.",
        ),
        (
            {"encounter_classes": {"IMP"}, "care_settings": {"hospital"}, "specialties": {"http://snomed.info/sct|394579002"}},
            "Nurses, of the specialty Cardiology, when a handoff task is open, in an inpatient stay and in a hospital, "
            "while Handoff summary is live for them.",
        ),
        (
            {"roles": {"everyone"}, "any": True, "task_codes": set(), "ai_feature": "any"},
            "Everyone, whatever is open.",
        ),
        (
            {"starts": date(2026, 12, 1), "until": date(2027, 1, 31)},
            "Nurses, when a handoff task is open, while Handoff summary is live for them, from 1 December 2026 until "
            "31 January 2027.",
        ),
    ],
)  # fmt: skip
def test_the_sentence_says_who_and_when(facts: Mapping[str, Any], sentence: str) -> None:
    assert who_and_when(target(**facts), NAMES) == sentence


def test_what_else_brings_it_is_said_after_the_sentence() -> None:
    assert "agreed plan" in also(target())
    assert "agreed plan" not in also(target(any=True, task_codes=set()))


GROUPS = (
    People(("nurse",), 600),
    People(("physician",), 200, specialties=frozenset({"s|cardiology"})),
    People(("physician",), 50, specialties=frozenset({"s|surgery"})),
    People(("physician", "nurse"), 3),
    People((), 147),
)


def live(_: tuple[str, ...]) -> frozenset[str]:
    return frozenset({"handoff-summary"})


def test_people_are_counted_by_the_rules_that_choose() -> None:
    assert count(target(), GROUPS, live) == Count(603, 1000)
    assert count(target(roles={"everyone"}), GROUPS, live) == Count(1000, 1000)
    assert count(target(ai_feature="ambient-note"), GROUPS, live) == Count(0, 1000)


def test_a_specialty_that_nobody_said_excludes_nobody() -> None:
    cardiologists = target(roles={"physician"}, specialties={"s|cardiology"})
    assert count(cardiologists, GROUPS, live).fitting == 203


def test_who_lacks_the_feature_by_the_roster_is_not_counted() -> None:
    without = People(("nurse",), 7, features=frozenset())
    having = People(("nurse",), 5, features=frozenset({"handoff-summary"}))
    assert count(target(), [without, having], live) == Count(5, 12)


SOMEBODY = Count(3, 10)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"until": date(2026, 11, 22)}, "It ended on 2026-11-22"),
        ({"starts": date(2027, 2, 1), "until": date(2027, 1, 1)}, "ends before it begins"),
        ({"roles": {"nurze"}}, "no job role nurze"),
        ({"ai_feature": "nothing-here"}, 'no AI feature "nothing-here"'),
        ({"ai_feature": "ambient-note"}, "is paused, so it shows to nobody"),
    ],
)
def test_rules_that_can_never_match_are_pointed_out(facts: Mapping[str, Any], told: str) -> None:
    first = problems(target(**facts), here(), SOMEBODY)[0]
    assert told in first.words
    assert first.never


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"starts": date(2026, 12, 1)}, "begins on 2026-12-01"),
        ({"roles": {"nurse", "everyone"}}, "for everyone, so the other roles change nothing"),
        ({"task_codes": set()}, "only comes as the next one"),
        ({"task_codes": {"urn:preceptor:task|shift-handof"}}, "look at the spelling"),
        ({"encounter_classes": {"AMB"}, "care_settings": {"hospital"}}, "No encounter of this class takes place"),
    ],
)
def test_what_is_odd_is_told_though_it_may_show(facts: Mapping[str, Any], told: str) -> None:
    found = problems(target(**facts), here(), SOMEBODY)
    assert [told in problem.words for problem in found] == [True]
    assert not found[0].never


def test_targets_in_order_have_no_problem() -> None:
    in_order = target(encounter_classes={"IMP"}, care_settings={"hospital"}, until=TODAY)
    assert problems(in_order, here(), SOMEBODY) == ()


def test_a_role_without_the_feature_is_told() -> None:
    physicians = {"feature_roles": {"handoff-summary": frozenset({"physician"})}}
    assert problems(target(), here(**physicians), SOMEBODY)[0].never
    both = problems(target(roles={"nurse", "physician"}), here(**physicians), SOMEBODY)
    assert ["nurses do not have" in problem.words for problem in both] == [True]


def test_that_nobody_fits_is_told_only_where_somebody_is_known() -> None:
    assert len(problems(target(), here(), Count(0, 10))) == 1
    assert problems(target(), here(), Count(0, 0)) == ()


def crowded_out(one: Target, everyone: Iterable[Target], here: Here) -> Problem | None:
    return crowd_of(everyone, here).problem_of(one)


def crowd_of(everyone: Iterable[Target], here: Here) -> Crowd:
    live = frozenset(name for name, status in here.feature_status.items() if status == "live")
    return Crowd(everyone, today=here.today, live=live)


def test_a_tutorial_that_three_others_always_precede_is_crowded_out() -> None:
    rivals = [target(tutorial=f"a-{n}") for n in range(3)]
    problem = crowded_out(target(), [*rivals, target()], here())
    assert problem is not None
    assert "a-0, a-1 and a-2" in problem.words
    assert crowded_out(target(), [*rivals[:2], target()], here()) is None
    narrowed = target(encounter_classes={"IMP"})
    assert crowded_out(narrowed, [*rivals, narrowed], here()) is None


def test_what_fits_nowhere_is_crowded_out_by_nobody() -> None:
    rivals = [target(tutorial=f"a-{n}") for n in range(3)]
    ended = target(until=date(2020, 1, 1))
    assert crowded_out(ended, [*rivals, ended], here()) is None


def test_rivals_whose_feature_is_not_live_crowd_nobody_out() -> None:
    rivals = [target(tutorial=f"a-{n}", ai_feature="ambient-note") for n in range(3)]
    assert crowded_out(target(), [*rivals, target()], here()) is None


def always_preceded(one: Target, everyone: list[Target], here: Here) -> bool:
    """The same, asked in every situation of everybody: slow, and short enough to be believed."""
    met = False
    for role in one.roles:
        mine = [each for each in everyone if each.roles & {role, "everyone"}]
        someone: dict[str, Any] = {
            "today": TODAY,
            "job_roles": () if role == "everyone" else (role,),
            "live_features": frozenset({"handoff-summary"}),
            "encounter_class": min(one.encounter_classes, default=None),
        }
        opened: list[dict[str, Any]] = [{"task_open": True, "task_codes": frozenset({c})} for c in one.task_codes]
        opened += [{"intent": each} for each in one.intents] + [{"placement": each} for each in one.placements] + [{}]
        for each in opened:
            chosen = [choice.tutorial for choice in choose(mine, Situation(**someone, **each))]
            if one.tutorial in chosen:
                return False
            met = met or bool(chosen)
    return met


def any_targets(random: Random) -> list[Target]:
    """Twenty tutorials that meet often."""

    def some(*values: str) -> set[str]:
        return {value for value in values if random.random() < 0.4}

    return [
        target(
            tutorial=f"t-{n}",
            roles=some("nurse", "physician", "everyone") or {"nurse"},
            task_codes=some("urn:preceptor:task|shift-handoff", "urn:preceptor:task|chart-review"),
            intents=some("shift-handoff", "their-own-word"),
            placements=some("handoff"),
            encounter_classes=some("IMP", "AMB"),
            any=random.random() < 0.2,
        )
        for n in range(20)
    ]


@pytest.mark.parametrize("seed", range(12))
def test_who_is_crowded_out_is_the_same_as_by_asking_everywhere(seed: int) -> None:
    everyone = any_targets(Random(seed))
    crowd = crowd_of(everyone, here())
    found = {one.tutorial for one in everyone if crowd.problem_of(one)}
    assert found == {one.tutorial for one in everyone if always_preceded(one, everyone, here())}


def test_the_matrix_tells_holes_from_what_nobody_has_said() -> None:
    features = (
        Feature("handoff-summary", "Handoff summary", "live", frozenset({"nurse", "physician"})),
        Feature("ambient-note", "Ambient note", "paused", frozenset()),
        Feature("triage", "Triage", "live", frozenset()),
    )
    taught = [target(), target(tutorial="note", ai_feature="ambient-note", roles={"everyone"})]
    matrix = coverage(["nurse", "physician", "scribe"], features, taught)
    states = {role: tuple(cell.state for cell in cells) for role, cells in matrix.rows}
    assert states == {
        "nurse": ("covered", "waiting", "not said"),
        "physician": ("hole", "waiting", "not said"),
        "scribe": ("not theirs", "waiting", "not said"),
    }
    assert matrix.rows[0][1][0] == Cell("covered", ("check-handoff",))
    assert matrix.holes == 1


def test_tutorials_about_no_single_feature_stand_beside_the_matrix() -> None:
    general = target(tutorial="first-workflow", ai_feature="any", roles={"nurse"})
    assert coverage(["nurse", "scribe"], (), [general]).general == {"nurse": ("first-workflow",), "scribe": ()}
