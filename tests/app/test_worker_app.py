"""What a worker serves: the player at once, the studio from the first request for one of its pages."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import url_for
from werkzeug.test import Client

from smart_app import factory
from smart_app.factory import WorkerApp, create_app
from tests.plugins.app import BASE_URL, RealApp


@pytest.fixture
def worker(app: RealApp) -> WorkerApp:
    """On the settings of a real app."""
    return WorkerApp(app.services.settings)


@pytest.mark.parametrize("address", ["/studio/", "/studio/no-such-page", "/studio"])
def test_the_studio_answers_whoever_asks_first(worker: WorkerApp, app: RealApp, address: str) -> None:
    whole = create_app(app.services.settings).test_client().get(address, base_url=BASE_URL)
    answer = Client(worker).get(address, base_url=BASE_URL)
    assert (answer.status_code, answer.headers.get("Location")) == (whole.status_code, whole.headers.get("Location"))
    assert ("Studio" in answer.text) == ("Studio" in whole.text)


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/launch", "/v/no-such-visit/", "/studious/", "/"])
def test_what_is_not_below_studio_needs_no_studio(
    worker: WorkerApp, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factory, "with_studio", lambda held: pytest.fail(f"the studio was made for {address}"))
    assert Client(worker).get(address, base_url=BASE_URL).status_code < 500


def test_both_name_the_same_addresses_of_the_studio(worker: WorkerApp, app: RealApp) -> None:
    """The player's pages lead to these."""
    visit = "0190b5a0-0000-7000-8000-000000000001"
    for endpoint, values in (("studio.entry", {"ehr": "ab"}), ("studio.home", {"visit": visit})):
        addresses = set()
        for flask_app in (worker.player, create_app(app.services.settings)):
            with flask_app.test_request_context(base_url=BASE_URL):
                addresses.add(url_for(endpoint, **values))
        assert len(addresses) == 1, addresses


def test_eight_who_ask_first_at_once_get_one_studio(worker: WorkerApp, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    make = factory.with_studio
    monkeypatch.setattr(factory, "with_studio", lambda held: made.append(held) or make(held))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: Client(worker).get("/studio/", base_url=BASE_URL).status_code, range(8)))
    assert (answers, len(made)) == ([200] * 8, 1)
