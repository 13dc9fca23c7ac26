"""Days in words. Pure."""

from datetime import UTC, date, datetime


def day_words(day: date) -> str:
    """ "5 December", with the year where it is another than today's."""
    words = f"{day.day} {day:%B}"
    return words if day.year == datetime.now(UTC).year else f"{words} {day.year}"
