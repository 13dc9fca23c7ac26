"""The web process loads what serving needs and nothing else: start-up and memory are paid by every worker."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_FOR_SERVING = [
    "smart_app.studio.views",
    "smart_app.studio.blueprint",
    "alembic",
    "pyphen",
    "launch.sandbox",
    "pytest",
    "setuptools",
]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Modules in memory once a worker has made its app."""
    folder = tmp_path_factory.mktemp("web")
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from smart_app import keys\n"
        "from smart_app.config import Settings\n"
        "from smart_app.factory import WorkerApp\n"
        "settings = Settings(data_dir=Path(sys.argv[1]))\n"
        "keys.generate(settings.keys)\n"
        "WorkerApp(settings)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("module", NOT_FOR_SERVING)
def test_the_web_process_does_not_load(loaded: set[str], module: str) -> None:
    assert module not in loaded


def test_the_first_launch_has_nothing_left_to_import(loaded: set[str]) -> None:
    """/readyz must mean ready: the client, the reading and the page are loaded by then."""
    assert {"launch.id_token", "joserfc", "requests", "smart_app.fhir.reading", "smart_app.player"} <= loaded
