"""Attack 12: a FHIR server that sends the client elsewhere, or drowns it."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from fhirclient.server import FHIRServer

from launch import fhir_session as fhir
from launch.outbound import Door
from tests.launch.canned_ehr import Answer, CannedEhr, Seen, gzipped


@pytest.fixture
def session(ehr: CannedEhr) -> fhir.FhirSession:
    return fhir.FhirSession(base=ehr.base, access_token="canary-token", door=Door())


def _page(*links: str) -> Answer:
    return Answer({"resourceType": "Bundle", "link": [{"relation": "next", "url": url} for url in links]})


def _numbered(ehr: CannedEhr) -> Iterator[int]:
    """Makes /fhir/Task answer with pages that never end."""
    count = iter(range(1_000))
    ehr.answers["/fhir/Task"] = lambda seen: _page(f"{ehr.base}/Task?page={next(count)}")
    return count


@pytest.mark.parametrize(
    "target",
    [
        "{other}/fhir/Task",
        "//evil.example/fhir/Task",
        "{origin}/Task",
        "{origin}/fhirx/Task",
        "{base}/../admin",
        "{base}/%2e%2e/admin",
        "{base}/a%2f..%2fadmin",
        "{base}/a\\..\\admin",
        "{base}//evil.example/",
        "{user}/Task",
        "https://169.254.169.254/latest",
        "file:///etc/passwd",
        "/admin",
    ],
)
def test_a_next_link_elsewhere_is_not_followed(
    ehr: CannedEhr, other_host: CannedEhr, session: fhir.FhirSession, target: str
) -> None:
    user = ehr.base.replace("http://", "http://user@")
    url = target.replace("{other}", other_host.origin).replace("{origin}", ehr.origin)
    url = url.replace("{base}", ehr.base).replace("{user}", user)
    ehr.answers["/fhir/Task"] = lambda seen: _page(url)
    pages = session.get_pages("Task")
    assert next(pages)["resourceType"] == "Bundle"  # what was read is kept
    with pytest.raises(fhir.FhirOutsideBase):
        next(pages)
    assert len(ehr.seen) == 1
    assert other_host.seen == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_token_stays(
    ehr: CannedEhr, other_host: CannedEhr, session: fhir.FhirSession, status: int
) -> None:
    ehr.answers["/fhir/Task"] = lambda seen: Answer({}, status, {"Location": f"{other_host.origin}/fhir/Task"})
    with pytest.raises(fhir.FhirOutsideBase):
        session.get_json("Task")
    assert other_host.seen == []


def test_pages_without_end_stop_at_twenty(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    _numbered(ehr)
    with pytest.raises(fhir.FhirTooLarge):
        list(session.get_pages("Task", deadline=30))
    assert ehr.hits("/fhir/Task") == 20


def test_pages_in_a_circle_stop(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    ehr.answers["/fhir/Task"] = lambda seen: _page(f"{ehr.base}/Task?page=2")
    with pytest.raises(fhir.FhirLoop):
        list(session.get_pages("Task"))
    assert ehr.hits("/fhir/Task") == 2


def test_a_gzip_bomb_is_cut_off(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    bomb = gzipped(60_000_000)
    ehr.answers["/fhir/Task"] = lambda seen: bomb
    before = time.process_time()
    with pytest.raises(fhir.FhirTooLarge):
        session.get_json("Task")
    assert time.process_time() - before < 1


def test_a_body_above_five_megabytes_is_cut_off(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    ehr.answers["/fhir/Task"] = lambda seen: Answer(b'{"a":"' + b"x" * 6_000_000 + b'"}')
    with pytest.raises(fhir.FhirTooLarge):
        session.get_json("Task")


def test_pages_share_the_five_megabytes(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    count = iter(range(100))
    pages = {"filler": "x" * 2_000_000, "link": [{"relation": "next", "url": ""}]}

    def answer(seen: Seen) -> Answer:
        pages["link"] = [{"relation": "next", "url": f"{ehr.base}/Task?page={next(count)}"}]
        return Answer(pages)

    ehr.answers["/fhir/Task"] = answer
    with pytest.raises(fhir.FhirTooLarge):
        list(session.get_pages("Task", deadline=30))
    assert ehr.hits("/fhir/Task") == 3


def test_an_answer_that_drips_ends_with_the_deadline(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    def slowly(seen: Seen) -> Answer:
        time.sleep(1.5)
        return Answer({})

    ehr.answers["/fhir/Task"] = slowly
    began = time.monotonic()
    with pytest.raises(fhir.FhirTimeout):
        session.get_json("Task", deadline=0.3)
    assert time.monotonic() - began < 1.2


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"a":', b'{"a":NaN}', b"[" * 200_000, b"\xff"])
def test_what_is_not_a_json_object_is_refused(ehr: CannedEhr, session: fhir.FhirSession, body: bytes) -> None:
    ehr.answers["/fhir/Task"] = lambda seen: Answer(body)
    with pytest.raises(fhir.FhirNotJson):
        session.get_json("Task")


@pytest.mark.parametrize(
    "path",
    [
        "http://127.0.0.1:1/fhir/Task",
        "//127.0.0.1:1/fhir/Task",
        "../admin",
        "Task/../../admin",
        "Task/%2e%2e/%2e%2e/admin",
        "Task%2f1",
        "Task\\1",
        "Task/1#x",
        "Task/1 x",
        "Task/é",
        "Task/1\r\nHost: evil",
        "/admin",
    ],
)
def test_the_session_sends_nothing_outside_the_base(ehr: CannedEhr, session: fhir.FhirSession, path: str) -> None:
    with pytest.raises(fhir.FhirOutsideBase):
        session.get_json(path)
    assert ehr.seen == []


@pytest.mark.parametrize("path", ["{other}/fhir/Task", "//{bare}/fhir/Task", "../admin", "/admin", "{origin}/admin"])
def test_fhirclient_cannot_carry_the_token_elsewhere(
    ehr: CannedEhr, other_host: CannedEhr, session: fhir.FhirSession, path: str
) -> None:
    server = FHIRServer(None, base_uri=session.base + "/")
    server.session = session.requests_session
    bare = other_host.origin.removeprefix("http://")
    with pytest.raises(fhir.FhirOutsideBase):
        server.request_json(path.format(other=other_host.origin, bare=bare, origin=ehr.origin))
    assert ehr.seen == other_host.seen == []


def test_fhirclient_reads_below_the_base_and_never_holds_the_token(
    ehr: CannedEhr, other_host: CannedEhr, session: fhir.FhirSession
) -> None:
    server = FHIRServer(None, base_uri=session.base + "/")
    server.session = session.requests_session
    assert server.request_json("Practitioner/1")["resourceType"] == "Practitioner"
    assert ehr.last("/fhir/Practitioner/1").headers["Authorization"] == "Bearer canary-token"
    held: Any = {**vars(server), **vars(session.requests_session), "headers": session.requests_session.headers}
    assert "canary-token" not in repr({name: value for name, value in held.items() if name != "_owner"})
    ehr.answers["/fhir/Task"] = lambda seen: Answer({}, 302, {"Location": f"{other_host.origin}/fhir/Task"})
    with pytest.raises(fhir.FhirOutsideBase):
        server.request_json("Task")
    assert other_host.seen == []


def test_the_token_is_in_no_text_of_the_session_or_its_errors(ehr: CannedEhr, session: fhir.FhirSession) -> None:
    ehr.answers["/fhir/Task/secret-id"] = lambda seen: Answer({}, 500)
    with pytest.raises(fhir.FhirStatus) as caught:
        session.get_json("Task/secret-id")
    assert "canary-token" not in repr(session) + repr(caught.value)
    assert "secret-id" not in repr(caught.value)
