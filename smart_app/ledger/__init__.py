"""The usage ledger: one INSERT of usage, exactly once, append-only. Knows objects only as opaque type, id, version."""

from smart_app.ledger.event import EventType, NotRecordable, UsageEvent, recordable_task_codes
from smart_app.ledger.recording import KeyReused, Recorded, record

__all__ = ["EventType", "KeyReused", "NotRecordable", "Recorded", "UsageEvent", "record", "recordable_task_codes"]
