"""Whole launches, ours beside a fhirclient-only app, against the same canned EHR, in one run: `make bench`.

Both apps run under gunicorn with one worker and the same threads. "A launch" is
everything from GET /launch to the page that a person reads; ours is three requests
(launch, callback page, its POST, which the page answers), the peer's two. CPU is that of
the app's processes from /proc, children included.
"""

import argparse
import gzip
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from bench.driver import Launch, Window, launch_ours, launch_peer, run_launches, send_form
from bench.written_table import conditions, write_between_marks
from tests.plugins.servers import ORGANIZATION, ROOT, App, Running, answers, free_port, listens, prepare, start

ROUNDS = 5
LAUNCHES = 200
WINDOWS = 8
THREADS = 8
ONE_AT_A_TIME = 60
DELAY_MS = 20
TICKS = os.sysconf("SC_CLK_TCK")
OURS_SAYS, PEER_SAYS = b"<h1>For you now</h1>", b"Launched"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table."""

    what: str
    ours: str
    peer: str
    figure: float
    limit: float | None
    """None: told for what it is, no limit is set."""
    at_least: bool = False
    unit: str = ""

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        if self.limit is None:
            return True
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two apps, running."""

    launch: Launch
    base: str
    iss: str
    running: Running
    expect: bytes

    def launches(self, count: int, *, windows: int) -> list[float]:
        """Seconds of each of `count` launches."""
        return run_launches(self.launch, self.base, self.iss, count=count, windows=windows, expect=self.expect)


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in family(int(child)))]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants (proc(5), fields 14 to 17)."""
    total = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        total += sum(int(value) for value in fields[11:15])
    return total / TICKS


def worker_megabytes(pid: int) -> float:
    """Resident memory of the largest process of the family, the worker."""

    def resident(member: int) -> int:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{member}/status").read_text())
        return int(found[1]) if found else 0

    return max(map(resident, family(pid))) / 1024


@contextmanager
def canned_ehr(folder: Path, *, delay_ms: float = 0, minimal: bool = False) -> Iterator[str]:
    """A canned EHR; gives its FHIR base."""
    port = free_port()
    command = [sys.executable, "-m", "bench.canned_ehr", "--port", str(port), "--delay-ms", str(delay_ms)]
    command += ["--minimal-statement"] if minimal else []
    running = start(command, log=folder / f"ehr-{port}.log")
    try:
        running.wait_for(lambda: listens("127.0.0.1", port))
        yield f"http://127.0.0.1:{port}/fhir"
    finally:
        running.stop()


def register(app: App, iss: str, slug: str) -> None:
    """The canned EHR as a public client's."""
    app.command(
        *("ehr", "add", "--organization", ORGANIZATION, "--name", f"Canned {slug}", "--iss", iss),
        *("--client-id", "bench", "--auth", "public", "--callback", slug, "--frame-ancestor", "http://127.0.0.1"),
    )


