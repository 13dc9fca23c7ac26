"""The one INSERT of usage, exactly once.

1. The sender's key goes into `usage_keys` first, which is unique over all months.
2. Where the key is new, the event is inserted in the same transaction.
3. Where it is there, the first answer is given again if the content is the same; other
   content is refused.

Nothing is acknowledged here: whoever calls commits first and answers then.
"""

import hmac
import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime, time
from hashlib import sha256
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session
from uuid6 import uuid7

from smart_app.db import insert_new
from smart_app.ledger.event import NotRecordable, UsageEvent
from smart_app.ledger.leaf import canonical, leaf_hash
from smart_app.ledger.learner_keys import LedgerKeys, learner_key
from smart_app.ledger.models import SCHEMA_VERSION, UsageEventRow, UsageKeyRow

_KEY = re.compile(r"[!-~]{1,200}")
_DIGEST = "usage content"
_SOURCE = "usage source reference"
_INSERT = insert(cast(Table, UsageEventRow.__table__))


@dataclass(frozen=True)
class Recorded:
    """The answer to a sender: equal for every delivery of the same event but for `replayed`."""

    event_id: UUID
    recorded_at: datetime
    replayed: bool


class KeyReused(Exception):
    """The key was used before for other content (HTTP 409)."""


def record(session: Session, *, keys: LedgerKeys, key: str, event: UsageEvent, first_wins: bool = False) -> Recorded:
    """Record `event` once under the sender's `key`; `session` is a writing one, and the caller commits.

    `first_wins`: for facts that are true once a day, the content of later deliveries does not matter.
    Raises :class:`KeyReused`; :class:`NotRecordable` for a key that is empty, too long or not printable ASCII.
    """
    if not _KEY.fullmatch(key):
        raise NotRecordable("a key is 1 to 200 printable characters without spaces")
    content = canonical(_content(event)).decode()
    event_id = uuid4() if event.day_only else UUID(int=uuid7().int)
    recorded_at = _moment(datetime.now(UTC), event)
    digest = keys.hash(_DIGEST, content)
    claim = {"organization": event.organization, "key": sha256(key.encode()).digest()}
    if not insert_new(session, UsageKeyRow, **claim, digest=digest, event_id=event_id, recorded_at=recorded_at):
        return _first_answer(session, claim, None if first_wins else keys.hashes(_DIGEST, content))
    row = _row(event, keys) | {"event_id": event_id, "recorded_at": recorded_at}
    row["occurred_at"] = _moment(min(event.occurred_at or recorded_at, recorded_at), event)
    row["leaf_hash"] = leaf_hash(_leaf_key(session, keys, event), row)
    session.execute(_INSERT, row)
    return Recorded(event_id, recorded_at, replayed=False)


def _content(event: UsageEvent) -> dict[str, Any]:
    content = {field.name: getattr(event, field.name) for field in fields(event)}
    if event.occurred_at is None:  # "now" is not the sender's word: a retry comes later
        del content["occurred_at"]
    return content


def _moment(moment: datetime, event: UsageEvent) -> datetime:
    moment = moment.astimezone(UTC)
    return datetime.combine(moment.date(), time(), UTC) if event.day_only else moment


def _first_answer(session: Session, claim: dict[str, Any], digests: Any) -> Recorded:
    first = session.execute(
        select(UsageKeyRow.digest, UsageKeyRow.event_id, UsageKeyRow.recorded_at).filter_by(**claim)
    ).one()
    if digests is not None and not any(hmac.compare_digest(first.digest, digest) for digest in digests):
        raise KeyReused("this key was used before for other content")
    return Recorded(first.event_id, first.recorded_at, replayed=True)


def _row(event: UsageEvent, keys: LedgerKeys) -> dict[str, Any]:
    row = _content(event) | {"type": event.type.value, "reasons": list(event.reasons), "schema_version": SCHEMA_VERSION}
    del row["day_only"]
    if event.source_reference is not None:
        row["source_reference"] = keys.hash(_SOURCE, event.source_reference)
    return row


def _leaf_key(session: Session, keys: LedgerKeys, event: UsageEvent) -> bytes:
    return learner_key(session, keys=keys, organization=event.organization, learner=event.learner)
