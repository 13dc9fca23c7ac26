"""The import contracts of pyproject.toml hold, and name what they must name."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def contract(start: str) -> dict[str, Any]:
    """The contract whose name begins so."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    found: dict[str, Any] = next(one for one in contracts if one["name"].startswith(start))
    return found


def test_every_import_contract_is_kept() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_sandbox_contract_names_every_client_module() -> None:
    modules = {f"launch.{path.stem}" for path in (ROOT / "launch").glob("*.py") if path.stem != "__init__"}
    assert modules == set(contract("The sandbox shares no code")["forbidden_modules"])


def test_the_contract_of_views_names_every_module_of_views() -> None:
    paths = [path.relative_to(ROOT).with_suffix("") for path in (ROOT / "smart_app").rglob("*views.py")]
    assert {".".join(path.parts) for path in paths} == set(contract("Views reach rows")["source_modules"])


def test_the_pure_rules_are_held_to_strict_types() -> None:
    overrides = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    strict = next(each["module"] for each in overrides if each.get("disallow_any_generics") is True)
    assert set(strict) == set(contract("Rules are pure")["source_modules"])


def test_no_module_of_the_launch_is_held_to_less_than_strict_types() -> None:
    overrides = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    loosened = [name for each in overrides if "disallow_any_generics" in each for name in each["module"]]
    assert [name for name in loosened if name.startswith("launch")] == []


def test_one_contract_keeps_every_room_but_its_own_from_the_rows_of_usage() -> None:
    rooms = {f"smart_app.{path.parent.name}" for path in (ROOT / "smart_app").glob("*/__init__.py")}
    named = set(contract("One INSERT of usage")["source_modules"])
    may_read = {"smart_app.ledger", "smart_app.migrations", "smart_app.trust"}
    assert rooms - named == may_read


def test_one_place_inserts_usage() -> None:
    tables = r"UsageEventRow|UsageKeyRow|usage_events|usage_keys"
    inserts = re.compile(rf"insert\w*\([^)]*({tables})|INSERT INTO ({tables})|({tables})\((?!Base\))", re.IGNORECASE)
    sources = [path for path in (ROOT / "smart_app").rglob("*.py") if "migrations" not in path.parts]
    found = {path.relative_to(ROOT).as_posix() for path in sources if inserts.search(path.read_text())}
    moves_rows_between_partitions = "smart_app/ledger/partitions.py"
    assert found - {moves_rows_between_partitions} == {"smart_app/ledger/recording.py"}


def test_the_sandbox_loads_no_client_module() -> None:
    program = (
        "import importlib, pkgutil, sys, launch.sandbox as sandbox\n"
        "for module in pkgutil.iter_modules(sandbox.__path__):\n"
        "    importlib.import_module(f'launch.sandbox.{module.name}')\n"
        "print(*sorted(n for n in sys.modules if n.startswith(('launch.', 'smart_app')) and '.sandbox' not in n))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
