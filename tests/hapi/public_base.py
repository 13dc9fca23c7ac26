"""A FHIR R4 base that strangers use too: what a run creates there carries its tag, and only that is removed.

Public sandboxes throttle, answer with HTML pages, serve old search results and hold years of other people's
data. None of that is an error here: it is waited out, counted, and told at the end.
"""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import requests

from launch.fhir_session import retry_after_seconds

TAG_SYSTEM = "https://preceptor.example/test-run"
ATTEMPTS = 12
SECONDS = 30
FRESH = {"Accept": "application/fhir+json", "Cache-Control": "no-cache"}
FIRST_PAUSE_SECONDS = 0.2
"""Before the second attempt; each next one is twice as long."""
GONE = (requests.codes.not_found, requests.codes.gone)
_REFUSES_OUR_IDS = (400, 405, 412, 422)

Resource = dict[str, Any]


class Tired(Exception):
    """No usable answer in so many attempts; the text says what came instead."""


@dataclass
class PublicBase:
    """One run against one base."""

    base: str
    run: str = field(default_factory=lambda: uuid4().hex)
    saw: Counter[str] = field(default_factory=Counter)
    created: list[str] = field(default_factory=list)
    """References of what this run made, in order."""
    removed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.base = self.base.rstrip("/")
        self._http = requests.Session()
        self._http.trust_env = False

    @property
    def tag(self) -> str:
        """As a search parameter writes it."""
        return f"{TAG_SYSTEM}|{self.run}"

    def create(self, resource: Resource) -> str:
        """Make it, tagged; gives its reference. An id of ours where the base takes such, so that no retry makes two."""
        made = f"preceptor-test-{uuid4().hex[:24]}"
        tagged = {**resource, "id": made, "meta": {"tag": [{"system": TAG_SYSTEM, "code": self.run}]}}
        kind = resource["resourceType"]
        status, body = self._ask("PUT", f"{kind}/{made}", json=tagged)
        if status in _REFUSES_OUR_IDS:
            self.saw["ids of ours refused"] += 1
            status, body = self._ask("POST", kind, json={k: v for k, v in tagged.items() if k != "id"})
        if status not in (200, 201):
            raise Tired(f"{kind} was not created: HTTP {status}")
        reference = f"{kind}/{body.get('id', made)}"
        self.created.append(reference)
        return reference

    def read(self, reference: str) -> Resource | None:
        """The resource; None where it is gone."""
        status, body = self._ask("GET", reference)
        return None if status in GONE else body

    def search(self, kind: str) -> list[Resource]:
        """What this run made of a kind, as the search tells it now. Strangers and broken entries are passed over."""
        status, bundle = self._ask("GET", kind, params={"_tag": self.tag, "_count": "50"})
        if status != 200 or bundle.get("resourceType") != "Bundle":
            self.saw["searches refused"] += 1
            return []
        return [resource for resource in map(self._of_the_run, bundle.get("entry") or []) if resource]

    def search_until(self, kind: str, wanted: set[str]) -> set[str]:
        """References found; asked again while the answer is an old one."""
        found: set[str] = set()
        for attempt in range(ATTEMPTS):
            found = {f"{kind}/{resource['id']}" for resource in self.search(kind)}
            if found == wanted:
                break
            self.saw["stale searches"] += 1
            time.sleep(min(0.2 * 2**attempt, 5))
        return found

    def remove_all(self) -> list[str]:
        """Remove what the run made, the last first; gives the addresses of what is still there.

        A create whose answer was lost is found by the run's tag. Each is removed by its id, none by a search.
        What the base is too tired for stops nothing else: it is left, and so is a search that may hide something.
        """
        kinds = list(dict.fromkeys(reference.partition("/")[0] for reference in self.created))
        unseen, lost = [], list[str]()
        for kind in kinds:
            try:
                lost += [f"{kind}/{found['id']}" for found in self.search(kind)]
            except Tired:
                self.saw["searches given up"] += 1
                unseen.append(f"{kind}?_tag={self.tag}")
        mine = list(dict.fromkeys([*self.created, *lost]))
        left = [
            reference for reference in reversed(mine) if reference not in self.removed and not self._remove(reference)
        ]
        still = [reference for reference in left if not self._remove(reference)]
        self.saw["left there"] += len(still)
        return [f"{self.base}/{path}" for path in (*still, *unseen)]

    def told(self) -> list[str]:
        """What was seen, for people."""
        counts = [f"{what}: {count}" for what, count in sorted(self.saw.items()) if count] or ["nothing unusual"]
        done = f"{self.base}: run {self.run}, {len(self.created)} created, {len(self.removed)} removed"
        return [done, *(f"  {line}" for line in counts)]

    def _remove(self, reference: str) -> bool:
        try:
            status, _ = self._ask("DELETE", reference)
            if status >= 400 and status not in GONE:
                self.saw[f"removal refused with HTTP {status}"] += 1
                return False
            if self.read(reference) is not None:
                return False
        except Tired:
            self.saw["removals given up"] += 1
            return False
        self.removed.append(reference)
        return True

    def _of_the_run(self, entry: Any) -> Resource | None:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not isinstance(resource.get("id"), str):
            self.saw["broken entries"] += 1
            return None
        tags = resource.get("meta", {}).get("tag", [])
        if not any(tag.get("system") == TAG_SYSTEM and tag.get("code") == self.run for tag in tags):
            self.saw["entries of strangers"] += 1
            return None
        return resource

    def _ask(self, method: str, path: str, **more: Any) -> tuple[int, Resource]:
        """(status, body) of the first answer that is one. Safe to repeat: ids are chosen before."""
        last = ""
        for attempt in range(ATTEMPTS):
            pause = min(FIRST_PAUSE_SECONDS * 2**attempt, 2.0)
            try:
                answer = self._http.request(
                    method, f"{self.base}/{path}", headers=FRESH, timeout=SECONDS, allow_redirects=False, **more
                )
                if answer.status_code == requests.codes.too_many:
                    pause = retry_after_seconds(answer.headers.get("Retry-After"))
                    last = self._note("429, too many requests")
                elif "html" in answer.headers.get("Content-Type", ""):
                    last = self._note("HTML pages")
                elif answer.status_code >= 500:
                    last = self._note(f"HTTP {answer.status_code}")
                else:
                    return answer.status_code, answer.json() if answer.content else {}
            except requests.JSONDecodeError:
                last = self._note("answers that are no JSON")
            except requests.RequestException as error:
                last = self._note(f"broken connections ({type(error).__name__})")
            time.sleep(pause)
        raise Tired(f"{method} {path}: {last}, {ATTEMPTS} times")

    def _note(self, what: str) -> str:
        self.saw[what] += 1
        return what
