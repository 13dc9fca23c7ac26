"""Building and starting the local HAPI server."""

import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.load import load, read_bundles
from hapi import local_server


def test_a_changed_source_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "pom.xml").write_text("one")
    monkeypatch.setattr(local_server, "HERE", tmp_path)
    monkeypatch.setattr(local_server, "STAMP", tmp_path / "built-from")
    assert not local_server.is_built()
    local_server.STAMP.write_text(local_server.source_digest())
    assert local_server.is_built()
    (tmp_path / "pom.xml").write_text("two")
    assert not local_server.is_built()


def test_without_java_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt-get install" in (local_server.find_missing_tools() or "")


def test_a_server_that_ends_before_it_is_ready_gives_no_address() -> None:
    with subprocess.Popen([sys.executable, "-c", "print('oh')"], stdout=subprocess.PIPE, text=True) as process:
        assert local_server.read_base(process) == ""


def test_bundles_are_read_in_the_order_of_their_names() -> None:
    names = [name for name, _ in read_bundles()]
    assert names == sorted(names)
    assert names[0].startswith("10-")


def test_an_empty_folder_loads_nothing(tmp_path: Path) -> None:
    assert load("http://127.0.0.1:9/fhir", folder=tmp_path) == 0
