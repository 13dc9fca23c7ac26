"""What holds for every request: headers, bodies, error pages, rates, probes."""

import json
import logging
import threading

import pytest
from flask import abort
from sqlalchemy import text

from smart_app.config import Settings
from smart_app.errors import ProductError
from smart_app.factory import create_app
from smart_app.logs import without_secrets
from smart_app.services import EXTENSION
from tests.plugins.app import BASE_URL, RealApp


@pytest.fixture
def broken(app: RealApp) -> RealApp:
    """The app with routes that fail."""

    @app.app.get("/fails")
    def fails() -> str:
        raise RuntimeError("canary: token abc")

    @app.app.get("/refuses/<int:status>")
    def refuses(status: int) -> str:
        abort(status)

    @app.app.get("/explains")
    def explains() -> str:
        raise ProductError(status=409, title="Not now", what_happened="It was done.", what_to_do=("Go on.",))

    return app


def test_every_answer_carries_the_policy_and_nobody_frames_a_stranger(app: RealApp) -> None:
    for path in ("/healthz", "/nothing", "/launch?iss=https://unknown.example", "/static/preceptor.css"):
        with app.browser().get(path) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "X-Frame-Options" not in headers


def test_a_visits_pages_are_framed_by_its_ehr_alone_and_never_stored(app: RealApp) -> None:
    headers = app.launch().get().headers
    assert f"frame-ancestors {app.ehr.origin}" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 429, 500, 503])
def test_every_refusal_is_a_page_in_plain_words_with_a_reference(broken: RealApp, status: int) -> None:
    answer = broken.browser().get(f"/refuses/{status}")
    assert answer.status_code == status
    assert "Reference" in answer.text
    assert f"<h1>{status}" not in answer.text


def test_a_fault_shows_a_reference_and_no_trace_and_the_log_has_both(
    broken: RealApp, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = broken.browser().get("/fails?code=canary-query")
    assert answer.status_code == 500
    assert "canary" not in answer.text
    assert "Traceback" not in answer.text
    reference = answer.text.partition("<code><b>")[2].partition("</b>")[0]
    assert reference in caplog.text
    assert "canary-query" not in caplog.text


def test_a_product_error_says_what_to_do(broken: RealApp) -> None:
    answer = broken.browser().get("/explains")
    assert answer.status_code == 409
    assert "It was done." in answer.text
    assert "<li>Go on.</li>" in answer.text


@pytest.mark.parametrize("path", ["/launch/callback/ehr", "/healthz", "/nothing"])
def test_a_body_beyond_the_limit_is_refused_before_it_is_read(app: RealApp, path: str) -> None:
    answer = app.app.test_client().post(path, data=b"x" * 70_000, base_url=BASE_URL)
    assert answer.status_code == 413


def test_a_form_of_many_parts_is_refused(app: RealApp) -> None:
    visitor = app.launch()
    boundary = "x"
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    answer = visitor.client.post(
        f"/v/{visitor.visit}/role",
        data=(part * 200 + f"--{boundary}--").encode(),
        content_type=f"multipart/form-data; boundary={boundary}",
        headers={"Sec-Fetch-Site": "same-origin"},
        base_url=BASE_URL,
    )
    assert answer.status_code in (400, 403, 413)


def test_writes_of_one_visit_are_limited_and_another_visits_are_not(app: RealApp) -> None:
    limited = limited_app(app)
    first, second = limited.launch(), limited.launch()
    answers = [first.post("shown").status_code for _ in range(12)]
    assert answers.count(204) == 10
    refused = first.post("shown")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert second.post("shown").status_code == 204
    limited.database.dispose()


def test_launches_are_limited_by_registration_and_unknown_issuers_are_one(app: RealApp) -> None:
    limited = limited_app(app)
    client = limited.app.test_client()
    statuses = [client.get(f"/launch?iss=https://unknown-{n}.example").status_code for n in range(12)]
    assert statuses == [400] * 10 + [429] * 2
    assert limited.begin(limited.browser()).status_code == 303
    limited.database.dispose()


def limited_app(app: RealApp) -> RealApp:
    """The same app with the lowest limits."""
    settings = app.services.settings
    lowest = Settings(**{**settings.model_dump(), "launches_per_minute": 10, "writes_per_minute": 10})
    return RealApp(create_app(lowest), app.organization, app.ehr, app.records)


def test_readiness_is_the_databases_and_health_is_the_processes(app: RealApp) -> None:
    client = app.app.test_client()
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 200)
    gone = Settings(**{**app.services.settings.model_dump(), "database_url": "postgresql+psycopg://x@127.0.0.1:1/x"})
    away = create_app(gone)
    assert away.test_client().get("/healthz").status_code == 200
    assert away.test_client().get("/readyz").status_code == 503
    away.extensions[EXTENSION].database.dispose()


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("GET /launch?iss=x&code=1 failed", "GET /launch?[removed] failed"),
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer [removed]"),
        ("what? nothing", "what?[removed] nothing"),
        ("plain", "plain"),
    ],
)
def test_texts_of_the_log_lose_queries_and_credentials(written: str, kept: str) -> None:
    assert without_secrets(written) == kept


def test_a_librarys_line_is_json_too(app: RealApp, capfd: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("urllib3").warning("retry of %s", 'https://x/y?token=abc"\nforged')
    line = capfd.readouterr().err.strip().splitlines()[-1]
    assert json.loads(line)["event"] == 'retry of https://x/y?[removed]"\nforged'


def test_a_page_that_reads_twice_and_a_writer_do_not_wait_for_each_other(
    app: RealApp,
) -> None:
    reading, writing = threading.Event(), threading.Event()
    finished: list[str] = []

    def write() -> None:
        with app.database.writing() as session:
            reading.wait(5)
            session.execute(text("UPDATE organizations SET name = 'Hillside'"))
            writing.set()
            session.commit()
            finished.append("written")

    thread = threading.Thread(target=write)
    thread.start()
    with app.database.reading() as session:
        session.execute(text("SELECT 1 FROM organizations")).all()
        reading.set()
        writing.wait(5)
        thread.join(0.3)  # the writer now waits for this read to end
        with app.database.reading() as inner:
            inner.execute(text("SELECT 1 FROM organizations")).all()
    thread.join(5)
    assert finished == ["written"]
