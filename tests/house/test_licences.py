"""Licences of what is installed for serving: nothing that would reach out to the product or to who runs it."""

import hashlib
import re
from importlib import metadata
from pathlib import Path

import pytest

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"
VENDOR = Path(__file__).resolve().parents[1] / "vendor"
OTHER_PLATFORMS = {"colorama", "tzdata"}
"""In the universal lock, installed on Windows only: BSD-3-Clause and Apache-2.0."""
PERMISSIVE = re.compile(r"\b(MIT|BSD|Apache|MPL|Mozilla|PSF|Python Software|ISC|LGPL|Lesser General|0BSD)\b", re.I)
COPYLEFT = re.compile(r"(?<!L)\bGPL|(?<!Lesser )General Public License", re.I)
NAMED = {
    "pyphen": "a choice of GPL, LGPL and MPL 1.1; taken under the MPL",
}
"""Copyleft that is known, and why it stands."""
SILENT = {"pysqlite3": "and to alter it and redistribute it freely,"}
"""Metadata that say nothing: words of the zlib licence that stand in the LICENSE file."""


def locked() -> list[str]:
    """Distributions of the runtime lock."""
    return sorted(set(re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==", LOCK.read_text(), re.M)) - OTHER_PLATFORMS)


def licence(name: str) -> str:
    """All that a distribution says on its licence."""
    about = metadata.metadata(name)
    said = [about.get("License-Expression") or "", (about.get("License") or "")[:200]]
    return "; ".join(said + [text for text in about.get_all("Classifier") or [] if text.startswith("License")])


@pytest.mark.parametrize("name", locked())
def test_no_dependency_is_under_the_affero_licence(name: str) -> None:
    assert not re.search(r"AGPL|Affero", licence(name), re.I)


@pytest.mark.parametrize("name", locked())
def test_a_dependency_is_permissive_or_named_here_with_its_reason(name: str) -> None:
    if name in SILENT:
        texts = [path.read_text() for path in metadata.files(name) or () if path.name == "LICENSE"]
        assert SILENT[name] in texts[0]
    elif name not in NAMED:
        assert PERMISSIVE.search(licence(name)), licence(name)
        assert not COPYLEFT.search(licence(name)), licence(name)


def test_the_named_ones_are_still_needed() -> None:
    assert set(NAMED) <= set(locked())


def test_a_file_from_elsewhere_is_the_one_that_was_published() -> None:
    """Its digest stands beside it; with another content its findings would be worth nothing."""
    listed = (VENDOR / "README.md").read_text()
    files = [file for file in VENDOR.iterdir() if file.name != "README.md"]
    assert files
    for file in files:
        assert hashlib.sha256(file.read_bytes()).hexdigest() in listed, file.name
