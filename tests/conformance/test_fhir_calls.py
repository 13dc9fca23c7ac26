"""Obligations: FHIR calls."""

import email.utils
import threading
import time

import pytest

from launch import fhir_session as fhir
from launch.outbound import Door
from tests.launch.canned_ehr import Answer, CannedEhr, Seen


@pytest.fixture
def session(ehr: CannedEhr) -> fhir.FhirSession:
    return fhir.FhirSession(base=ehr.base + "/", access_token="token", door=Door())


def test_a_read_sends_accept_no_cache_and_the_bearer(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    """FHIR calls: the token never leaves the base; the pinned session owns the bearer."""
    session.get_json("Task", {"owner": "Practitioner/1", "_elements": "code,status"})
    seen = ehr.last("/fhir/Task")
    assert seen.query == "owner=Practitioner%2F1&_elements=code%2Cstatus"
    assert seen.headers["Accept"] == "application/fhir+json"
    assert seen.headers["Cache-Control"] == "no-cache"
    assert seen.headers["Authorization"] == "Bearer token"
    assert "Cookie" not in seen.headers


def test_a_cookie_of_the_ehr_is_not_kept(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    """FHIR calls: nothing but the bearer is sent."""
    ehr.answers["/fhir/Task"] = lambda seen: Answer({}, headers={"Set-Cookie": "a=b; Path=/"})
    for _ in range(2):
        session.get_json("Task")
        session.requests_session.get(f"{session.base}/Task")
    assert all("Cookie" not in one.headers for one in ehr.seen)


@pytest.mark.parametrize("value", ["0", "1", "a date that is now", "soon", None, "-5"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_ehr_is_asked_again(ehr: CannedEhr, session: fhir.FhirSession, value: str | None, status: int) -> None:
    """FHIR calls: retry with capped `Retry-After`, as seconds or as a date."""
    value = email.utils.formatdate(usegmt=True) if value == "a date that is now" else value
    headers = {"Retry-After": value} if value is not None else {}
    answers = iter([Answer({}, status, headers), Answer({"resourceType": "Task"})])
    ehr.answers["/fhir/Task/1"] = lambda seen: next(answers)
    assert session.get_json("Task/1", deadline=4)["resourceType"] == "Task"


@pytest.mark.parametrize("value", ["1000000000", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT", "2"])
def test_a_long_wait_is_not_waited_for(ehr: CannedEhr, session: fhir.FhirSession, value: str) -> None:
    """FHIR calls: 429 with Retry-After as 10^9: capped, and within the deadline."""
    ehr.answers["/fhir/Task/1"] = lambda seen: Answer({}, 429, {"Retry-After": value})
    began = time.monotonic()
    with pytest.raises(fhir.FhirStatus):
        session.get_json("Task/1", deadline=1.9)  # a little less than what a wait is capped to
    assert time.monotonic() - began < 1.9
    assert fhir.retry_after_seconds(value) <= 2


def test_retries_end(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    """FHIR calls: at most two retries."""
    ehr.answers["/fhir/Task/1"] = lambda seen: Answer({}, 503, {"Retry-After": "0"})
    with pytest.raises(fhir.FhirStatus):
        session.get_json("Task/1")
    assert ehr.hits("/fhir/Task/1") == 3


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, fhir.FhirRefused),
        (403, fhir.FhirRefused),
        (404, fhir.FhirStatus),
        (410, fhir.FhirStatus),
        (500, fhir.FhirStatus),
    ],
)
def test_other_answers_are_not_asked_for_again(
    ehr: CannedEhr, session: fhir.FhirSession, status: int, expected: type[Exception]
) -> None:
    """FHIR calls: one class for each failure."""
    ehr.answers["/fhir/Task/1"] = lambda seen: Answer({}, status)
    with pytest.raises(expected):
        session.get_json("Task/1")
    assert ehr.hits("/fhir/Task/1") == 1


def test_an_ehr_that_is_down_is_told_from_a_slow_one(session: fhir.FhirSession) -> None:
    """FHIR calls: timeouts (3 s connect, 5 s read)."""
    closed = fhir.FhirSession(base="http://127.0.0.1:9/fhir", access_token="t", door=Door())
    with pytest.raises(fhir.FhirUnreachable):
        closed.get_json("Task/1")


def test_reads_side_by_side_over_connections_that_are_kept(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    """FHIR calls: parallel reads; connections are reused."""
    together = threading.Barrier(4, timeout=5)

    def answer(seen: Seen) -> Answer:
        together.wait()  # passes only if four are under way at once
        return Answer({"id": seen.path})

    paths = [f"Task/{number}" for number in range(4)]
    ehr.answers |= {f"/fhir/{path}": answer for path in paths}
    for _ in range(3):
        assert set(session.ask_all(paths)) == set(paths)
        assert [session.get_json(path)["id"] for path in paths] == [f"/fhir/{path}" for path in paths]
    assert len(ehr.seen) == 12
    assert len({one.connection for one in ehr.seen}) == 4


def test_an_answer_that_was_asked_for_serves_once(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    """FHIR calls: what is read a second time is asked for a second time."""
    session.ask_all(["Task/1"])
    for _ in range(2):
        session.get_json("Task/1")
    assert ehr.hits("/fhir/Task/1") == 2


def test_a_busy_answer_among_many_is_asked_for_again(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    """FHIR calls: retry, also of what was sent with others."""
    answers = iter([Answer({}, 503, {"Retry-After": "0"}), Answer({"resourceType": "Task"})])
    ehr.answers["/fhir/Task/1"] = lambda seen: next(answers)
    assert set(session.ask_all(["Task/1", "Task/2"])) == {"Task/2"}
    assert session.get_json("Task/1")["resourceType"] == "Task"


def test_what_may_have_another_page_is_not_all(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    """FHIR calls: whoever reads on must not hold up the others."""
    ehr.answers["/fhir/Task"] = lambda seen: Answer({"link": [{"relation": "next", "url": f"{ehr.base}/Task?page=2"}]})
    assert session.ask_all(["Task?owner=1", "Task/2"]).keys() == {"Task/2"}


def test_nothing_of_many_is_sent_where_one_lies_outside_the_base(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    """FHIR calls: the token never leaves the base."""
    with pytest.raises(fhir.FhirOutsideBase):
        session.ask_all(["Task/1", "../admin"])
    assert ehr.seen == []


def test_two_launches_share_connections(ehr: CannedEhr) -> None:
    """FHIR calls: one session a launch, one pool a process."""
    door = Door()
    for _ in range(5):
        fhir.FhirSession(base=ehr.base, access_token="t", door=door).get_json("Task/1")
    assert len({one.connection for one in ehr.seen}) == 1


def test_pages_are_followed(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    """FHIR calls: 20 pages; `next` may be absolute or relative below the base."""
    following = iter([f"{ehr.base}?_getpages=x%2Fy", "Task?page=3", None])

    def answer(seen: Seen) -> Answer:
        url = next(following)
        return Answer(
            {"link": [{"relation": "self", "url": "x"}, *([{"relation": "next", "url": url}] if url else [])]}
        )

    ehr.answers["/fhir/Task"] = ehr.answers["/fhir"] = answer
    ehr.answers["/Task"] = lambda seen: Answer({})
    with pytest.raises(fhir.FhirOutsideBase):
        list(session.get_pages("Task"))  # "Task?page=3" beside /fhir is outside
    assert ehr.hits("/fhir") == 1
    assert ehr.hits("/Task") == 0


def test_after_the_launch_the_session_reads_nothing(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    """Tokens: deleted after the reads."""
    session.close()
    with pytest.raises(fhir.FhirClosed):
        session.get_json("Task/1")
    assert ehr.seen == []
