"""Check a folder of the library: every file, every rule, and what the files say of each other."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from smart_app.library.body import checks_of
from smart_app.library.bundle import Bundle, read_bundle
from smart_app.library.drill_file import SUFFIX, check_drill
from smart_app.library.findings import Finding, Findings
from smart_app.library.front_matter import Known
from smart_app.library.registries import AI_FEATURES, SOURCES, read_ai_features, read_sources
from smart_app.library.tutorial_file import ParsedTutorial, check_tutorial, parse, part_of
from smart_app.library.vocabulary import ROLES


def check_folder(path: Path, *, today: date | None = None, grade: bool = True) -> list[Finding]:
    """All findings, by file and line; none means that the folder can be imported.

    `grade=False` leaves out the reading grade, which costs a slow import.
    Raises NotADirectoryError where `path` is no folder.
    """
    return check_bundle(read_bundle(path), today=today, grade=grade)


def check_bundle(
    bundle: Bundle,
    *,
    today: date | None = None,
    grade: bool = True,
    pictures: Collection[str] = (),
    roles: Collection[str] = (),
) -> list[Finding]:
    """The same for files in memory. `pictures`, `roles`: those that the organization has beside the known ones."""
    texts, found = bundle.texts, list(bundle.findings)
    drills = {name.removesuffix(SUFFIX) for name in texts if name.endswith(SUFFIX)}
    features = _features(texts, found)
    known = Known(
        today=today or datetime.now(UTC).date(),
        roles=tuple(dict.fromkeys((*ROLES, *sorted(roles)))),
        ai_features=features,
        drills=drills,
        pictures={*bundle.pictures, *pictures},
    )
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
    bundle = read_bundle(path)
    return dict(bundle.texts), list(bundle.findings)


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
