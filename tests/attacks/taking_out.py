"""The defences as they are listed, the copy of the tree in which one is taken out, and what counts as caught."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEFENCES = Path(__file__).with_name("defences")


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

    @property
    def files(self) -> set[str]:
        """All files of the tree that the entry speaks of: those that are changed, and the tests."""
        return {file for file, _, _ in self.changes} | {test.partition("::")[0] for test in self.tests}

    def find_red(self, red: Sequence[str]) -> str | None:
        """The first of these tests that the entry names, by itself or by its file or function."""
        within = (
            (test, test.removeprefix(named)[:1]) for test in red for named in self.tests if test.startswith(named)
        )
        return next((test for test, after in within if after in ("", ":", "[")), None)

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
    for name in _git("ls-files", "-co", "--exclude-standard", "-z"):
        if not (ROOT / name).is_file():
            continue  # deleted but still in the index
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)


def files_changed_since(revision: str) -> set[str]:
    """Files that differ from `revision`, new ones too."""
    return {*_git("diff", "--name-only", "-z", revision), *_git("ls-files", "-o", "--exclude-standard", "-z")}


def judge(code: int, output: str) -> tuple[bool, str]:
    """Whether the mutant was caught, and by which test."""
    failed = re.search(r"^FAILED (.+?)(?: - |$)", output, re.MULTILINE)
    if code == 1 and failed:
        return True, failed[1]
    if code == 0:
        return False, "SURVIVED: the tests stay green"
    last = output.strip().splitlines()[-1] if output.strip() else "no output"
    return False, f"PROVES NOTHING: the run broke ({last[:160]})"


def red_tests(output: str) -> list[str]:
    """The tests that failed or broke, as pytest names them at the end."""
    return re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", output, re.MULTILINE)


def _git(*arguments: str) -> list[str]:
    listed = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split("\0") if name]
