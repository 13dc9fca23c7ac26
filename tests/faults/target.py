"""What the faults are done to: a server program and how to tell it of one use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Request:
    """One POST."""

    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Target(Protocol):
    """A server that records usage."""

    ready_path: str
    """Answers 200 when the server serves."""

    def command(self, port: int) -> list[str]:
        """The program and its arguments, to serve on 127.0.0.1:`port`."""

    def environment(self, port: int) -> Mapping[str, str]:
        """Variables to add to ours."""

    def request(self, key: str) -> Request:
        """Tells of one use under `key`."""

    def is_acknowledged(self, status: int) -> bool:
        """Whether this status says: recorded."""

    def ledger_key(self, key: str) -> str:
        """Under which key the ledger has it."""
