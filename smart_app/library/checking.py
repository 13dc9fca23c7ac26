"""Check a folder of the library: every file, every rule, and what the files say of each other."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from smart_app.library.body import checks_of
from smart_app.library.drill_file import SUFFIX, check_drill
from smart_app.library.findings import Finding, Findings
from smart_app.library.front_matter import Known
from smart_app.library.registries import AI_FEATURES, SOURCES, read_ai_features, read_sources
from smart_app.library.tutorial_file import ParsedTutorial, check_tutorial, parse, part_of

MOST_BYTES = 400_000


def check_folder(path: Path, *, today: date | None = None, grade: bool = True) -> list[Finding]:
    """All findings, by file and line; none means that the folder can be imported.

    `grade=False` leaves out the reading grade, which costs a slow import.
    Raises NotADirectoryError where `path` is no folder.
    """
    texts, found = read_texts(path)
    drills = {name.removesuffix(SUFFIX) for name in texts if name.endswith(SUFFIX)}
    features = _features(texts, found)
    known = Known(today=today or datetime.now(UTC).date(), ai_features=features, drills=drills)
    sources = _sources(texts, found)
    checks: dict[str, list[str]] = {}
    for name, text in texts.items():
        if name.endswith(".md"):
            found += check_tutorial(text, name=name, known=known, grade=grade)
            tutorial = parse(text, name=name)
            if isinstance(tutorial, ParsedTutorial):
                found += _differing_sources(tutorial, sources)
                checks[tutorial.id] = [
                    check.slug for check in checks_of(part_of(tutorial.parts, "verify"))[0] if check.slug
                ]
    for name, text in texts.items():
        if name.endswith(SUFFIX):
            found += check_drill(text, name=name, known=replace(known, drills=None), checks_of_tutorials=checks)
    return sorted(found, key=lambda finding: (finding.file, finding.line, finding.wrong))


def read_texts(path: Path) -> tuple[dict[str, str], list[Finding]]:
    """The library's files by name, and those that are no text. Other files are left alone."""
    if not path.is_dir():
        raise NotADirectoryError(str(path))
    texts: dict[str, str] = {}
    found: list[Finding] = []
    for file in sorted(path.iterdir()):
        if not _is_ours(file):
            continue
        try:
            texts[file.name] = _read_text(file)
        except ValueError as error:
            found.append(Finding(file.name, 1, str(error), "Save it again as UTF-8 text with Unix line ends."))
    if not any(name.endswith(".md") for name in texts):
        found.append(Finding(path.name, 1, "There is no tutorial here.", "Put <id>.md files into this folder."))
    return texts, found


def _is_ours(file: Path) -> bool:
    if not file.is_file() or file.name.startswith(".") or file.name == "README.md":
        return False
    return file.suffix == ".md" or file.name.endswith(SUFFIX) or file.name in (AI_FEATURES, SOURCES)


def _read_text(file: Path) -> str:
    raw = file.read_bytes()
    if len(raw) > MOST_BYTES:
        raise ValueError(f"The file has {len(raw)} bytes; {MOST_BYTES} at most.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("The file is not UTF-8 text.") from None
    if "\r" in text or text.startswith("\ufeff") or "\x00" in text:
        raise ValueError("The file has a byte order mark, Windows line ends or a zero byte.")
    return text


def _features(texts: Mapping[str, str], found: list[Finding]) -> set[str]:
    if AI_FEATURES not in texts:
        found.append(Finding(AI_FEATURES, 1, "The file is missing.", "Add it, with one entry for each AI feature."))
        return set()
    notes = Findings(AI_FEATURES)
    entries = read_ai_features(texts[AI_FEATURES], notes)
    found += notes.in_order()
    return {str(entry.get("id")) for entry in entries}


def _sources(texts: Mapping[str, str], found: list[Finding]) -> dict[str, dict[str, Any]]:
    if SOURCES not in texts:
        found.append(Finding(SOURCES, 1, "The file is missing.", "Add it, with every source and how it was checked."))
        return {}
    notes = Findings(SOURCES)
    entries = read_sources(texts[SOURCES], notes)
    found += notes.in_order()
    return {str(entry.get("id")): entry for entry in entries}


def _differing_sources(tutorial: ParsedTutorial, sources: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    found = Findings(tutorial.name)
    for index, source in enumerate(tutorial.front["sources"]):
        line = tutorial.fields.line("sources", index)
        listed = sources.get(source["id"])
        if listed is None:
            found.add(line, f'Source "{source["id"]}" is not in {SOURCES}.', "Add it there, with how it was checked.")
            continue
        for name in ("title", "url"):
            if listed.get(name) != source[name]:
                wrong = f'The {name} of source "{source["id"]}" differs from {SOURCES}.'
                found.add(line, wrong, "Make the two the same.")
    return found.in_order()
