"""`SmartLaunch`: the SMART App Launch client as a Flask extension.

    SmartLaunch(app, stores=..., signing_keys=..., base_url="https://app.example",
                on_launch=arrive, on_error=explain)

`on_launch` gets a :class:`launch.context.LaunchContext` after every check and
answers the browser. `on_error` gets the :class:`launch.errors.LaunchError` and the
report's record, and renders the page. Both run inside the request.
"""

import sys
from collections.abc import Callable

from flask import Flask, Response, g, make_response
from flask.typing import ResponseReturnValue

from launch.client import LaunchClient
from launch.context import LaunchContext
from launch.errors import LaunchError
from launch.outbound import Door
from launch.report import LaunchReport
from launch.stores import ReportRecord, SigningKeys, Stores


class SmartLaunch:
    """Registers the routes of :mod:`launch.blueprint` on `app`."""

    def __init__(
        self,
        app: Flask,
        *,
        stores: Stores,
        signing_keys: SigningKeys,
        base_url: str,
        on_launch: Callable[[LaunchContext], ResponseReturnValue],
        on_error: Callable[[LaunchError, ReportRecord], ResponseReturnValue],
        https_proxy: str | None = None,
        ca_file: str | None = None,
    ) -> None:
        """`base_url`: this app's own origin, the only source of redirect URIs.

        `https_proxy`, `ca_file`: for outbound calls; the environment is not read.
        """
        from launch.blueprint import blueprint

        door = Door(https_proxy=https_proxy, ca_file=ca_file)
        self.client = LaunchClient(stores=stores, keys=signing_keys, base_url=base_url, door=door)
        self._on_launch = on_launch
        self._on_error = on_error
        app.extensions["smart_launch"] = self
        app.register_blueprint(blueprint)

    def arrive(self, context: LaunchContext) -> Response:
        """Hand `context` to the app; afterwards the token is forgotten and the report kept."""
        g.frame_ancestors = context.registration.frame_ancestors
        report, launched = context.report, False
        try:
            response = make_response(self._on_launch(context))
            launched = True
            return response
        finally:
            context.fhir.close()
            if not isinstance(sys.exc_info()[1], LaunchError):  # of those, `fail` keeps the report
                self.client.stores.reports.write(report.finish() if launched else report.finish_with_fault())

    def fail(self, error: LaunchError, report: LaunchReport) -> Response:
        """Keep the report of a failed launch, and show why."""
        record = report.finish(error)
        self.client.stores.reports.write(record)
        response = make_response(self._on_error(error, record))
        if response.status_code < 400:
            response.status_code = error.status
        return response
