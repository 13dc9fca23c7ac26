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
on the unchanged copy; a defence whose tests are not is not tried, and counts as a
survivor. A mutant is *caught* when a test fails; a test run that
breaks before any test fails (syntax, import, fixture) proves nothing and counts
as a survivor. The test that caught a mutant last time (``defences/caught_by.json``,
which every run brings up to date) is run first, then the others until one fails.
"""

import argparse
import json
import queue
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.written_table import write_between_marks
from tests.attacks.taking_out import (
    DEFENCES,
    Defence,
    copy_tree,
    files_changed_since,
    judge,
    put_back,
    read_defences,
    red_tests,
)
from tests.attacks.warm_pytest import WarmPytest

CAUGHT_BY = DEFENCES / "caught_by.json"
GREEN_SECONDS = 3600
"""For all tests together, with all defences in place."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a mutant."""

    defence: Defence
    caught: bool
    by: str
    """The first test that failed, or why the mutant survived."""
    seconds: float

    def __str__(self) -> str:
        sign = "caught " if self.caught else "SURVIVES"
        return f"{sign} {self.defence.attack:>3} {self.defence.name}: {self.by} ({self.seconds:.1f} s)"


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A copy of the tree with all defences in place, and pytest to run there."""

    tree: Path
    pytest: WarmPytest

    def try_mutant(self, defence: Defence, *, first: str) -> Outcome:
        """Take the defence out, run its tests, put it back."""
        started = time.monotonic()
        try:
            originals = defence.take_out(self.tree)
        except (ValueError, FileNotFoundError) as wrong:
            return Outcome(defence=defence, caught=False, by=f"NOT TRIED: {wrong}", seconds=0.0)
        try:
            caught, by = judge(*self.pytest.run(sorted(set(defence.tests)), first=first))
        finally:
            put_back(originals)
        return Outcome(defence=defence, caught=caught, by=by, seconds=time.monotonic() - started)


@contextmanager
def benches(number: int, tests: Sequence[str]) -> Iterator[list[Bench]]:
    """So many copies, each with a warm pytest."""
    with ExitStack() as stack:
        made = []
        for _ in range(number):
            tree = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="preceptor-mutants-")))
            copy_tree(tree)
            made.append(Bench(tree=tree, pytest=WarmPytest(tree)))
            stack.callback(made[-1].pytest.stop)
            made[-1].pytest.warm(tests)
        yield made


def on_a_free_one(made: Sequence[Bench], tasks: Sequence[Any], do: Callable[[Bench, Any], Any]) -> list[Any]:
    """Do every task on whichever bench is free; the results in the order of the tasks."""
    free: queue.SimpleQueue[Bench] = queue.SimpleQueue()
    for bench in made:
        free.put(bench)

    def work(task: Any) -> Any:
        bench = free.get()
        try:
            return do(bench, task)
        finally:
            free.put(bench)

    with ThreadPoolExecutor(len(made)) as pool:
        return list(pool.map(work, tasks))


def what_is_red(made: Sequence[Bench], tests: Sequence[str]) -> list[str]:
    """The tests that are not green with all defences in place. RuntimeError where a run of them broke."""

    def run(bench: Bench, share: Sequence[str]) -> tuple[int, str]:
        return bench.pytest.run(share, seconds=GREEN_SECONDS, options=["--maxfail=0"])

    shares = [tests[number :: len(made)] for number in range(len(made))]
    runs = on_a_free_one(made, [share for share in shares if share], run)
    red = [test for _, output in runs for test in red_tests(output)]
    for code, output in runs:
        if red or code:
            print(output[-4000:])
        if code not in (0, 1):
            raise RuntimeError("the run of the tests with all defences in place broke: nothing was tried")
    return red


def try_all(
    made: Sequence[Bench], defences: Sequence[Defence], *, caught_by: Mapping[str, str], red: Sequence[str]
) -> list[Outcome]:
    """Every mutant, told as it comes."""

    def attempt(bench: Bench, defence: Defence) -> Outcome:
        if named := defence.find_red(red):
            by = f"NOT TRIED: {named} is not green with the defence in place"
            outcome = Outcome(defence=defence, caught=False, by=by, seconds=0.0)
        else:
            outcome = bench.try_mutant(defence, first=caught_by.get(key(defence), ""))
        print(outcome, flush=True)
        return outcome

    return on_a_free_one(made, defences, attempt)


def key(defence: Defence) -> str:
    """The defence's name in caught_by.json."""
    return f"{defence.room}: {defence.name}"


def remember(outcomes: Sequence[Outcome], known: Mapping[str, str]) -> None:
    """Write which test caught which mutant; what is no longer in the lists is forgotten."""
    new = {key(outcome.defence): outcome.by for outcome in outcomes if outcome.caught}
    still = {key(defence) for defence in read_defences()}
    both = {name: test for name, test in sorted({**known, **new}.items()) if name in still}
    CAUGHT_BY.write_text(json.dumps(both, indent=1, ensure_ascii=False) + "\n")


def table(outcomes: Sequence[Outcome], *, day: str, seconds: float) -> str:
    """The Markdown table of docs/security.md."""
    caught = sum(outcome.caught for outcome in outcomes)
    lines = [
        f"{caught} of {len(outcomes)} defences, when taken out, turn a test red.",
        f"Run on {day}, in {seconds / 60:.0f} minutes.",
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


def chosen(options: argparse.Namespace) -> list[Defence]:
    """The defences to take out."""
    changed = files_changed_since(options.changed_since) if options.changed_since else None
    return [
        defence
        for defence in read_defences()
        if options.attack in (None, defence.attack)
        and options.room in (None, defence.room)
        and options.only in f"{defence.name}\n{defence.file}"
        and (changed is None or defence.files & {*changed} or f"tests/attacks/defences/{defence.room}.toml" in changed)
    ]


def main() -> int:
    """0 where every mutant is caught, 1 where one survives or was not tried, 2 where there is none to try."""
    parser = argparse.ArgumentParser(description="Take each defence out and see its tests go red.")
    parser.add_argument("--write", type=Path, help="Markdown file that takes the table, when all are taken out")
    parser.add_argument("--attack", type=int, help="only this attack")
    parser.add_argument("--room", help="only defences/ROOM.toml")
    parser.add_argument("--only", default="", help="only where the name or the file has this text")
    parser.add_argument("--changed-since", metavar="REVISION", help="only where a file of the entry differs from it")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    defences = chosen(options)
    if not defences:
        print("No defence to take out.")
        return 2
    started = time.monotonic()
    known = json.loads(CAUGHT_BY.read_text()) if CAUGHT_BY.exists() else {}
    tests = sorted({test for defence in defences for test in defence.tests})
    with benches(options.jobs, tests) as made:
        red = what_is_red(made, tests)
        print(f"{len(tests)} tests or files: {len(red)} red ({time.monotonic() - started:.0f} s).", flush=True)
        outcomes = try_all(made, defences, caught_by=known, red=red)
    remember(outcomes, known)
    text = table(outcomes, day=time.strftime("%Y-%m-%d", time.gmtime()), seconds=time.monotonic() - started)
    print(text)
    if options.write and len(defences) == len(read_defences()):
        write_between_marks(options.write, "make mutation", text)
    return 0 if all(outcome.caught for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
