"""Each fault in a tutorial file gives its file, its line, what is wrong and how to mend it."""

# ruff: noqa: E501  (a table of cases reads best one case a line)

from pathlib import Path

import pytest

from tests.library.sample import SOURCES, TUTORIAL, changed, said

LONG = "word " * 91
FAULTS = [
    ("roles: [nurse]", "roles: [nurse]\nrole: nurse", 'check-a-summary.md:9: Unknown field "role". Did you mean "roles"?'),
    ("minutes: 2\n", "", 'check-a-summary.md:2: The field "minutes" is missing. Add minutes.'),
    ("id: check-a-summary", "id: Check A", 'check-a-summary.md:2: id "Check A" must be lower-case words joined by "-", 3 to 60 characters.'),
    ("id: check-a-summary", "id: another-name", 'check-a-summary.md:2: id "another-name" must match the file name. Name the file another-name.md.'),
    ("ai_feature: record-summary", "ai_feature: record-sumary", 'check-a-summary.md:7: No AI feature "record-sumary" in the registry. Did you mean "record-summary"?'),
    ("title: Check a summary", "title: Hi", "check-a-summary.md:3: title has 2 characters; 5 to 60."),
    ("version: 1", "version: one", "check-a-summary.md:4: version must be a whole number, at least 1."),
    ("version: 1", "version: true", "check-a-summary.md:4: version must be a whole number, at least 1."),
    ("version: 1", "version: 2", "check-a-summary.md:4: Version 2 must say what changed. Add what_changed."),
    ("status: starter", "status: done", 'check-a-summary.md:5: status "done" is not known. Known: draft, in_review, published, retired, starter.'),
    ("roles: [nurse]", "roles: []", "check-a-summary.md:8: There is no role. Add a role."),
    ("roles: [nurse]", "roles: [nurze]", 'check-a-summary.md:8: No role "nurze". Did you mean "nurse"?'),
    ('  task_codes: ["urn:preceptor:task|chart-review"]', "  task_codes: []", "check-a-summary.md:9: Targets are all empty: say when this should show."),
    ("urn:preceptor:task|chart-review", "chart-review", 'check-a-summary.md:10: Task code "chart-review" must be "system|code". Write "urn:preceptor:task|shift-handoff".'),
    ("card:", "  encounter_classes: [INP]\ncard:", 'check-a-summary.md:11: Encounter class "INP" is not in v3-ActCode. Did you mean "IMP"?'),
    ("card:", "  any: true\ncard:", "check-a-summary.md:11: any: true stands instead of task_codes, intents and placements. Keep one of the two."),
    ("card:", "  from: 2027-02-01\n  until: 2027-01-01\ncard:", "check-a-summary.md:12: until is before from. Swap them."),
    ("Open the source of each fact.", "x" * 104, "check-a-summary.md:11: The card's line has 104 characters; 90 at most. Cut it."),
    ("drill: null", "drill: nothing", 'check-a-summary.md:12: No drill "nothing". Write drill: null while there is none.'),
    ("minutes: 2", "minutes: 4", "check-a-summary.md:13: At most 3 minutes."),
    ("2027-05-22", "2026-05-22", "check-a-summary.md:14: review_by has passed: review it or move the date."),
    ("2027-05-22", "2028-05-22", "check-a-summary.md:14: review_by is more than 12 months ahead. Choose an earlier date."),
    ("2027-05-22", "soon", "check-a-summary.md:14: review_by must be a date. Write it as 2027-05-22."),
    ("https://example.org/one", "http://example.org/one", 'check-a-summary.md:18: "http://example.org/one" is not an https address. Start it with https://.'),
    (" [@one-2025]", "", 'check-a-summary.md:32: A figure with no source: "47 percent". Cite it in this paragraph or take it out.'),
    (" [@one-2025]", "", 'check-a-summary.md:16: Source "one-2025" is never cited. Cite it as [@one-2025], or take it out.'),
    ("[@one-2025]", "[@one-2024]", 'check-a-summary.md:32: [@one-2024] is not in sources. Did you mean "one-2025"?'),
    ("An old value. In a test, 47 percent were wrong [@one-2025].", "An old value.", 'check-a-summary.md:30: "Watch for" has neither a source nor "common practice: local review". Cite a source, or say that it is common practice.'),
    ("You read long charts at night.", "It saves you an hour a day.", 'check-a-summary.md:23: Never promise saved time. Say "Time saved: not measured here."'),
    ("You read long charts at night.", "It will cut charting time.", 'check-a-summary.md:23: Never promise saved time. Say "Time saved: not measured here."'),
    ("You read long charts at night.", LONG, 'check-a-summary.md:21: "Why" has 91 words; 90 at most. Cut one idea.'),
    ("## Try it\n\nPick one chart today.\n\n", "", 'check-a-summary.md:41: Part "Try it" is missing. Add "## Try it".'),
    ("## Why", "## Because", 'check-a-summary.md:21: Unknown part "Because". The parts are: Why, How, Watch for, Verify, Try it, When not to use it.'),
    ("## Try it", "## Verify", 'check-a-summary.md:34: Part "Verify" is here more than once. Join them.'),
    ("Pick one chart today.", "", 'check-a-summary.md:41: Part "Try it" is empty. Write it, or the tutorial cannot teach it.'),
    ("1. Open the chart.\n2. Open the summary.", "- Open the chart.\n- Open the summary.", 'check-a-summary.md:25: "How" has no numbered steps. Begin each with "1. ", "2. " and so on.'),
    ("- **Ask the patient.** Match", "- Match", "check-a-summary.md:37: Check 2 starts with no action. Open it with a bold verb and a thing: **Open the lab.**"),
    ("- **Ask the patient.**", "- **A.** b\n- **C.** d\n- **Ask the patient.**", 'check-a-summary.md:34: "Verify" has 4 checks; 3 at most. Keep the ones that catch most.'),
    ("Pick one chart today.", "Pick <b>one</b> chart.", "check-a-summary.md:43: HTML is not allowed here: text only. Say it in words."),
    ("Pick one chart today.", "![x](https://example.org/x.png)", "check-a-summary.md:43: A picture from elsewhere is not allowed here. Pictures stand in the library: ![what it shows](name.png)."),
    ("Pick one chart today.", "See [this](https://example.org).", "check-a-summary.md:43: A link is not allowed here: text only. Say it in words."),
    ("Pick one chart today.", "### More\n\nText.", "check-a-summary.md:43: Only the six ## headings are allowed. Make it a sentence."),
    ("A study. A journal", "Another study. A journal", 'check-a-summary.md:16: The title of source "one-2025" differs from sources.yaml. Make the two the same.'),
]  # fmt: skip


