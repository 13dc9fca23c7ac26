"""Days in words, for the pages of people."""

from datetime import date


def day_words(day: date) -> str:
    """ "5 December 2026"."""
    return f"{day.day} {day:%B %Y}"
