"""Senders that behave as pages and vendors do: they send twice, retry, or give up."""

import http.client
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.faults.target import Target

SENDERS = 6
_LOST = (OSError, http.client.HTTPException)


@dataclass
class Told:
    """What the senders know: keys they sent, and keys the server acknowledged, with its first answer."""

    sent: set[str] = field(default_factory=set)
    acknowledged: dict[str, bytes] = field(default_factory=dict)
    refused: list[tuple[str, int]] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    """Keys whose deliveries were answered differently."""


class Load:
    """Senders that go on from kill to kill; what a dead server left without an answer is sent again, or given up."""

    def __init__(self, target: Target, port: int, *, seed: int) -> None:
        self.told = Told()
        self._target, self._port = target, port
        self._senders = [_Sender(self, number, random.Random(seed * 1000 + number)) for number in range(1, SENDERS + 1)]
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def start(self) -> "ThreadPoolExecutor":
        """Begin sending; `stop` ends it."""
        self._stop.clear()
        pool = ThreadPoolExecutor(SENDERS)
        self._running = [pool.submit(sender.send_until, self._stop) for sender in self._senders]
        return pool

    def stop(self, pool: ThreadPoolExecutor) -> None:
        """End sending; raises what a sender raised."""
        self._stop.set()
        pool.shutdown()
        for sender in self._running:
            sender.result()

    def wait_for(self, more: int) -> None:
        """Until so many more events are acknowledged; TimeoutError after a minute."""
        enough, deadline = len(self.told.acknowledged) + more, time.monotonic() + 60
        while len(self.told.acknowledged) < enough:
            if time.monotonic() > deadline:
                raise TimeoutError(f"refused: {self.told.refused[:3]}")
            time.sleep(0.002)

    def finish(self) -> None:
        """Send again what still waits for an answer."""
        for sender in self._senders:
            sender.deliver_waiting()

    def post(self, key: str) -> None:
        """One delivery. Raises OSError or HTTPException where no whole answer comes."""
        request = self._target.request(key)
        with self._lock:
            self.told.sent.add(key)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            connection.request("POST", request.path, request.body, dict(request.headers))
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        with self._lock:
            self._note(key, answer.status, body)

    def _note(self, key: str, status: int, body: bytes) -> None:
        if not self._target.is_acknowledged(status):
            self.told.refused.append((key, status))
        elif self.told.acknowledged.setdefault(key, body) != body:
            self.told.different.append(key)


class _Sender:
    def __init__(self, load: Load, number: int, chance: random.Random) -> None:
        self._load, self._number, self._chance = load, number, chance
        self._count = 0
        self._waiting: list[str] = []

    def send_until(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self.deliver_waiting()
                self._send_new()
            except _LOST:
                stop.wait(0.02)  # the server is dead: wait for the next one

    def deliver_waiting(self) -> None:
        while self._waiting:
            self._load.post(self._waiting[0])
            self._waiting.pop(0)

    def _send_new(self) -> None:
        self._count += 1
        key = f"{self._number}-{self._count:016d}"
        try:
            self._load.post(key)
            if self._chance.random() < 0.2:
                self._load.post(key)  # a double click
        except _LOST:
            if self._chance.random() < 0.7:
                self._waiting.append(key)  # a page's queue; the others were closed
            raise
