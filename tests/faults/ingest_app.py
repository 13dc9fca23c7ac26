"""The smallest server over record(): POST /used {"key": ...} answers 201 when it is on disk.

It can be told to do it wrongly, and answer first: a check that does not see that sees nothing.
Run by gunicorn, with the database's URL and the key file in the environment.
"""

import json
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from flask import Flask, request
from flask.typing import ResponseReturnValue

from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.ledger import EventType, UsageEvent, record
from tests.faults.target import Request

ORGANIZATION = UUID(int=0xFA17)


class Ingest:
    """The Target that serves this module."""

    ready_path = "/ready"

    def __init__(self, database_url: str, key_file: Path, *, answers_before_commit: bool = False) -> None:
        self._environment = {"INGEST_DATABASE_URL": database_url, "INGEST_KEYS": str(key_file)}
        if answers_before_commit:
            self._environment["INGEST_COMMITS_LATER"] = "yes"

    def command(self, port: int) -> list[str]:
        gunicorn = [sys.executable, "-m", "gunicorn", "--log-level", "error", "--preload"]
        options = ["--workers", "2", "--threads", "4", "--bind", f"127.0.0.1:{port}"]
        return [*gunicorn, *options, "tests.faults.ingest_app:create_app()"]

    def environment(self, port: int) -> Mapping[str, str]:
        return self._environment

    def request(self, key: str) -> Request:
        return Request("/used", json.dumps({"key": key}).encode(), {"Content-Type": "application/json"})

    def is_acknowledged(self, status: int) -> bool:
        return status == 201

    def ledger_key(self, key: str) -> str:
        return key


def create_app() -> Flask:
    """The server; its connections are opened in the workers, after the fork."""
    app = Flask(__name__)
    database = Database(os.environ["INGEST_DATABASE_URL"])
    keys = KeyRing.load(Path(os.environ["INGEST_KEYS"]))

    @app.get("/ready")
    def ready() -> ResponseReturnValue:
        return "ready"

    @app.post("/used")
    def used() -> ResponseReturnValue:
        key = request.get_json()["key"]
        if "INGEST_COMMITS_LATER" in os.environ:
            threading.Timer(0.2, _record, (database, keys, key)).start()
        else:
            _record(database, keys, key)
        return {"key": key}, 201

    return app


def _record(database: Database, keys: KeyRing, key: str) -> None:
    with database.writing() as session:
        record(session, keys=keys, key=key, event=_event(key))
        session.commit()


def _event(key: str) -> UsageEvent:
    return UsageEvent(
        organization=ORGANIZATION,
        learner=UUID(int=int(key.split("-")[0])),
        type=EventType.AI_FEATURE_USED,
        object_type="ai-feature",
        object_id="inbox-draft-reply",
        step=f"s{key}",
        grade="self",
    )
