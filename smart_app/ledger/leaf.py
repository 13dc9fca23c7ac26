"""The leaf hash of an event and the canonical JSON under it (RFC 8785). Pure.

``leaf = HMAC-SHA-256(key of the learner, RFC 8785 JSON of the row without leaf_hash and sequence)``.
Moments are ISO 8601 in UTC with microseconds and Z, UUIDs in their text form, bytes in hexadecimal.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import rfc8785

NOT_IN_THE_LEAF = frozenset({"leaf_hash", "sequence"})
"""The leaf itself, and what the sealer adds later."""


def plain(value: object) -> Any:
    """`value` as JSON has it: None, str, int, list or dict. TypeError for what has no place in the ledger."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, str | UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, Sequence):
        return [plain(inner) for inner in value]
    raise TypeError(f"no canonical form for {type(value).__name__}")


def canonical(values: Mapping[str, Any]) -> bytes:
    """RFC 8785 JSON of `values`."""
    return rfc8785.dumps(plain(values))


def leaf_hash(learner_key: bytes, row: Mapping[str, Any]) -> bytes:
    """32 bytes: the leaf of `row` (all its columns by name; leaf_hash and sequence are left out)."""
    content = {name: value for name, value in row.items() if name not in NOT_IN_THE_LEAF}
    return hmac.digest(learner_key, canonical(content), "sha256")
