"""The reading grade: syllables as an English speaker counts them, and the formula."""

import pytest

from smart_app.library.reading_grade import longest_sentence, reading_grade, syllables

COUNTED = {
    1: ["the", "file", "rule", "make", "makes", "asked", "see", "charge", "drug", "dose", "through", "12"],
    2: ["again", "open", "table", "wanted", "added", "boxes", "places", "study", "about", "many", "alone", "unit"],
    3: ["nobody", "medicine", "allergy", "physician", "summary", "every", "sign-in-page"],
    4: ["emergency", "original", "reasonable", "information", "medication"],
    5: ["documentation", "authorization", "deteriorate"],
}


@pytest.mark.parametrize(("count", "word"), [(count, word) for count, words in COUNTED.items() for word in words])
def test_syllables_are_counted_as_they_are_spoken(count: int, word: str) -> None:
    assert syllables(word) == count


def test_the_grade_is_flesch_and_kincaids() -> None:
    # 8 words and 9 syllables in 2 sentences: 0.39 x 4 + 11.8 x 9 / 8 - 15.59
    assert reading_grade("The nurse reads the note. She asks again.") == pytest.approx(-0.8)


def test_longer_sentences_and_longer_words_read_harder() -> None:
    plain = "Read the draft. Check the dose. Then sign it."
    assert reading_grade(plain) < reading_grade("Read the draft and check the dose and then sign it.")
    assert reading_grade(plain) < reading_grade("Review documentation. Verify medication. Authenticate it.")


def test_a_text_without_words_has_no_grade() -> None:
    assert reading_grade("") == reading_grade(" . ") == 0.0


def test_the_longest_sentence_is_named() -> None:
    assert (
        longest_sentence("Short one. This one has some more words in it. End.") == "This one has some more words in it."
    )
