"""Take each defence out in turn and see its tests go red: `make mutation`.

The defences are listed in ``defences/*.toml``, an entry each::

    [[defence]]
    attack = 4                                  # number of the attack, 0 for an obligation of the protocol
    name = "state is consumed once"
    file = "launch/authorization.py"
    find = "the exact source text"              # unique in the file
    replace = "the text with the defence out"
    tests = ["tests/attacks/test_04_state_replay.py"]
    also = [{ file = "...", find = "...", replace = "..." }]   # where one defence stands in two layers; optional

The tree is copied; only the copy is changed. First the named tests must be green
on the unchanged copy. A mutant is *caught* when a test fails; a test run that
breaks before any test fails (syntax, import, fixture) proves nothing and counts
as a survivor.
"""

import argparse
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.written_table import write_between_marks

ROOT = Path(__file__).resolve().parents[2]
DEFENCES = Path(__file__).with_name("defences")
LONGEST_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Defence:
    """One defence and how to take it out."""

    attack: int
    name: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]
    room: str
    also: tuple[Mapping[str, str], ...] = ()

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """(file, find, replace), all of them."""
        return [(self.file, self.find, self.replace), *((c["file"], c["find"], c["replace"]) for c in self.also)]

    def take_out(self, tree: Path) -> dict[Path, str]:
        """Change the copy; returns the texts as they were. ValueError where a `find` is not there exactly once."""
        originals = {tree / file: (tree / file).read_text() for file, _, _ in self.changes}
        for file, find, replace in self.changes:
            source = (tree / file).read_text()
            if source.count(find) != 1 or find == replace:
                put_back(originals)
                times = f"stands {source.count(find)} times in {file}, not once"
                raise ValueError(f"{self.room}.toml, {self.name!r}: `find` {times}, or `replace` changes nothing")
            (tree / file).write_text(source.replace(find, replace))
        return originals


def put_back(originals: Mapping[Path, str]) -> None:
    """The texts as they were."""
    for path, text in originals.items():
        path.write_text(text)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a mutant."""

    defence: Defence
    caught: bool
    by: str
    """The first test that failed, or why the mutant survived."""
    seconds: float


def read_defences(folder: Path = DEFENCES) -> list[Defence]:
    """All defences, by attack number. KeyError where an entry lacks a field."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        for entry in tomllib.loads(path.read_text()).get("defence", []):
            found.append(
                Defence(
                    attack=entry["attack"],
                    name=entry["name"],
                    file=entry["file"],
                    find=entry["find"],
                    replace=entry["replace"],
                    tests=tuple(entry["tests"]),
                    room=path.stem,
                    also=tuple(entry.get("also", ())),
                )
            )
    return sorted(found, key=lambda defence: (defence.attack or 999, defence.room, defence.name))


def copy_tree(target: Path) -> None:
    """Copy what git tracks or would track, and nothing else."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if not (ROOT / name).is_file():
            continue  # deleted but still in the index
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)


def run_tests(tree: Path, tests: Iterable[str]) -> tuple[int, str]:
    """pytest's exit code and output in the copy; 124 where it took too long."""
    environment = os.environ | {
        "PYTHONPATH": str(tree),  # before the editable install of the original
        "PYTHONDONTWRITEBYTECODE": "1",  # a mutant of equal size and second would meet the old bytecode
        "CI": "true",  # a skipped test would look green
    }
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=line"]
    try:
        run = subprocess.run(
            [*command, *sorted(set(tests))],
            cwd=tree,
            env=environment,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return 124, f"longer than {LONGEST_SECONDS} s"
    return run.returncode, run.stdout + run.stderr


def judge(code: int, output: str) -> tuple[bool, str]:
    """Whether the mutant was caught, and by which test."""
    failed = re.search(r"^FAILED (\S+)", output, re.MULTILINE)
    if code == 1 and failed:
        return True, failed[1]
    if code == 0:
        return False, "SURVIVED: the tests stay green"
    last = output.strip().splitlines()[-1] if output.strip() else "no output"
    return False, f"PROVES NOTHING: the run broke ({last[:160]})"


def try_mutant(tree: Path, defence: Defence) -> Outcome:
    """Take the defence out, run its tests, put it back."""
    started = time.monotonic()
    try:
        originals = defence.take_out(tree)
    except (ValueError, FileNotFoundError) as wrong:
        return Outcome(defence=defence, caught=False, by=f"NOT TRIED: {wrong}", seconds=0.0)
    try:
        caught, by = judge(*run_tests(tree, defence.tests))
    finally:
        put_back(originals)
    return Outcome(defence=defence, caught=caught, by=by, seconds=time.monotonic() - started)


def try_all(defences: Sequence[Defence], *, jobs: int) -> list[Outcome]:
    """Every mutant, `jobs` at a time, each job in a copy of its own."""
    waiting: queue.SimpleQueue[Defence] = queue.SimpleQueue()
    for defence in defences:
        waiting.put(defence)
    outcomes: list[Outcome] = []

    def work() -> None:
        with tempfile.TemporaryDirectory(prefix="preceptor-mutants-") as folder:
            tree = Path(folder)
            copy_tree(tree)
            while True:
                try:
                    defence = waiting.get_nowait()
                except queue.Empty:
                    return
                outcome = try_mutant(tree, defence)
                outcomes.append(outcome)
                sign = "caught " if outcome.caught else "SURVIVES"
                print(f"{sign} {defence.attack:>3} {defence.name}: {outcome.by} ({outcome.seconds:.0f} s)", flush=True)

    threads = [threading.Thread(target=work) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes, key=lambda outcome: defences.index(outcome.defence))


def green_without_mutation(defences: Sequence[Defence]) -> tuple[bool, str]:
    """All named tests on the unchanged copy."""
    with tempfile.TemporaryDirectory(prefix="preceptor-mutants-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        code, output = run_tests(tree, {test for defence in defences for test in defence.tests})
    return code == 0, output


def table(outcomes: Sequence[Outcome]) -> str:
    """The Markdown table of docs/security.md."""
    caught = sum(outcome.caught for outcome in outcomes)
    lines = [
        f"{caught} of {len(outcomes)} defences, when taken out, turn a test red.",
        "",
        "| attack | defence taken out | in | goes red |",
        "|---|---|---|---|",
    ]
    for outcome in outcomes:
        defence = outcome.defence
        number = str(defence.attack) if defence.attack else "protocol"
        red = f"`{outcome.by.split('[')[0].removeprefix('tests/')}`" if outcome.caught else f"**{outcome.by}**"
        lines.append(f"| {number} | {defence.name} | `{defence.file}` | {red} |")
    return "\n".join(lines)


def main() -> int:
    """0 where every mutant is caught, 1 where one survives, 2 where the tests were not green to begin with."""
    parser = argparse.ArgumentParser(description="Take each defence out and see its tests go red.")
    parser.add_argument("--write", type=Path, help="Markdown file that takes the table")
    parser.add_argument("--attack", type=int, help="only this attack")
    parser.add_argument("--room", help="only defences/ROOM.toml")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    defences = [
        defence
        for defence in read_defences()
        if options.attack in (None, defence.attack) and options.room in (None, defence.room)
    ]
    if not defences:
        print("No defence to take out.")
        return 2
    green, output = green_without_mutation(defences)
    if not green:
        print(output[-4000:], "\nThe tests are not green with all defences in place: nothing was tried.", sep="")
        return 2
    outcomes = try_all(defences, jobs=options.jobs)
    text = table(outcomes)
    print(text)
    if options.write and len(defences) == len(read_defences()):
        write_between_marks(options.write, "make mutation", text)
    return 0 if all(outcome.caught for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
