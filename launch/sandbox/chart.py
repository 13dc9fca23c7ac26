"""The chart page: an EHR's screen with the app in its sidebar.

All state is in the URL, since a test may block every cookie:
``/?person=Practitioner/1&open=Task/2&beside=Patient/3&intent=...&placement=...``.
Each showing of the page makes fresh one-use launches, as an EHR does when a chart opens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from launch.sandbox.chart_view import OpenChart, Workplace, find_workplace, open_chart
from launch.sandbox.clients import Client
from launch.sandbox.ehr import SandboxEhr, current_ehr
from launch.sandbox.fhir_source import FhirProblem
from launch.sandbox.memory import Launch
from launch.sandbox.policy import content_policy

blueprint = Blueprint("chart", __name__)


@dataclass(frozen=True, kw_only=True)
class Tab:
    """An open chart with the app launched in it."""

    chart: OpenChart
    launch_url: str
    standalone_url: str


@blueprint.get("/")
def show() -> ResponseReturnValue:
    """The chart, or a page that says what is missing."""
    ehr = current_ehr()
    workplace = find_workplace(request.args.get("person"), search=ehr.matching)
    client = ehr.clients.get(request.args.get("app", "")) or next(iter(ehr.clients.values()), None)
    if workplace is None or client is None:
        missing = "No FHIR resources with staff." if workplace is None else "No app is registered here."
        return render_template("empty.html", missing=missing), 200
    tabs = [_tab(ehr, client, workplace, chart) for chart in _charts(ehr, workplace)]
    page = render_template(
        "chart.html",
        place=workplace,
        client=client,
        clients=list(ehr.clients.values()),
        tabs=tabs,
        asked=request.args,
        link=_link,
    )
    response = make_response(page)
    response.headers["Content-Security-Policy"] = content_policy(frames=(client.origin,))
    response.headers["Cache-Control"] = "no-store"
    return response


def _charts(ehr: SandboxEhr, workplace: Workplace) -> list[OpenChart]:
    """One or two open charts: those asked for, else the person's first task or visit."""
    # After a switch of person the chart of the one before is closed, as on a shared workstation.
    is_same_person = request.args.get("was", workplace.person.reference) == workplace.person.reference
    asked = [request.args.get(name, "") for name in ("open", "beside")] if is_same_person else []
    found = [open_chart(reference, read=_reader(ehr)) for reference in dict.fromkeys(filter(None, asked))]
    charts = [chart for chart in found if chart is not None]
    first = (*workplace.tasks, *workplace.schedule)
    if charts or not first:
        return charts or [_nothing_open()]
    opened = open_chart(first[0].opens, read=_reader(ehr))
    return [opened or _nothing_open()]


def _tab(ehr: SandboxEhr, client: Client, workplace: Workplace, chart: OpenChart) -> Tab:
    placement = request.args.get("placement") or None
    launch = Launch(
        client_id=client.client_id,
        person=workplace.person.reference,
        patient=chart.patient,
        encounter=chart.encounter,
        task=chart.task,
        intent=request.args.get("intent") or None,
        placement=placement if placement in client.placements else None,
        need_patient_banner=False,  # the chart shows one itself
    )
    return Tab(
        chart=chart,
        launch_url=ehr.launch_url(launch),
        standalone_url=ehr.standalone_url(client.client_id, launch.placement),
    )


def _reader(ehr: SandboxEhr) -> Any:
    def read(reference: str) -> Mapping[str, Any] | None:
        resource_type, _, resource_id = reference.partition("/")
        if resource_type not in ("Task", "Encounter", "Patient") or not resource_id or "/" in resource_id:
            return None
        try:
            return ehr.source.read(resource_type, resource_id)
        except FhirProblem:
            return None

    return read


def _link(**changes: str) -> str:
    """This page with some of its state changed; the person whose chart it was stays said."""
    kept = {name: value for name, value in request.args.items() if name != "was"}
    state = {name: value for name, value in {**kept, **changes}.items() if value}
    return f"/?{urlencode(state)}"


def _nothing_open() -> OpenChart:
    return OpenChart(
        opened="", patient=None, encounter=None, task=None, banner=None, visit=(), work=(), description="", content=None
    )  # fmt: skip
