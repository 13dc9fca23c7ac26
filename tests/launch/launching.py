"""A small app around the client, and a browser that launches it: tests stay three lines."""

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from launch import LaunchContext, LaunchError, SmartLaunch
from launch.stores import Registration, ReportRecord
from tests.launch.canned_ehr import CannedEhr
from tests.launch.memory_stores import MemoryKeys, MemoryStores

BASE_URL = "http://localhost:8000"


@dataclass
class LaunchedApp:
    """The app, its stores, and what happened in it."""

    app: Flask
    stores: MemoryStores
    keys: MemoryKeys
    extension: SmartLaunch
    arrived: list[LaunchContext]
    errors: list[LaunchError]
    settings: dict[str, Any] = field(default_factory=dict)

    def browser(self) -> "Browser":
        return Browser(self, self.app.test_client())

    def register(self, ehr: CannedEhr, **changes: Any) -> Registration:
        registration = replace(
            Registration(
                id=f"ehr-{len(self.stores.registrations.rows)}",
                organization="org-1",
                name="Lakeside demo EHR",
                iss=ehr.base,
                client_id=ehr.client_id,
                frame_ancestors=(ehr.origin,),
            ),
            **changes,
        )
        self.stores.registrations.add(registration)
        return registration

    @property
    def error(self) -> LaunchError:
        return self.errors[-1]

    @property
    def context(self) -> LaunchContext:
        return self.arrived[-1]

    @property
    def report(self) -> ReportRecord:
        return self.stores.reports.rows[-1]


class Browser:
    """A browser with its own cookies."""

    def __init__(self, launched: LaunchedApp, client: FlaskClient) -> None:
        self.launched = launched
        self.client = client

    @property
    def cookies(self) -> dict[str, str]:
        """What the browser keeps now."""
        return {cookie.key: cookie.value for cookie in (self.client._cookies or {}).values()}

    def keep(self, cookies: dict[str, str]) -> None:
        """Put cookies into the browser."""
        for name, value in cookies.items():
            self.client.set_cookie(name, value)

    def open_from_ehr(self, ehr: CannedEhr, *, place: str = "/launch", **changes: Any) -> TestResponse:
        query = {"iss": ehr.base, "launch": "launch-token-1", **changes}
        given = {name: value for name, value in query.items() if value is not None}
        return self.client.get(f"{place}?{urlencode(given)}", base_url=BASE_URL)

    def bring_back(self, reply: dict[str, str], *, slug: str = "ehr", **kwargs: Any) -> TestResponse:
        """The callback page's form, posted."""
        return self.client.post(f"/launch/callback/{slug}", data=reply, base_url=BASE_URL, **kwargs)

    def launch(self, ehr: CannedEhr, **changes: Any) -> TestResponse:
        """All of it: /launch, the EHR, back."""
        begun = self.open_from_ehr(ehr, **changes)
        assert begun.status_code == 303, self.launched.errors
        return self.bring_back(ehr.authorize(begun.location))


def make_app(*, stores: MemoryStores | None = None, base_url: str = BASE_URL, **settings: Any) -> LaunchedApp:
    """An app with the launch client. `stores`: those of another worker, to share them."""
    app, stores, keys = Flask(__name__), stores or MemoryStores(), MemoryKeys()
    arrived: list[LaunchContext] = []
    failed: list[LaunchError] = []

    def on_launch(context: LaunchContext) -> str:
        arrived.append(context)
        handler = settings_hook.get("on_launch")
        return handler(context) if handler else "welcome"

    def on_error(error: LaunchError, record: ReportRecord) -> tuple[str, int]:
        failed.append(error)
        return f"{error.title}\n{error.what_happened}\n{record.reference}", error.status

    settings_hook: dict[str, Any] = {}
    extension = SmartLaunch(
        app,
        stores=stores.as_stores(),
        signing_keys=keys,
        base_url=base_url,
        on_launch=on_launch,
        on_error=on_error,
        **settings,
    )
    return LaunchedApp(app, stores, keys, extension, arrived, failed, settings_hook)


def query_of(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query, keep_blank_values=True).items()}
