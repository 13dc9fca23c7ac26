"""Build, start and stop the local HAPI FHIR server; `hapi/run` and the tests come through here.

1. `build` lets Maven fetch HAPI and compile `src/`, unless `target/` is already of these sources.
2. `start` runs it on the loopback address and waits for its line `ready URL`.
3. `RunningServer.stop` ends it; it also ends by itself when whoever started it is gone.
"""

import argparse
import fcntl
import hashlib
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

HERE = Path(__file__).parent
TARGET = HERE / "target"
STAMP = TARGET / "built-from"
HOW_TO_GET_IT = (
    "HAPI FHIR needs Java 17 or newer and Maven. On Debian or Ubuntu: sudo apt-get install default-jdk-headless maven"
)
# Starting up is most of what this server does: compile quickly rather than well, collect with one thread.
JAVA_OPTIONS = ("-Xmx700m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
START_SECONDS = 240


class ServerFailed(Exception):
    """The server could not be built or did not start; the message says what Maven or Java said."""


def find_missing_tools() -> str | None:
    """A line on how to get Java and Maven where one is missing; None where both are there."""
    return None if shutil.which("java") and shutil.which("mvn") else HOW_TO_GET_IT


def source_digest() -> str:
    """One digest over the build file and every source."""
    files = [HERE / "pom.xml", *sorted(path for path in (HERE / "src").rglob("*") if path.is_file())]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def is_built() -> bool:
    """Whether `target/` holds these very sources, compiled."""
    return STAMP.exists() and STAMP.read_text(encoding="utf-8") == source_digest()


@contextmanager
def one_builder() -> Iterator[None]:
    """Two processes may want the server at once; one of them builds."""
    TARGET.mkdir(exist_ok=True)
    with (TARGET / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build() -> None:
    """Run Maven where needed: about two minutes and 300 MB the first time. Raises ServerFailed."""
    with one_builder():
        if is_built():
            return
        command = [shutil.which("mvn") or "mvn", "-B", "-q", "process-classes"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command
        if done.returncode:
            raise ServerFailed(f"Maven could not build hapi/: {(done.stdout + done.stderr)[-3000:]}")
        STAMP.write_text(source_digest(), encoding="utf-8")


@dataclass(frozen=True)
class RunningServer:
    """A server that answers."""

    base: str
    """Its FHIR base, say http://127.0.0.1:8090/fhir."""
    process: subprocess.Popen[str]

    def stop(self) -> None:
        """End it by its own handle; everything it held was in memory."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


def start(*, port: int = 0, errors: IO[bytes] | None = None) -> RunningServer:
    """Start the built server on `port` (0: a free one); its complaints go to `errors`, or to standard error.

    Raises ServerFailed where it does not say `ready` within START_SECONDS.
    """
    classes = f"{TARGET / 'classes'}:{TARGET / 'lib'}/*"
    command = ["java", *JAVA_OPTIONS, "-cp", classes, "preceptor.hapi.Server", str(port), "--stop-with-stdin"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)  # noqa: S603 -- our own command
    server = RunningServer(base=read_base(process), process=process)
    if not server.base:
        server.stop()
        raise ServerFailed(f"HAPI did not start (exit status {process.returncode})")
    return server


def read_base(process: subprocess.Popen[str]) -> str:
    """The URL of the line `ready URL`; empty where the process ends, or is ended, before it comes."""
    timer = threading.Timer(START_SECONDS, process.kill)
    timer.start()
    try:
        said = (line.split() for line in process.stdout or ())
        return next((words[1] for words in said if words[:1] == ["ready"]), "")
    finally:
        timer.cancel()


def main() -> None:
    """Build, start, load the fixtures, say where, stay until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="hapi/run", description="A local HAPI FHIR server with the fixtures loaded.")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--build-only", action="store_true")
    options = parser.parse_args()
    if missing := find_missing_tools():
        raise SystemExit(missing)
    build()
    if not options.build_only:
        serve(options.port)


def serve(port: int) -> None:
    """Start on `port`, load the fixtures, print the URL, and wait."""
    server = start(port=port)
    try:
        from fixtures.load import load  # brings requests: to build, Python alone is enough

        resources = load(server.base)
        sys.stdout.write(f"{resources} resources loaded\nready {server.base}\n")
        sys.stdout.flush()
        server.process.wait()
    except KeyboardInterrupt:
        sys.stdout.write("\n")
    finally:
        server.stop()


if __name__ == "__main__":
    main()
