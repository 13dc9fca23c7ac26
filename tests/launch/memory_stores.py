"""The Protocols of `launch.stores`, in memory: what a test needs and no more."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from joserfc.jwk import ECKey, RSAKey

from launch.discovery import normalise_iss
from launch.stores import (
    CachedDocument,
    KeptToken,
    LaunchTransaction,
    Registration,
    ReportRecord,
    SigningAlgorithm,
    Stores,
)


@dataclass
class MemoryRegistrations:
    rows: dict[str, Registration] = field(default_factory=dict)

    def add(self, registration: Registration) -> None:
        self.rows[registration.id] = registration

    def find_by_iss(self, iss: str) -> Registration | None:
        wanted = normalise_iss(iss)
        return next((row for row in self.rows.values() if normalise_iss(row.iss) == wanted), None)

    def get(self, registration_id: str) -> Registration:
        return self.rows[registration_id]


@dataclass
class MemoryTransactions:
    rows: dict[str, LaunchTransaction] = field(default_factory=dict)

    def create(self, transaction: LaunchTransaction) -> None:
        self.rows[transaction.state_hash] = transaction

    def consume(self, state_hash: str) -> LaunchTransaction | None:
        return self.rows.pop(state_hash, None)


@dataclass
class MemoryMetadata:
    rows: dict[tuple[str, str], CachedDocument] = field(default_factory=dict)

    def get(self, registration_id: str, url: str) -> CachedDocument | None:
        return self.rows.get((registration_id, url))

    def put(self, registration_id: str, url: str, document: CachedDocument) -> None:
        self.rows[(registration_id, url)] = document


@dataclass
class MemoryReports:
    rows: list[ReportRecord] = field(default_factory=list)

    def write(self, report: ReportRecord) -> None:
        self.rows.append(report)


@dataclass
class MemoryTokens:
    """The TokenStore of one process: a lock in place of SQL's compare-and-swap."""

    rows: dict[str, KeptToken] = field(default_factory=dict)
    leases: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, token: KeptToken) -> None:
        self.rows[token.id] = token

    def find(self, token_id: str) -> KeptToken | None:
        token = self.rows.get(token_id)
        return token if token and token.ends_at > datetime.now(UTC) else None

    def take_lease(self, token_id: str, *, version: int, owner: str, seconds: float) -> bool:
        with self.lock:
            now, token = datetime.now(UTC), self.rows.get(token_id)
            held = self.leases.get(token_id)
            if token is None or token.version != version or (held and held[1] > now):
                return False
            self.leases[token_id] = (owner, now + timedelta(seconds=seconds))
            return True

    def replace(self, token: KeptToken, *, version: int, owner: str) -> bool:
        with self.lock:
            held, old = self.leases.get(token.id), self.rows.get(token.id)
            if old is None or old.version != version or not held or held[0] != owner:
                return False
            self.rows[token.id] = token
            del self.leases[token.id]
            return True

    def give_back(self, token_id: str, *, owner: str) -> None:
        with self.lock:
            if self.leases.get(token_id, ("",))[0] == owner:
                del self.leases[token_id]

    def remove(self, token_id: str, *, version: int | None = None) -> KeptToken | None:
        with self.lock:
            token = self.rows.get(token_id)
            if token is None or (version is not None and token.version != version):
                return None
            self.leases.pop(token_id, None)
            return self.rows.pop(token_id)


class MemoryStores:
    """All of them, and `as_stores()` for the extension."""

    def __init__(self) -> None:
        self.registrations = MemoryRegistrations()
        self.transactions = MemoryTransactions()
        self.metadata = MemoryMetadata()
        self.reports = MemoryReports()
        self.tokens = MemoryTokens()

    def as_stores(self) -> Stores:
        return Stores(
            registrations=self.registrations,
            transactions=self.transactions,
            metadata=self.metadata,
            reports=self.reports,
            tokens=self.tokens,
        )


class MemoryKeys:
    """Signing keys; `rotate()` makes newer ones and keeps the old public halves."""

    _lock = threading.Lock()
    _made: ClassVar[list[tuple[RSAKey, ECKey]]] = []

    def __init__(self) -> None:
        self._generation = 0
        self._count = 1

    def rotate(self) -> None:
        self._generation += 1
        self._count += 1

    def signing_key(self, algorithm: SigningAlgorithm) -> Mapping[str, Any]:
        key = self._pair(self._generation)[0 if algorithm == "RS384" else 1]
        return key.as_dict(private=True)

    def public_jwks(self) -> Mapping[str, Any]:
        return {"keys": [key.as_dict(private=False) for n in range(self._count) for key in self._pair(n)]}

    def _pair(self, generation: int) -> tuple[RSAKey, ECKey]:
        with self._lock:  # keys are made once a process: RSA takes its time
            while len(self._made) <= generation:
                n = len(self._made)
                rsa = RSAKey.generate_key(2048, {"kid": f"rs-{n}", "use": "sig", "alg": "RS384"})
                ec = ECKey.generate_key("P-384", {"kid": f"ec-{n}", "use": "sig", "alg": "ES384"})
                self._made.append((rsa, ec))
            return self._made[generation]
