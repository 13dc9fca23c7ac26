"""The wheel holds all that serving needs and nothing else."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("launch", "smart_app")
NOT_SHIPPED = {"__pycache__"}
SERVES = """
import sys
sys.path[:0] = [sys.argv[1]]
from pathlib import Path
import launch, smart_app
for package in (launch, smart_app):
    assert Path(package.__file__).is_relative_to(sys.argv[1]), package.__file__
from smart_app import keys
from smart_app.config import Settings
from smart_app.db import Database
from smart_app.factory import create_app
from smart_app.library.checking import check_folder
from smart_app.migrations.running import migrate_database
settings = Settings(data_dir=Path(sys.argv[2]), database_url=f"sqlite:///{sys.argv[2]}/preceptor.db")
keys.generate(settings.keys)
database = Database(settings.database_url)
migrate_database(database)
database.dispose()
client = create_app(settings).test_client()
page = client.get("/launch")
assert page.status_code == 400 and "This page opens from your EHR" in page.text, page.text
for file in ("preceptor.css", "player.js", "favicon.svg"):
    assert client.get(f"/static/{file}").status_code == 200, file
assert client.get("/launch/static/callback.js").status_code == 200
assert check_folder(Path(smart_app.__file__).parent / "library/starter") == []
print("serves")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, so that nothing of an earlier build gets into it."""
    folder = tmp_path_factory.mktemp("build")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns(*NOT_SHIPPED))
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-CONTENT"):
        shutil.copy(ROOT / name, folder / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run(
        [*build, "--disable-pip-version-check", "--wheel-dir", str(folder / "dist"), str(folder)],
        capture_output=True, text=True, cwd=folder, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (built,) = (folder / "dist").glob("*.whl")
    return built


def held(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def test_every_file_of_both_packages_is_in_the_wheel(wheel: Path) -> None:
    ours = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and NOT_SHIPPED.isdisjoint(path.parts)
    }
    assert ours - held(wheel) == set()
    kinds = {Path(name).suffix for name in ours}
    assert {".html", ".css", ".js", ".svg", ".md", ".yaml", ".mako"} <= kinds


def test_nothing_else_is_in_the_wheel_but_the_licences_and_the_command(wheel: Path) -> None:
    others = {name for name in held(wheel) if not name.startswith(("launch/", "smart_app/"))}
    folders = {name.partition("/")[0] for name in others}
    assert len(folders) == 1, folders
    assert {Path(name).name for name in others} >= {"entry_points.txt", "LICENSE", "LICENSE-CONTENT", "METADATA"}


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    """The wheel's files in a folder of their own."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    return tmp_path / "installed"


def python(program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run with nothing on the path but what is installed."""
    command = [sys.executable, "-I", "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


def test_the_app_serves_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    done = python(SERVES, str(installed), str(tmp_path / "data"), folder=tmp_path)
    assert done.stdout.strip().endswith("serves"), done.stderr


def test_the_demo_says_that_it_needs_the_checkout(installed: Path, tmp_path: Path) -> None:
    run = f"import sys; sys.path[:0] = [{str(installed)!r}]; from smart_app.cli import main; main(['demo'])"
    done = python(run, folder=tmp_path)
    assert done.returncode == 1
    assert "run it from a checkout of the source" in done.stderr
    assert not (tmp_path / "var").exists()
