"""Tables that a command writes into a document, between marks that name the command."""

from pathlib import Path


def write_between_marks(path: Path, command: str, text: str) -> None:
    """Replace what stands between `<!-- written by COMMAND -->` and `<!-- end -->`; ValueError without the marks."""
    begin, end = f"<!-- written by {command} -->", "<!-- end -->"
    before, mark, rest = path.read_text().partition(begin)
    _, closing, after = rest.partition(end)
    if not mark or not closing:
        raise ValueError(f"{path} lacks the marks {begin} and {end}")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}")
