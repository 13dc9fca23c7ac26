"""pytest, started once and forked for each run, with the foreign libraries already imported.

`WarmPytest` starts this file as a program in a copy of the tree and asks it for
runs. Nothing of the tree is imported before the fork: each run imports the
product and its tests as they stand in the copy at that moment. Byte code in the
copy is checked against the source's hash, since a mutant may have the size and
the second of the original.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn, TextIO

LONGEST_SECONDS = 300
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=line")


class WarmPytest:
    """The server's handle: one run at a time."""

    def __init__(self, tree: Path) -> None:
        environment = os.environ | {
            "PYTHONPATH": str(tree),  # before the editable install of the original
            "CI": "true",  # a skipped test would look green
            "PYTHONDONTWRITEBYTECODE": "",  # pytest keeps the rewritten tests, which no mutant changes
        }
        folders = [name for name in ("launch", "smart_app", "bench", "fixtures", "hapi") if (tree / name).exists()]
        byte_code = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", *folders]
        subprocess.run(byte_code, cwd=tree, check=True)
        self._server = subprocess.Popen(
            [sys.executable, str(tree / "tests/attacks/warm_pytest.py")],
            cwd=tree,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def warm(self, tests: Sequence[str]) -> tuple[int, str]:
        """Collect the tests, run none, and keep the foreign libraries that this took."""
        return self._ask(tests=tests, options=["--collect-only"], keep=True)

    def run(
        self, tests: Sequence[str], *, first: str = "", seconds: int = LONGEST_SECONDS, options: Sequence[str] = ()
    ) -> tuple[int, str]:
        """pytest's exit code and output, 124 where it took longer; the test `first` comes before the others."""
        return self._ask(tests=tests, first=first, seconds=seconds, options=options)

    def stop(self) -> None:
        """End the server."""
        with self._server:  # closes its pipes, and waits
            pass

    def _ask(self, **question: Any) -> tuple[int, str]:
        assert self._server.stdin
        assert self._server.stdout
        print(json.dumps(question), file=self._server.stdin, flush=True)
        answer = json.loads(self._server.stdout.readline())
        return answer["code"], answer["output"]


class FirstThisOne:
    """A plugin: one test before all others."""

    def __init__(self, test: str) -> None:
        self.test = test

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Stable: the others keep their order."""
        items.sort(key=lambda item: item.nodeid != self.test)


def serve(questions: TextIO, answers: TextIO) -> None:
    """A line of JSON in, a line of JSON out, until the input ends."""
    sys.path[0] = str(Path.cwd())  # as `python -m pytest` has it, instead of this file's folder
    import pytest  # noqa: F401

    for line in questions:
        question = json.loads(line)
        with tempfile.TemporaryDirectory(prefix="preceptor-mutant-") as folder:
            code, said = run_forked(question, Path(folder))
        if question.get("keep"):
            keep(said["loaded"])
        print(json.dumps({"code": code, "output": said["output"]}), file=answers, flush=True)


def run_forked(question: Mapping[str, Any], folder: Path) -> tuple[int, dict[str, Any]]:
    """Run pytest in a child of its own session; exit code, and its output and the foreign modules it loaded."""
    assert threading.active_count() == 1, "a thread does not live on in a fork"
    ours = our_modules() & {name.partition(".")[0] for name in sys.modules}
    assert not ours, f"imported before the fork: {ours}"
    child = os.fork()
    if child == 0:
        be_pytest(question, folder)
    seconds = question.get("seconds", LONGEST_SECONDS)
    try:
        code = wait_for(child, seconds=seconds)
    finally:
        end(child)
    if code is None:
        return 124, {"output": f"longer than {seconds} s", "loaded": []}
    output, loaded = folder / "output", folder / "loaded"
    return code, {
        "output": output.read_text(errors="replace") if output.exists() else "",
        "loaded": json.loads(loaded.read_text()) if loaded.exists() else [],
    }


def be_pytest(question: Mapping[str, Any], folder: Path) -> NoReturn:
    """In the child, which never goes on with the server's work."""
    code = 70
    try:
        os.setsid()
        # A shell that starts something in the background makes it deaf to Ctrl-C, and so its children.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = run_pytest(question, folder)
    finally:
        os._exit(code)


def run_pytest(question: Mapping[str, Any], folder: Path) -> int:
    """What `python -m pytest` does, with its output in `folder`."""
    output = os.open(folder / "output", os.O_WRONLY | os.O_CREAT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, mode) for n, mode in ((0, "r"), (1, "w"), (2, "w")))
    import pytest

    options = [*OPTIONS, f"--basetemp={folder / 'tmp'}", *question.get("options", ())]
    plugins = [FirstThisOne(question["first"])] if question.get("first") else []
    code = int(pytest.main([*options, *question["tests"]], plugins=plugins))
    (folder / "loaded").write_text(json.dumps(foreign_modules()))
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def end(child: int) -> None:
    """Where it still runs: first as Ctrl-C does it, so that its fixtures stop their servers."""
    with contextlib.suppress(ChildProcessError):  # it has been waited for
        for number in (signal.SIGINT, signal.SIGKILL):
            if os.waitpid(child, os.WNOHANG)[0]:
                return
            os.kill(child, number)
            wait_for(child, seconds=30)


def wait_for(child: int, *, seconds: float) -> int | None:
    """The child's exit code, None where it has not ended by then. ChildProcessError where it has been waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    return None


def our_modules() -> set[str]:
    """What lies in the tree can be imported by these names."""
    return {path.stem for path in Path.cwd().iterdir()}


def foreign_modules() -> list[str]:
    """Loaded modules that are not of the tree, nor of a pytest plugin, which pytest wants to import itself."""
    of = metadata.packages_distributions()
    plugins = {point.dist.name for point in metadata.entry_points(group="pytest11") if point.dist}
    left_out = our_modules() | {"__main__"} | {top for top, names in of.items() if plugins & set(names)}
    tree = str(Path.cwd())
    named = [(name, getattr(module, "__file__", None)) for name, module in list(sys.modules.items())]
    return [n for n, file in named if file and not file.startswith(tree) and n.partition(".")[0] not in left_out]


def keep(names: Sequence[str]) -> None:
    """Import in the server; what cannot be imported on its own is left to the runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what is here for good is not looked through in each run


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
