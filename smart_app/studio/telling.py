"""What a page says after a write led to it: by a word in the address, never by text from there."""

_WORDS: dict[str, str] = {"saved": "Saved."}


def tells(code: str, words: str) -> str:
    """Let ``?said=<code>`` show `words`; returns the code. KeyError where it is taken."""
    if _WORDS.setdefault(code, words) != words:
        raise KeyError(f"?said={code} says something else already")
    return code


def words_of(code: str | None) -> str | None:
    """What the page shows for it; None for a code that nobody told."""
    return _WORDS.get(code or "")