def serve_peer(folder: Path, port: int) -> Running:
    """The fhirclient-only app under gunicorn, settings as ours."""
    workers = ["--workers", "1", "--worker-class", "gthread", "--threads", str(THREADS), "--keep-alive", "5"]
    command = [sys.executable, "-m", "gunicorn", *workers, "--bind", f"127.0.0.1:{port}", "bench.fhirclient_app:app"]
    running = start(
        command,
        log=folder / "peer.log",
        environment={"PEER_SECRET": "bench", "PEER_URL": f"http://localhost:{port}"},
    )
    running.wait_for(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
    return running


def seconds_until_ready(command: list[str], url: str, *, log: Path, environment: dict[str, str]) -> float:
    """From exec until `url` answers; the process is stopped afterwards."""
    started = time.perf_counter()
    running = start(command, log=log, environment=environment)
    try:
        while not answers(url):
            if running.process.poll() is not None or time.perf_counter() - started > 30:
                raise RuntimeError(log.read_text()[-2000:])
            time.sleep(0.002)
        return time.perf_counter() - started
    finally:
        running.stop()


def start_up(app: App) -> tuple[float, float]:
    """Median seconds from exec to /readyz, and of importing Flask and SQLAlchemy alone, taken in turn."""
    ours, bare = [], []
    for _ in range(ROUNDS):
        port = free_port()
        url = f"http://127.0.0.1:{port}/readyz"
        command = [str(Path(sys.executable).with_name("preceptor")), "serve", "--port", str(port), "--workers", "1"]
        ours.append(seconds_until_ready(command, url, log=app.folder / "start.log", environment=app.environment))
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import flask, sqlalchemy.orm"], check=True)
        bare.append(time.perf_counter() - began)
    return statistics.median(ours), statistics.median(bare)


def past_the_first_page(side: Side) -> None:
    """Press the button of the page that comes once for each person: what is measured is every launch after it."""
    window = Window()
    send_form(window, side.launch(window, side.base, side.iss))
    window.close()


def throughput(sides: tuple[Side, Side], *, with_what: str = "", rate_limit: float | None = 1.5) -> list[Line]:
    """Launches a second and CPU a launch, in alternating rounds. `rate_limit` None: told, not judged."""
    rate: tuple[list[float], list[float]] = ([], [])
    cpu: tuple[list[float], list[float]] = ([], [])
    for side in sides:
        side.launches(40, windows=WINDOWS)  # warm
    for _ in range(ROUNDS):
        for index, side in enumerate(sides):
            cpu_before, started = cpu_seconds(side.running.process.pid), time.perf_counter()
            side.launches(LAUNCHES, windows=WINDOWS)
            rate[index].append(LAUNCHES / (time.perf_counter() - started))
            cpu[index].append((cpu_seconds(side.running.process.pid) - cpu_before) / LAUNCHES * 1000)
    ours, peer = (statistics.median(values) for values in rate)
    ratio = statistics.median(a / b for a, b in zip(*rate, strict=True))
    ours_cpu, peer_cpu = (statistics.median(values) for values in cpu)
    return [
        Line(
            what=f"launches a second, one worker{with_what}: ours to peer",
            ours=f"{ours:.1f}",
            peer=f"{peer:.1f}",
            figure=ratio,
            limit=rate_limit,
            at_least=True,
            unit="x",
        ),
        Line(
            what=f"CPU of the app a launch{with_what}, ms: ours to peer",
            ours=f"{ours_cpu:.1f}",
            peer=f"{peer_cpu:.1f}",
            figure=ours_cpu / peer_cpu,
            limit=None,
            unit="x",
        ),
    ]


def one_at_a_time(sides: tuple[Side, Side]) -> list[Line]:
    """Milliseconds of a launch with 20 ms for each call to the EHR."""
    for side in sides:
        side.launches(5, windows=1)
    took: list[list[float]] = [[], []]
    for _ in range(ONE_AT_A_TIME // 10):
        for index, side in enumerate(sides):
            took[index] += side.launches(10, windows=1)
    ours, peer = (statistics.median(values) * 1000 for values in took)
    words = f"one launch at a time, {DELAY_MS} ms an EHR call, ms"
    return [
        Line(what=f"{words}: ours to peer", ours=f"{ours:.1f}", peer=f"{peer:.1f}", figure=ours / peer, limit=0.55),
        Line(what=words, ours=f"{ours:.1f}", peer="", figure=ours, limit=75, unit=" ms"),
    ]


def page_weight(side: Side) -> Line:
    """All that the sidebar page loads, compressed."""
    window = Window()
    page = side.launch(window, side.base, side.iss)
    total = len(gzip.compress(page.body, 6))
    for path in set(re.findall(rb'(?:src|href)="(/static/[^"]+)"', page.body)):
        total += len(gzip.compress(window.ask(urljoin(page.url, path.decode())).body, 6))
    window.close()
    return Line(
        what="sidebar page in all, gzip, kB", ours=f"{total / 1000:.1f}", peer="", figure=total / 1000, limit=40
    )


def measure(folder: Path) -> list[Line]:
    """Everything, in one run."""
    with ExitStack() as stack:
        quick = stack.enter_context(canned_ehr(folder))
        minimal = stack.enter_context(canned_ehr(folder, minimal=True))
        slow = stack.enter_context(canned_ehr(folder, delay_ms=DELAY_MS))
        app = App(folder=folder)
        prepare(app)
        register(app, quick, "quick")
        register(app, slow, "slow")
        register(app, minimal, "minimal")
        ready, bare = start_up(app)
        app.serve("--workers", "1", "--threads", str(THREADS))
        stack.callback(app.stop)
        peer_port = free_port()
        peer = serve_peer(folder, peer_port)
        stack.callback(peer.stop)
        served = app.running
        assert served is not None

        def sides(iss: str) -> tuple[Side, Side]:
            return (
                Side(launch=launch_ours, base=app.base_url, iss=iss, running=served, expect=OURS_SAYS),
                Side(
                    launch=launch_peer,
                    base=f"http://localhost:{peer_port}",
                    iss=iss,
                    running=peer,
                    expect=PEER_SAYS,
                ),
            )

        for iss in (quick, slow, minimal):
            past_the_first_page(sides(iss)[0])
        sides(quick)[0].launches(100, windows=4)
        megabytes = worker_megabytes(served.process.pid)
        return [
            *throughput(sides(quick)),
            *throughput(sides(minimal), with_what=", empty CapabilityStatement", rate_limit=None),
            *one_at_a_time(sides(slow)),
            page_weight(sides(quick)[0]),
            Line(
                what="from exec to /readyz, s, to `import flask, sqlalchemy.orm`",
                ours=f"{ready:.2f}",
                peer=f"{bare:.2f}",
                figure=ready / bare,
                limit=3.0,
                unit="x",
            ),
            Line(
                what="one worker after 100 launches, MB resident",
                ours=f"{megabytes:.0f}",
                peer="",
                figure=megabytes,
                limit=120,
                unit=" MB",
            ),
        ]


def table(lines: list[Line]) -> str:
    """Markdown."""
    rows = ["| what | ours | peer or base | figure | limit | |", "|---|---:|---:|---:|---|---|"]
    for line in lines:
        limit, verdict = "", ""
        if line.limit is not None:
            limit = f"{'at least' if line.at_least else 'at most'} {line.limit:g}{line.unit}"
            verdict = "holds" if line.holds else "**does not hold**"
        rows.append(f"| {line.what} | {line.ours} | {line.peer} | {line.figure:.2f}{line.unit} | {limit} | {verdict} |")
    return "\n".join(rows)


def main() -> int:
    """Print the table; 1 where a limit does not hold."""
    parser = argparse.ArgumentParser(description="Launches measured beside a fhirclient-only app.")
    parser.add_argument("--write", type=Path, help="Markdown file with marks that takes the table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="preceptor-bench-") as folder:
        when = conditions()
        lines = measure(Path(folder))
    text = f"{when}\n\n{table(lines)}"
    print(text)
    if options.write:
        write_between_marks(ROOT / options.write, "make bench", text)
    return 0 if all(line.holds for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
