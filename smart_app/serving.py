"""`preceptor serve`: the app under gunicorn.

Each worker makes the app for itself after the fork (no preload), so that no database connection or
thread is shared between processes. Log lines are JSON; the access log knows paths, never query strings.
"""

import ctypes
import gc
import json
import logging
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from smart_app import logs
from smart_app.config import Settings, SettingsError, load_settings
from smart_app.keys import KeyRing, KeysError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_GRACEFUL_SECONDS = 20
"""Requests under way may end when the server is told to stop."""
_COLLECT_AFTER = 2_000
"""New objects; Python's own figure, 700, is a small part of one page."""
_M_ARENA_MAX = -8
"""Of mallopt(3), for glibc: how many heaps the threads share. Each of its own would hold some megabytes."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=int)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64), help="In each process.")
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Serve the app with gunicorn."""
    try:
        settings = load_settings()
        KeyRing.load(settings.keys)
    except (SettingsError, KeysError) as error:
        raise click.ClickException(str(error)) from error
    logs.configure()
    if workers > 1 and not settings.redis_url:
        logs.get_logger(__name__).warning("rate limits are counted by each worker: PRECEPTOR_REDIS_URL is not set")
    Server(settings, bind=f"{host}:{port}", workers=workers, threads=threads).run()


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with our settings; no configuration file and no command line of its own."""

    def __init__(self, settings: Settings, *, bind: str, workers: int, threads: int) -> None:
        self._settings = settings
        self._options = {
            "bind": bind,
            "workers": workers,
            "threads": threads,
            "worker_class": "gthread",
            "preload_app": False,
            "keepalive": 5,
            "timeout": 60,
            "graceful_timeout": _GRACEFUL_SECONDS,
            "accesslog": "-",
            "logger_class": JsonLogger,
            # A launch token may be long; nothing in a header of ours is.
            "limit_request_line": 8190,
            "limit_request_fields": 60,
            "proc_name": "preceptor",
            "control_socket_disable": True,
        }
        super().__init__()

    def load_config(self) -> None:
        """Our options."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> "WSGIApplication":
        """The app, once in each worker."""
        # Looking for garbage again and again among modules that all stay is a seventh of the start.
        gc.disable()
        from smart_app.factory import WorkerApp

        _share_heaps()
        app = WorkerApp(self._settings)
        # What start-up made stays: the collector need not look at it again and again, nor so often at what a
        # request makes, of which next to nothing is cyclic (docs.python.org/3/library/gc.html#gc.freeze).
        gc.collect()
        gc.freeze()
        gc.set_threshold(_COLLECT_AFTER, 20, 20)
        gc.enable()
        return app


def _share_heaps() -> None:
    """Two heaps for all threads, which wait for each other anyway; nothing on systems without mallopt."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


class JsonLogger(Logger):  # type: ignore[misc]
    """gunicorn's two logs as JSON lines on stderr, without query strings."""

    def setup(self, cfg: Any) -> None:
        """gunicorn's own words go through the app's handler."""
        logs.configure()
        self.cfg = cfg
        self.error_log.handlers = []
        self.error_log.propagate = True
        self.error_log.setLevel(logging.INFO)
        # It names each boot and each signal; a line for every keep-alive is nobody's need.
        self.access_log.propagate = False

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Of a request that cannot be read gunicorn repeats what was sent: a cookie or a code may be in it."""
        cut, _, _ = msg.partition(":")
        super().warning(cut if msg.startswith("Invalid request") else msg, *args, **kwargs)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """One line for each request: no query, no Referer, no browser, no address of a workstation."""
        line = {
            "event": "request",
            "method": req.method,
            "path": environ.get("PATH_INFO", ""),
            "status": resp.status_code,
            "bytes": getattr(resp, "sent", None),
            "milliseconds": round(request_time.total_seconds() * 1000, 1),
            "worker": os.getpid(),
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        # One write of one line: lines of several threads do not mix.
        sys.stderr.write(json.dumps(line) + "\n")

    def reopen_files(self) -> None:
        """There are none."""

    def close_on_exec(self) -> None:
        """There are no files."""
