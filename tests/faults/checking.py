"""Does the ledger hold what was acknowledged, once, and nothing that was not sent?"""

from collections import Counter
from hashlib import sha256

from sqlalchemy import select, text

from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.ledger.leaf import leaf_hash
from smart_app.ledger.learner_keys import learner_key
from smart_app.ledger.models import UsageEventRow, UsageKeyRow
from tests.faults.load import Told
from tests.faults.target import Target


def check(database: Database, keys: KeyRing, target: Target, told: Told) -> None:
    """Fails with what is lost, doubled, invented or altered."""
    with database.reading() as session:
        under = {row.key: row.event_id for row in session.scalars(select(UsageKeyRow))}
        events = Counter(session.scalars(select(UsageEventRow.event_id)))

    digest = {key: sha256(target.ledger_key(key).encode()).digest() for key in told.sent}
    lost = [key for key in told.acknowledged if events[under.get(digest[key])] == 0]  # type: ignore[index]
    assert not lost, f"acknowledged and lost: {lost}"
    assert not [event for event, times in events.items() if times > 1], "an event is there twice"
    assert not set(under) - set(digest.values()), "a key is there that nobody sent"
    assert sorted(under.values(), key=str) == sorted(events, key=str), "keys and events do not pair"
    assert not told.different, f"deliveries of one event were answered differently: {told.different}"
    assert not told.refused, f"refused: {told.refused}"
    _check_leaves(database, keys)
    _check_file(database)


def _check_leaves(database: Database, keys: KeyRing) -> None:
    with database.writing() as session:
        for row in session.execute(select(UsageEventRow.__table__)).mappings():
            key = learner_key(session, keys=keys, organization=row["organization"], learner=row["learner"])
            assert leaf_hash(key, dict(row)) == row["leaf_hash"], f"altered: {row['event_id']}"
        session.rollback()


def _check_file(database: Database) -> None:
    if database.is_sqlite:
        with database.reading() as session:
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"
