"""The app, put together from the top: settings, services, protection, launch, pages."""

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
from smart_app.studio import views as studio_views
from smart_app.trust import views as trust_views
from smart_app.visits import session as visit_session


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI app. Raises SettingsError or KeysError, whose messages say what to do."""
    settings = settings or load_settings()
    logs.configure()
    app = Flask("smart_app")
    held = Services(settings, Database(settings.database_url), KeyRing.load(settings.keys))
    app.extensions[EXTENSION] = held
    security.protect(app)
    errors.register(app)
    addresses.install(app)
    _answer_probes(app)
    _open_to_ehrs(app, held)
    visit_session.install(app)
    app.register_blueprint(player_views.blueprint)
    app.register_blueprint(trust_views.blueprint)
    app.register_blueprint(studio_views.blueprint)
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
