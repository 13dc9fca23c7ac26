"""What holds of choosing for every library and every situation."""

import time
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from smart_app.library.targeting import Situation, Target, because, choose, explain, fits

TODAY = date(2026, 12, 1)
ROLES = ("nurse", "physician", "front-desk", "everyone")
CODES = ("urn:preceptor:task|shift-handoff", "urn:preceptor:task|reply-to-message", "urn:x|other")
INTENTS = ("shift-handoff", "reply-to-message", "unheard-of")
PLACEMENTS = ("inbox", "handoff")
FEATURES = ("handoff-summary", "triage")
CLASSES = ("IMP", "AMB")
IDS = tuple(f"tutorial-{number}" for number in range(6))


def some(values: tuple[str, ...]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=len(values))


TARGETS = st.lists(
    st.builds(
        Target,
        tutorial=st.sampled_from(IDS),
        version=st.just(1),
        ai_feature=st.sampled_from((*FEATURES, "any")),
        feature_version=st.sampled_from((None, "4.1", "4.2")),
        roles=some(ROLES),
        task_codes=some(CODES),
        intents=some(INTENTS),
        placements=some(PLACEMENTS),
        any=st.booleans(),
        specialties=some(("1", "2")),
        encounter_classes=some(CLASSES),
        care_settings=some(("clinic",)),
        starts=st.sampled_from((None, TODAY, TODAY + timedelta(days=1))),
        until=st.sampled_from((None, TODAY, TODAY - timedelta(days=1))),
    ),
    max_size=6,
    unique_by=lambda target: target.tutorial,
)
SITUATIONS = st.builds(
    Situation,
    today=st.just(TODAY),
    job_roles=st.lists(st.sampled_from(ROLES[:3]), max_size=2, unique=True).map(tuple),
    specialties=some(("1", "2")),
    task_open=st.booleans(),
    task_codes=some(CODES),
    frequent_task_codes=some(CODES),
    intent=st.sampled_from((None, *INTENTS)),
    placement=st.sampled_from((None, *PLACEMENTS)),
    encounter_class=st.sampled_from((None, *CLASSES)),
    care_setting=st.sampled_from((None, "clinic", "hospital")),
    live_features=some(FEATURES),
    learned=st.frozensets(st.tuples(st.sampled_from(IDS), st.sampled_from((0, 1)))),
    in_progress=st.dictionaries(st.sampled_from(IDS), st.sampled_from((0, 1))),
    dismissed=some(IDS),
    learned_on=st.dictionaries(st.sampled_from(IDS), st.sampled_from(("4.1", "4.2"))),
    practice_due=some(IDS),
    planned=some(IDS),
)


@given(TARGETS, SITUATIONS)
def test_at_most_three_show_and_each_passes_every_rule(targets: list[Target], situation: Situation) -> None:
    chosen = [choice.tutorial for choice in choose(targets, situation)]
    passing = [target.tutorial for target in targets if all(rule.passed for rule in explain(target, situation))]
    assert len(chosen) == min(3, len(passing))
    assert set(chosen) <= set(passing)
    assert len(set(chosen)) == len(chosen)


@given(TARGETS, SITUATIONS)
def test_the_quick_test_and_the_explanation_agree(targets: list[Target], situation: Situation) -> None:
    for target in targets:
        assert fits(target, situation) == all(rule.passed for rule in explain(target, situation))


@given(TARGETS, SITUATIONS, st.randoms(use_true_random=False))
def test_the_order_of_the_library_does_not_matter(targets: list[Target], situation: Situation, random: Random) -> None:
    shuffled = list(targets)
    random.shuffle(shuffled)
    assert choose(shuffled, situation) == choose(targets, situation)


@given(TARGETS, SITUATIONS)
def test_every_choice_has_a_sentence_that_ends_with_the_role(targets: list[Target], situation: Situation) -> None:
    for choice in choose(targets, situation):
        sentence = because(choice.reasons)
        assert sentence.startswith("You see this because ")
        assert "  " not in sentence
        assert sentence.endswith(".")
        assert choice.reasons[-1].kind in ("job role", "not reported")


@given(TARGETS, SITUATIONS)
def test_nothing_put_away_and_nothing_of_a_feature_that_is_not_live_shows(
    targets: list[Target], situation: Situation
) -> None:
    by_id = {target.tutorial: target for target in targets}
    for choice in choose(targets, situation):
        assert choice.tutorial not in situation.dismissed
        assert by_id[choice.tutorial].ai_feature in situation.live_features | {"any"}


@given(TARGETS, SITUATIONS)
def test_no_match_ever_ranks_after_one_that_fits_without_a_task(targets: list[Target], situation: Situation) -> None:
    plain = replace(situation, learned=frozenset(), in_progress={})
    kinds = [choice.reasons[0].kind for choice in choose(targets, plain)]
    order = ["open task", "intent", "placement", "plan", "practice due", "often", "next for role", "any task"]
    assert kinds == sorted(kinds, key=order.index)


def test_choosing_among_five_hundred_tutorials_takes_few_milliseconds() -> None:
    targets = [
        Target(
            tutorial=f"t-{number}",
            version=1,
            ai_feature="any",
            roles=frozenset({f"role-{number % 200}", f"role-{(number + 7) % 200}"}),
            task_codes=frozenset({f"urn:x|{number % 40}"}),
            intents=frozenset({f"intent-{number % 40}"}),
        )
        for number in range(500)
    ]
    situation = Situation(
        today=TODAY, job_roles=("role-7",), task_open=True, task_codes=frozenset({f"urn:x|{n}" for n in range(40)})
    )
    best = min(_seconds(targets, situation) for _ in range(20))
    assert best < 0.005


def _seconds(targets: list[Target], situation: Situation) -> float:
    start = time.perf_counter()
    assert choose(targets, situation)
    return time.perf_counter() - start
