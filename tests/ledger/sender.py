"""A sender in a process of its own: URL, key file and number of events as arguments; prints its answers as JSON."""

import json
import sys
from pathlib import Path

from smart_app.db import Database
from smart_app.keys import KeyRing
from tests.ledger.conftest import used
from tests.ledger.test_exactly_once import send


def main(url: str, key_file: str, events: str) -> None:
    """Send the events `vendor/0`, `vendor/1`, ..."""
    database, keys = Database(url), KeyRing.load(Path(key_file))
    answers = [send(database, keys, f"vendor/{number}", used(quantity=number + 1)) for number in range(int(events))]
    sys.stdout.write(json.dumps([[str(answer.event_id), str(answer.recorded_at)] for answer in answers]))


if __name__ == "__main__":
    main(*sys.argv[1:])
