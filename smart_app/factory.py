"""The app, put together from the top: settings, services, protection, launch, pages.

A server begins with what a launch needs. The studio's pages, a third of the app's modules, are put together
when somebody opens them (docs/adr/0013).
"""

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy import text

from launch.extension import SmartLaunch
from smart_app import addresses, errors, logs, rates, security
from smart_app.config import Settings, load_settings
from smart_app.db import Database
from smart_app.keys import KeyRing
from smart_app.organizations.launch_stores import sql_stores
from smart_app.player import views as player_views
from smart_app.player.arrival import arrive, launch_failed
from smart_app.services import EXTENSION, Services, services
from smart_app.trust import views as trust_views
from smart_app.visits import session as visit_session

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

STUDIO = "/studio"


def create_app(settings: Settings | None = None) -> Flask:
    """The whole WSGI app. Raises SettingsError or KeysError, whose messages say what to do."""
    return with_studio(_hold(settings or load_settings()))


class WorkerApp:
    """The WSGI app of a worker: the player at once, the studio at the first request for one of its pages."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError or KeysError, whose messages say what to do."""
        self._held = _hold(settings)
        self.player = _app(self._held)
        # The player's pages lead to these two; the other app answers them.
        self.player.add_url_rule(f"{STUDIO}/", endpoint="studio.entry", build_only=True)
        self.player.add_url_rule(f"{STUDIO}/<uuid:visit>/", endpoint="studio.home", build_only=True)
        self._whole: Flask | None = None
        self._one_at_a_time = threading.Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """PEP 3333."""
        first = environ.get("PATH_INFO", "").split("/", 2)[1:2]
        app = self._with_studio() if first == [STUDIO[1:]] else self.player
        return app(environ, start_response)

    def _with_studio(self) -> Flask:
        if self._whole is None:
            with self._one_at_a_time:
                self._whole = self._whole or with_studio(self._held)
        return self._whole


def with_studio(held: Services) -> Flask:
    """The app with every page."""
    from smart_app.studio import views as studio_views

    app = _app(held)
    app.register_blueprint(studio_views.blueprint)
    return app


def _hold(settings: Settings) -> Services:
    logs.configure()
    return Services(settings, Database(settings.database_url), KeyRing.load(settings.keys))


def _app(held: Services) -> Flask:
    """All but the studio."""
    app = Flask("smart_app")
    app.extensions[EXTENSION] = held
    security.protect(app)
    errors.register(app)
    addresses.install(app)
    _answer_probes(app)
    _open_to_ehrs(app, held)
    visit_session.install(app)
    app.register_blueprint(player_views.blueprint)
    app.register_blueprint(trust_views.blueprint)
    return app


def _open_to_ehrs(app: Flask, held: Services) -> None:
    """The SMART App Launch client, behind our own stores."""
    stores = sql_stores(held.database, held.keys)
    settings = held.settings
    rates.limit_rates(app, settings, lambda iss: getattr(stores.registrations.find_by_iss(iss), "id", None))
    SmartLaunch(
        app,
        stores=stores,
        signing_keys=held.keys,
        base_url=settings.base_url,
        on_launch=arrive,
        on_error=launch_failed,
        https_proxy=settings.https_proxy or None,
        ca_file=str(settings.ca_file) if settings.ca_file else None,
    )


def _answer_probes(app: Flask) -> None:
    """/healthz: the process lives. /readyz: it can reach its database."""

    @app.get("/healthz")
    def healthz() -> tuple[str, int]:
        return "ok\n", 200

    @app.get("/readyz")
    def readyz() -> tuple[str, int]:
        with services().database.reading() as session:
            session.execute(text("SELECT 1"))
        return "ready\n", 200
