"""Addresses on which everything goes wrong: each answers with one page for failures, made by the real handlers."""

from datetime import UTC, datetime

from flask import Flask, abort, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError

from launch import identity_errors
from launch.errors import LaunchError
from launch.stores import ReportRecord
from smart_app.ledger import KeyReused
from smart_app.player.arrival import launch_failed
from smart_app.player.offered import NotOffered
from smart_app.player.telling import BadKey

REFUSALS = (400, 403, 404, 405, 409, 413, 429, 503)
FAULTS: dict[str, type[Exception]] = {
    "a mistake of ours": RuntimeError,
    "nothing of that name is offered": NotOffered,
    "a key sent again with other content": KeyReused,
    "a key that is none": BadKey,
}
A_LONG_REASON = "https://fhir.a-hospital-with-a-rather-long-name.example/interconnect-prd-oauth/api/FHIR/R4 is unknown"


def launch_errors(kind: type[LaunchError] = LaunchError) -> list[type[LaunchError]]:
    """All ways in which a launch can fail."""
    assert identity_errors.StaffOnly in LaunchError.__subclasses__(), "steps 6 to 8 are there too"
    below = [each for child in kind.__subclasses__() for each in (child, *launch_errors(child))]
    return sorted(below, key=lambda each: each.__name__)


def install(app: Flask) -> None:
    """Add the addresses, before the first request."""
    app.add_url_rule("/mishap/refused/<int:status>", "mishap-refused", lambda status: abort(status))
    app.add_url_rule("/mishap/fault/<kind>", "mishap-fault", _fault)
    app.add_url_rule("/mishap/database", "mishap-database", _database)
    app.add_url_rule("/mishap/launch/<name>", "mishap-launch", _launch)
    app.add_url_rule("/mishap/authorize", "mishap-authorize", _authorize)


def _fault(kind: str) -> ResponseReturnValue:
    raise FAULTS[kind]("made for a test")


def _database() -> ResponseReturnValue:
    raise OperationalError("SELECT 1", {}, Exception("database is locked"))


def _launch(name: str) -> ResponseReturnValue:
    error = next(kind for kind in launch_errors() if kind.__name__ == name)(A_LONG_REASON)
    error.new_window_url = "/launch?way_out=1" if error.way_out_helps else None
    report = ReportRecord(
        reference="7F3K-92QD",
        organization=None,
        registration_id=None,
        ehr_name=None,
        outcome="failed",
        error=name,
        reason=error.reason,
        steps=(),
        missing=(),
        started_at=datetime.now(UTC),
        milliseconds=120,
    )
    return launch_failed(error, report)


def _authorize() -> ResponseReturnValue:
    form = {"action": "https://ehr.example/authorize", "fields": {"state": "made-up"}}
    return render_template("launch/authorize.html", form=form, stylesheet="/static/preceptor.css")
