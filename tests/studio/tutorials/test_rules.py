"""The pure rules: a tutorial's fields and its file, the states of a version, two texts side by side."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smart_app.library.front_matter import Known
from smart_app.library.succession import KEEP, RESTART, LaterVersion, lets_finish, stands_for
from smart_app.library.tutorial_file import ParsedTutorial, check_tutorial, parse
from smart_app.studio.tutorials.differing import differing, pieces
from smart_app.studio.tutorials.drafting import merge
from smart_app.studio.tutorials.fields import (
    PARTS,
    DraftFields,
    SourceFields,
    as_file,
    as_json,
    from_file,
    from_json,
    one_line,
    paragraphs,
)
from smart_app.studio.tutorials.judging import Surroundings, judge
from smart_app.studio.tutorials.listing import is_stale
from smart_app.studio.tutorials.target_fields import with_work, work_of
from smart_app.studio.tutorials.version_rules import STEPS, Act, Actor, NotPossible, NotYours, Part, State, step
from tests.studio.tutorials.desk import GOOD

STARTER = Path(__file__).parents[3] / "smart_app/library/starter"
AROUND = Surroundings(Known(), {"biro-2025": {name: getattr(GOOD.sources[0], name) for name in ("title", "url")}})
WRITER, SECOND = Actor("a", True, True), Actor("b", False, True)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=60).map(one_line)


def read(fields: DraftFields, version: int = 1) -> DraftFields:
    """Through the file and back."""
    text = as_file(fields, tutorial="x-y-z", version=version, status="draft").text
    parsed = parse(text, name="x-y-z.md")
    assert isinstance(parsed, ParsedTutorial), parsed
    return from_file(parsed, listed={s.id: vars(s) for s in fields.sources}, slots=fields.slots)


def judged(fields: DraftFields, version: int = 1) -> list[tuple[str, str]]:
    found = judge(fields, tutorial="x-y-z", version=version, around=AROUND, grade=False)
    return [(problem.field, problem.words) for problem in found.problems]


@pytest.mark.parametrize("path", sorted(STARTER.glob("*.md")), ids=lambda path: path.stem)
def test_every_tutorial_of_the_starter_library_goes_through_the_editor_unharmed(path: Path) -> None:
    parsed = parse(path.read_text(), name=path.name)
    assert isinstance(parsed, ParsedTutorial)
    fields = from_file(parsed, listed={}, slots={})
    file = as_file(fields, tutorial=parsed.id, version=parsed.version, status="published")
    assert check_tutorial(file.text, name=path.name, known=Known(), grade=False) == []
    again = parse(file.text, name=path.name)
    assert isinstance(again, ParsedTutorial)
    assert from_file(again, listed={}, slots={}) == fields
    kept = {name: value for name, value in parsed.front.items() if value and name not in ("status", "targets")}
    assert kept.items() <= again.front.items()


@settings(max_examples=60, deadline=None)
@given(title=words, card=words, text=words, url=words, slot=words)
def test_whatever_is_typed_comes_back_from_the_file(title: str, card: str, text: str, url: str, slot: str) -> None:
    fields = replace(
        GOOD,
        title=(title + "12345")[:60],
        card=(card + "x")[:90],
        sources=(SourceFields(id="biro-2025", title=text + "x", url="https://example.org/"),),
        slots={"where the draft is": slot} if slot else {},
    )
    assert read(fields) == fields
    assert from_json(as_json(fields)) == fields
    assert read(replace(GOOD, what_changed=(text + "x")[:300]), 2).what_changed == (text + "x")[:300]


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_any_text_at_all_becomes_text_that_a_file_may_hold(text: str) -> None:
    assert paragraphs(paragraphs(text)) == paragraphs(text)
    fields = replace(GOOD, parts={**GOOD.parts, "why": paragraphs(text)})
    file = as_file(fields, tutorial="x-y-z", version=1, status="draft").text
    assert "\r" not in file
    assert "\x00" not in file
    file.encode()


def test_the_good_one_is_good() -> None:
    assert judged(GOOD) == []


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"title": ""}, "title", "Write a title."),
        ({"roles": ()}, "roles", "Choose who it is for."),
        ({"targets": {}}, "targets", "Say for which work it shows"),
        ({"ai_feature": ""}, "ai_feature", "Choose the AI feature"),
        ({"minutes": "4"}, "minutes", "At most 3 minutes."),
        ({"review_by": "soon"}, "review_by", "must be a date"),
        ({"review_by": "2020-01-01"}, "review_by", "has passed"),
        ({"sources": ()}, "sources", "Add one source"),
        ({"slots": {}}, "slots", "Fill in: where the draft is."),
        ({"parts": {**GOOD.parts, "why": ""}}, "why", "Write it"),
        ({"parts": {**GOOD.parts, "why": "word " * 91}}, "why", "91 words; 90 at most"),
        ({"parts": {**GOOD.parts, "why": "It saves you time."}}, "why", "Never promise saved time."),
        ({"parts": {**GOOD.parts, "try-it": "Half do it: 50%."}}, "try-it", "A figure with no source"),
        ({"parts": {**GOOD.parts, "how": "Do this."}}, "how", "no numbered steps"),
        ({"parts": {**GOOD.parts, "watch-for": "It may err."}}, "watch-for", "neither a source"),
        ({"parts": {**GOOD.parts, "verify": "Look."}}, "verify", "no check"),
        ({"parts": {**GOOD.parts, "try-it": "![A tab](gone.png)"}}, "try-it", "A picture"),
        ({"parts": {**GOOD.parts, "try-it": "![](tab.png)"}}, "try-it", "no words for those who cannot see"),
    ],
)
def test_each_rule_speaks_at_its_field(change: dict[str, object], field: str, said: str) -> None:
    known = replace(AROUND.known, pictures=frozenset({"tab.png"}))
    around = replace(AROUND, known=known)
    found = judge(replace(GOOD, **change), tutorial="x-y-z", version=1, around=around, grade=False)
    if said == "A picture":
        said = 'No picture "gone.png" in the library.'
    assert [p.words for p in found.problems if p.field == field and said in p.words], found.problems


def test_a_second_version_says_what_changed() -> None:
    assert ("what_changed", "Say what changed since the version before.") in judged(GOOD, 2)


def test_a_source_needs_its_sentence_and_how_it_was_read() -> None:
    new = SourceFields(id="new-one", title="A new one", url="https://example.org/")
    fields = replace(
        GOOD, sources=(*GOOD.sources, new), parts={**GOOD.parts, "why": GOOD.parts["why"] + " So it is [@new-one]."}
    )
    assert [words for field, words in judged(fields) if field == "sources"] == [
        "new-one: copy the sentence that you rely on.",
        "new-one: say how you read it, honestly.",
    ]


def test_a_source_of_the_library_keeps_its_title() -> None:
    other = replace(GOOD.sources[0], title="Another title")
    assert "another title" in judged(replace(GOOD, sources=(other,)))[0][1]


def test_long_sentences_are_told() -> None:
    heavy = (
        "Notwithstanding institutional considerations, practitioners systematically appreciate multidimensional " * 3
    )
    found = judge(replace(GOOD, parts={**GOOD.parts, "why": heavy}), tutorial="x-y-z", version=1, around=AROUND)
    assert found.grade is not None
    assert found.grade > 9
    assert any("Reading grade" in problem.words for problem in found.problems)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("act", Act)
def test_only_the_table_leads_anywhere(state: State, act: Act) -> None:
    following = STEPS.get((state, act))
    who = SECOND if following and following.by is Part.REVIEWER else WRITER
    if following is None:
        with pytest.raises(NotPossible):
            step(state, act, actor=who, authors=frozenset())
    else:
        assert step(state, act, actor=who, authors=frozenset()) is following.to


def test_nothing_leads_from_published_back_to_a_draft() -> None:
    reached, last = {State.PUBLISHED}, set()
    while reached != last:
        last = set(reached)
        reached |= {following.to for (state, _), following in STEPS.items() if state in last}
    assert reached == {State.PUBLISHED, State.RETIRED}


def test_publishing_takes_a_second_person_who_may() -> None:
    with pytest.raises(NotYours, match="second person"):
        step(State.IN_REVIEW, Act.PUBLISH, actor=WRITER, authors=frozenset({"a"}))
    with pytest.raises(NotYours, match="reviewers"):
        step(State.IN_REVIEW, Act.PUBLISH, actor=Actor("b", True, False), authors=frozenset({"a"}))
    assert step(State.IN_REVIEW, Act.PUBLISH, actor=SECOND, authors=frozenset({"a"})) is State.PUBLISHED


def test_a_reviewer_alone_writes_nothing() -> None:
    for act in (Act.SAVE, Act.SEND, Act.DISCARD):
        with pytest.raises(NotYours):
            step(State.DRAFT, act, actor=SECOND, authors=frozenset())


def test_what_went_and_what_came_is_told_word_by_word() -> None:
    before, after = pieces("Open the old lab now", "Open the new lab now")
    assert [piece.text for piece in before if piece.kind == "gone"] == ["old"]
    assert [piece.text for piece in after if piece.kind == "new"] == ["new"]
    assert "".join(piece.text for piece in before) == "Open the old lab now"


def test_only_what_differs_is_listed() -> None:
    other = replace(GOOD, card="Another line.", parts={**GOOD.parts, "why": "Else."})
    assert [row.name for row in differing(GOOD, other)] == ["card", "why"]


def test_a_merge_takes_the_fields_that_were_chosen_and_no_other() -> None:
    mine = replace(GOOD, title="My title", card="My line.", parts=dict.fromkeys(PARTS, "mine"))
    merged = merge(GOOD, mine, mine=["card", "how"])
    assert (merged.title, merged.card) == (GOOD.title, "My line.")
    assert merged.parts == {**GOOD.parts, "how": "mine"}


def test_ticking_work_leaves_what_the_form_does_not_show() -> None:
    before = {
        "task_codes": ["urn:preceptor:task|shift-handoff", "http://snomed.info/sct|1"],
        "intents": ["shift-handoff"],
        "placements": ["handoff"],
        "from": "2027-01-01",
    }
    assert work_of(before) == {"shift-handoff"}
    assert with_work(before, ["shift-handoff"], any_work=False) == before
    assert with_work(before, ["chart-review"], any_work=False) == {
        "task_codes": ["http://snomed.info/sct|1", "urn:preceptor:task|chart-review"],
        "intents": ["chart-review"],
        "placements": ["handoff"],
        "from": "2027-01-01",
    }


def test_stale_means_that_both_versions_are_known_and_differ() -> None:
    assert is_stale("4.1", "4.2")
    assert not is_stale("4.2", "4.2")
    assert not is_stale(None, "4.2")


def test_people_in_progress_finish_only_where_every_newer_version_lets_them() -> None:
    now = datetime.now(UTC)
    later = (LaterVersion(2, now, KEEP), LaterVersion(3, now, RESTART))
    assert lets_finish(later[:1], 1)
    assert not lets_finish(later, 1)
    assert not lets_finish((), 1)


def test_the_old_version_counts_for_the_new_one_only_where_it_was_under_way_then() -> None:
    now, hour = datetime.now(UTC), timedelta(hours=1)
    later = (LaterVersion(2, now, KEEP),)
    assert stands_for(later, begun=now - hour, finished=now + hour) == (2,)
    assert stands_for(later, begun=now - 2 * hour, finished=now - hour) == ()
