"""Files that would fool or flood a reader are refused, with a line and a mend."""

from pathlib import Path

import pytest

from smart_app.library.checking import check_folder
from smart_app.library.yaml_reading import YamlRefused, read_yaml
from tests.library.sample import TODAY, changed, said, write_folder

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor() -> None:
    with pytest.raises(YamlRefused, match="Anchors and aliases") as refused:
        read_yaml(BOMB)
    assert refused.value.line == 1


def test_the_same_field_twice_is_refused(tmp_path: Path) -> None:
    lines = said(tmp_path / "library", changed("minutes: 2\n", "minutes: 2\nminutes: 3\n"))
    assert 'check-a-summary.md:14: The field "minutes" is here twice. Keep one.' in lines


@pytest.mark.parametrize(
    "text",
    [
        "x: !!python/object/apply:os.system [ls]",
        "x: !!binary aGk=",
        "x: " + "[" * 40 + "]" * 40,
        "x: 2027-02-31",
        "? [a, b]\n: c",
        "x: 'open",
        "a: b: c",
        "x: " + "y" * 300_000,
        "x: \x07",
    ],
    ids=["object", "binary", "deep", "no such day", "list as a name", "open quote", "two colons", "long", "bell"],
)
def test_what_is_no_plain_data_is_refused(text: str) -> None:
    with pytest.raises(YamlRefused):
        read_yaml(text)


def test_a_fault_in_yaml_has_the_line_of_the_file(tmp_path: Path) -> None:
    lines = said(tmp_path / "library", changed("minutes: 2", "minutes: [2"))
    assert any(line.startswith("check-a-summary.md:14: This is not YAML:") for line in lines)


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"---\r\n", "Windows line ends"),
        (b"\xef\xbb\xbf---\n", "byte order mark"),
        (b"x" * 500_000, "500000 bytes; 400000 at most"),
        (b"", "There is no front matter."),
        (b"---\n[1, 2]\n---\n", "The front matter has no fields."),
        (b"---\nid: x\n", "There is no front matter."),
    ],
)
def test_a_file_that_is_no_tutorial_is_named(tmp_path: Path, raw: bytes, wrong: str) -> None:
    folder = write_folder(tmp_path / "library")
    (folder / "broken.md").write_bytes(raw)
    assert any(
        line.startswith("broken.md:1:") and wrong in line for line in map(str, check_folder(folder, today=TODAY))
    )


def test_an_empty_folder_says_what_is_missing(tmp_path: Path) -> None:
    lines = [str(finding) for finding in check_folder(tmp_path, today=TODAY)]
    assert any("There is no tutorial here." in line for line in lines)
    assert any(line.startswith("sources.yaml:1: The file is missing.") for line in lines)
    assert any(line.startswith("ai_features.yaml:1: The file is missing.") for line in lines)