def test_the_sample_is_right(tmp_path: Path) -> None:
    assert said(tmp_path / "library") == []


@pytest.mark.parametrize(("old", "new", "message"), FAULTS, ids=[fault[2][:70] for fault in FAULTS])
def test_a_fault_is_named_with_its_line_and_its_mend(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in said(tmp_path / "library", changed(old, new))


def test_parts_out_of_order_are_named(tmp_path: Path) -> None:
    verify, rest = TUTORIAL.split("## Verify")[1].split("## Try it")
    swapped = TUTORIAL.split("## Verify")[0] + "## Try it" + rest.split("## When")[0] + "## Verify" + verify
    text = swapped + "## When" + rest.split("## When")[1]
    assert 'check-a-summary.md:34: Parts are out of order: "Try it" before "Verify". Swap them.' in said(
        tmp_path / "library", text
    )


def test_more_than_450_words_are_too_many(tmp_path: Path) -> None:
    text = TUTORIAL
    for sentence in (
        "You read long charts at night.",
        "An old value.",
        "No match? Take it out.",
        "Pick one chart today.",
        "The patient is unwell:",
        "Open the chart.",
    ):
        text = changed(sentence, sentence + " more" * 74, text)
    assert any("words; 450 at most." in line for line in said(tmp_path / "library", text))


def test_a_hard_text_is_told_its_grade_and_its_longest_sentence(tmp_path: Path) -> None:
    hard = (
        "Institutional documentation requirements necessitate comprehensive verification of computationally "
        "generated representations preceding authentication by responsible practitioners."
    )
    lines = said(tmp_path / "library", changed("You read long charts at night.", hard))
    (line,) = [line for line in lines if "Reading grade" in line]
    assert "; 9 at most. Longest sentence:" in line
    assert "Institutional documentation" in line


def test_common_practice_may_stand_in_for_a_source_but_not_for_a_figure(tmp_path: Path) -> None:
    text = changed("47 percent were wrong [@one-2025]", "many were wrong (common practice: local review)")
    text = changed("You read long charts at night.", "You read long charts at night [@one-2025].", text)
    assert said(tmp_path / "library", text) == []


def test_a_null_result_on_time_may_be_told(tmp_path: Path) -> None:
    null = "Time saved: not measured here. In one study, reply time did not change [@one-2025]."
    assert said(tmp_path / "library", changed("You read long charts at night.", null)) == []


def test_the_digits_in_how_need_no_source(tmp_path: Path) -> None:
    assert said(tmp_path / "library", changed("1. Open the chart.", "1. Open the last 3 charts.")) == []


def test_a_source_that_is_not_in_the_list_of_sources_is_named(tmp_path: Path) -> None:
    lines = said(tmp_path / "library", sources=SOURCES.replace("one-2025", "two-2025"))
    assert lines == [
        'check-a-summary.md:16: Source "one-2025" is not in sources.yaml. Add it there, with how it was checked.'
    ]


@pytest.mark.parametrize("end", ["...", "\u2026", '...\\"', ". . ."])
def test_a_sentence_relied_on_that_is_cut_off_is_refused(tmp_path: Path, end: str) -> None:
    cut = SOURCES.replace("47 percent were wrong.", f"47 percent were wrong, and {end}")
    assert said(tmp_path / "library", sources=cut) == [
        "sources.yaml:6: The sentence relied on is cut off. Give it whole, or rely on another one."
    ]


@pytest.mark.parametrize("words", ["not opened", "never opened", "guessed", "Not been opened"])
def test_an_address_that_nobody_opened_is_no_source(tmp_path: Path, words: str) -> None:
    unseen = SOURCES.replace("Made up for a test.", f"The address: {words}.")
    assert said(tmp_path / "library", sources=unseen) == [
        f'sources.yaml:7: "{words}" is no check of a source. '
        "Give the address at which the sentence was read, or leave the claim out."
    ]


def test_a_sentence_may_leave_words_out_in_its_middle_and_a_check_may_say_what_was_not_read(tmp_path: Path) -> None:
    fair = SOURCES.replace("47 percent were wrong.", "47 percent ... were wrong.")
    fair = fair.replace("Made up for a test.", "Abstract read; the full text was not read.")
    assert said(tmp_path / "library", sources=fair) == []


QUESTION = '  - {text: "Which?", choices: ["A", "B"], answer: "A", why: "Because."}\n'


@pytest.mark.parametrize(
    ("questions", "message"),
    [
        (QUESTION * 2, "Add a question: 2 of 3."),
        (QUESTION * 4, "There are 4 questions; 3 exactly."),
        (QUESTION * 2 + QUESTION.replace('answer: "A"', 'answer: "C"'), "The answer is not among the choices."),
        (QUESTION * 2 + QUESTION.replace('["A", "B"]', '["A"]'), "A question has 2 to 4 choices; here are 1."),
    ],
)
def test_questions_are_three_with_an_answer_among_the_choices(tmp_path: Path, questions: str, message: str) -> None:
    lines = said(tmp_path / "library", changed("minutes: 2\n", f"minutes: 2\nquestions:\n{questions}"))
    assert any(message in line for line in lines)


def test_three_good_questions_pass(tmp_path: Path) -> None:
    assert said(tmp_path / "library", changed("minutes: 2\n", f"minutes: 2\nquestions:\n{QUESTION * 3}")) == []
