"""Tables that a command writes into a document, between marks that name the command."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path


def conditions() -> str:
    """On what and when something is measured, in one line: a figure without it cannot be compared."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    today, load = datetime.now(UTC).date(), os.getloadavg()[0]
    return (
        f"{today}; {model}, {os.cpu_count()} cores, load {load:.1f} when it began; "
        f"Python {platform.python_version()} ({' '.join(platform.python_build())}, {platform.python_compiler()})."
    )


def write_between_marks(path: Path, command: str, text: str) -> None:
    """Replace what stands between `<!-- written by COMMAND -->` and `<!-- end -->`; ValueError without the marks."""
    begin, end = f"<!-- written by {command} -->", "<!-- end -->"
    before, mark, rest = path.read_text().partition(begin)
    _, closing, after = rest.partition(end)
    if not mark or not closing:
        raise ValueError(f"{path} lacks the marks {begin} and {end}")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}")
