"""One entry of sources.yaml: its fields, and that the sentence relied on was seen whole at an address that was read."""

import re

from smart_app.library.field_checks import Fields

_FIELDS = ("id", "title", "url", "sentence", "checked")
_CUT_OFF = re.compile(r"(?:\.\s?\.\s?\.|\u2026)[\s\"'\u2019\u201d)\]]*\Z")
_UNSEEN = re.compile(r"\b(?:not|never) (?:been )?opened\b|\bguess(?:ed|es|ing)?\b", re.IGNORECASE)
"""What an honest writer says of an address that nobody opened: honest, and still no source."""


def check_source(entry: Fields) -> None:
    """Faults go to the entry's findings."""
    entry.known_only(_FIELDS, _FIELDS)
    entry.text("title", most=300)
    entry.https("url")
    sentence = entry.text("sentence", most=600)
    if sentence and _CUT_OFF.search(sentence):
        entry.wrong("sentence", "The sentence relied on is cut off.", "Give it whole, or rely on another one.")
    checked = entry.text("checked", most=400)
    if checked and (unseen := _UNSEEN.search(checked)):
        mend = "Give the address at which the sentence was read, or leave the claim out."
        entry.wrong("checked", f'"{unseen[0]}" is no check of a source.', mend)
