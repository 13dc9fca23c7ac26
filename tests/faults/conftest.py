"""The app's keys."""

from pathlib import Path

import pytest

from smart_app.keys import KeyRing, generate


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh key file."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    generate(path)
    return path


@pytest.fixture(scope="session")
def keys(key_file: Path) -> KeyRing:
    """The app's own key ring."""
    return KeyRing.load(key_file)
