"""Worker processes that all want the same used-up token at the same moment.

    python -m tests.organizations.refreshers DATABASE_URL KEYS TOKEN_ID COUNT

Forks COUNT workers, each with connections of its own, lets them start together, and prints
what each got: the Authorization that it would send, or the name of the error.
"""

import json
import os
import sys
from pathlib import Path

from launch.documents import Documents
from launch.outbound import Door
from launch.tokens import TokenError, Tokens
from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.organizations.launch_stores import sql_stores


def main(url: str, keys: Path, token_id: str, count: int) -> None:
    """Fork, wait for all, let them go, gather."""
    go_read, go_write = os.pipe()
    answers = [_forked(url, keys, token_id, go_read, go_write) for _ in range(count)]
    ready = [os.read(read, 1) for _, read in answers]
    assert ready == [b"r"] * count
    os.close(go_write)  # the end of the pipe is the starting gun
    got = []
    for process, read in answers:
        with os.fdopen(read, "rb") as pipe:
            got.append(pipe.read().decode())
        os.waitpid(process, 0)
    print(json.dumps(got))


def _forked(url: str, keys: Path, token_id: str, go_read: int, go_write: int) -> tuple[int, int]:
    read, write = os.pipe()
    process = os.fork()
    if process:
        os.close(write)
        return process, read
    os.close(go_write)
    database, ring = Database(url), KeyRing.load(keys)
    tokens = tokens_of(database, ring)
    tokens._stores.tokens.find(token_id)  # type: ignore[union-attr]  # connected before the start
    os.write(write, b"r")
    os.read(go_read, 1)
    try:
        answer = tokens.fhir(token_id)._authorization or ""
    except TokenError as error:
        answer = type(error).__name__
    os.write(write, answer.encode())
    os._exit(0)


def tokens_of(database: Database, ring: KeyRing) -> Tokens:
    """What a worker of the app has."""
    stores, door = sql_stores(database, ring), Door()
    return Tokens(stores=stores, keys=ring, door=door, documents=Documents(door=door, cache=stores.metadata))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
