"""A small tutorial, drill and folder that are right, to be spoilt one thing at a time."""

from datetime import date
from pathlib import Path

from smart_app.library.checking import check_folder
from smart_app.library.findings import Finding, Findings
from smart_app.library.registries import LocalFile, read_local

TODAY = date(2026, 12, 1)
STARTER = Path(__file__).parents[2] / "smart_app" / "library" / "starter"
DEMO_LOCAL = Path(__file__).parents[2] / "fixtures" / "demo" / "local.yaml"

TUTORIAL = """---
id: check-a-summary
title: Check a summary
version: 1
status: starter
workflow: chart-review
ai_feature: record-summary
roles: [nurse]
targets:
  task_codes: ["urn:preceptor:task|chart-review"]
card: "Open the source of each fact."
drill: null
minutes: 2
review_by: 2027-05-22
sources:
  - id: one-2025
    title: "One et al. A study. A journal, 2025"
    url: https://example.org/one
---

## Why

You read long charts at night.

## How

1. Open the chart.
2. Open the summary. {local: where it is}

## Watch for

An old value. In a test, 47 percent were wrong [@one-2025].

## Verify

- **Open the lab.** Match the date.
- **Ask the patient.** Match the dose.

No match? Take it out.

## Try it

Pick one chart today.

## When not to use it

- The patient is unwell: go to the bedside. {local: who to call}
"""

SOURCES = """format: preceptor-sources/1
sources:
  - id: one-2025
    title: "One et al. A study. A journal, 2025"
    url: https://example.org/one
    sentence: "47 percent were wrong."
    checked: "Made up for a test."
"""

FEATURES = """format: preceptor-ai-features/1
features:
  - {id: record-summary, name: Record summary, version: "1", status: live, launch_link: null, sensitive: false}
"""

LOCAL = """format: preceptor-local/1
slots:
  check-a-summary:
    where it is: "In the Summary tab."
    who to call: "The charge nurse, extension 0001."
"""


def demo_local() -> LocalFile:
    """What the demo organization fills in."""
    found = Findings("local.yaml")
    values = read_local(DEMO_LOCAL.read_text(encoding="utf-8"), found)
    assert found.found == []
    return values


def write_folder(folder: Path, tutorial: str = TUTORIAL, **files: str) -> Path:
    """The sample library; `files` by name, with "_" for "." and "-"; keeps what is already there."""
    folder.mkdir(exist_ok=True)
    (folder / "check-a-summary.md").write_text(tutorial, encoding="utf-8")
    (folder / "sources.yaml").write_text(files.get("sources", SOURCES), encoding="utf-8")
    (folder / "ai_features.yaml").write_text(files.get("features", FEATURES), encoding="utf-8")
    return folder


def changed(old: str, new: str, text: str = TUTORIAL) -> str:
    """The sample with one thing changed; the thing must be there."""
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


def findings(folder: Path, tutorial: str = TUTORIAL, **files: str) -> list[Finding]:
    """What the checker says of the sample with this tutorial."""
    return check_folder(write_folder(folder, tutorial, **files), today=TODAY)


def said(folder: Path, tutorial: str = TUTORIAL, **files: str) -> list[str]:
    """The same as lines."""
    return [str(finding) for finding in findings(folder, tutorial, **files)]
