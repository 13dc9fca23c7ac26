"""Claims need sources: every figure cited, every source used, no promise of saved time."""

import re

from smart_app.library.body import CITATION, SLOT, PartSource
from smart_app.library.findings import Findings, did_you_mean

LOCAL_REVIEW = "common practice: local review"
_FIGURE = re.compile(r"\d[\d,.]*(?:\s*(?:percent|%))?|\bpercent\b", re.IGNORECASE)
_SAVED = re.compile(
    r"\b(?:sav|shav|cut|reduc|halv|shorten)\w*\b[^.!?]*\b(?:time|minutes?|hours?|seconds?)\b"
    r"|\b(?:minutes?|hours?|seconds?|time)\s+(?:\w+\s+){0,2}(?:saved|shorter|back|faster)\b"
    r"|\b(?:faster|quicker|sooner)\s+than\b",
    re.IGNORECASE,
)
_ALLOWED = re.compile(r"Time saved: not measured here\.?", re.IGNORECASE)


def check_claims(parts: list[PartSource], source_lines: dict[str, int], found: Findings) -> None:
    """`source_lines`: each listed source's id and its line in the file."""
    cited: set[str] = set()
    for part in parts:
        for source, line in part.citations():
            cited.add(source)
            if source not in source_lines:
                found.add(line, f"[@{source}] is not in sources.", did_you_mean(source, list(source_lines)))
        _check_figures(part, found)
        _check_saved_time(part, found)
        _check_watch_for(part, found)
    for source, line in source_lines.items():
        if source not in cited:
            found.add(line, f'Source "{source}" is never cited.', f"Cite it as [@{source}], or take it out.")


def _check_figures(part: PartSource, found: Findings) -> None:
    if part.slug == "how":
        return
    for paragraph in part.paragraphs():
        figure = _FIGURE.search(SLOT.sub("", CITATION.sub("", paragraph.text)))
        if figure and not CITATION.search(paragraph.text):
            text = figure[0].rstrip(".,")
            found.add(
                paragraph.line, f'A figure with no source: "{text}".', "Cite it in this paragraph or take it out."
            )


def _check_saved_time(part: PartSource, found: Findings) -> None:
    for paragraph in part.paragraphs():
        if _SAVED.search(_ALLOWED.sub("", paragraph.text)):
            mend = 'Say "Time saved: not measured here."'
            found.add(paragraph.line, "Never promise saved time.", mend)


def _check_watch_for(part: PartSource, found: Findings) -> None:
    if part.slug == "watch-for" and not part.citations() and LOCAL_REVIEW not in part.source:
        found.add(
            part.line,
            f'"Watch for" has neither a source nor "{LOCAL_REVIEW}".',
            "Cite a source, or say that it is common practice.",
        )
