"""What the checker says: file, line, what is wrong, how to mend it."""

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import NamedTuple


class Finding(NamedTuple):
    """One fault in a file of the library."""

    file: str
    line: int
    """From 1."""
    wrong: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.wrong} {self.mend}".rstrip()


@dataclass
class Findings:
    """Collects the findings of one file."""

    file: str
    found: list[Finding] = field(default_factory=list)

    def add(self, line: int, wrong: str, mend: str = "") -> None:
        """Note a fault."""
        self.found.append(Finding(self.file, line, wrong, mend))

    def in_order(self) -> list[Finding]:
        """By line, each once."""
        return sorted(set(self.found), key=lambda finding: (finding.line, finding.wrong))


def did_you_mean(word: str, known: list[str]) -> str:
    """'Did you mean "y"?' for a near miss, else what is known."""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f'Did you mean "{near[0]}"?'
    return f"Known: {', '.join(sorted(known))}."
