"""The peer: a SMART app as fhirclient's own documentation shows it, doing the same reads. Serve with gunicorn."""

import base64
import json
import os
from html import escape
from typing import Any

from fhirclient.client import FHIRClient
from fhirclient.models.encounter import Encounter
from fhirclient.models.practitioner import Practitioner
from fhirclient.models.practitionerrole import PractitionerRole
from fhirclient.models.task import Task
from flask import Flask, redirect, request, session
from flask.typing import ResponseReturnValue

app = Flask(__name__)
app.secret_key = os.environ["PEER_SECRET"]
SCOPE = "openid fhirUser user/Practitioner.rs user/PractitionerRole.rs user/Encounter.r user/Task.rs"


def keep(state: dict[str, Any]) -> None:
    session["smart"] = state


@app.get("/launch")
def launch() -> ResponseReturnValue:
    about = {"api_base": request.args["iss"], "launch_token": request.args["launch"], "scope": SCOPE}
    about |= {"app_id": "peer", "redirect_uri": f"{os.environ['PEER_URL']}/callback"}
    return redirect(FHIRClient(settings=about, save_func=keep).authorize_url)


@app.get("/callback")
def callback() -> ResponseReturnValue:
    smart = FHIRClient(state=session["smart"], save_func=lambda state: None)
    smart.handle_callback(request.url)
    payload = smart.launch_context["id_token"].split(".")[1]
    who = json.loads(base64.urlsafe_b64decode(payload + "=="))["fhirUser"].rpartition("/")[2]
    person = Practitioner.read(who, smart.server)
    roles = PractitionerRole.where({"practitioner": who}).perform_resources(smart.server)
    tasks = Task.where({"owner": who, "status": "requested,in-progress"}).perform_resources(smart.server)
    encounter = Encounter.read(smart.launch_context["encounter"], smart.server)
    words = [person.name[0].family, roles[0].code[0].coding[0].display, tasks[0].code.coding[0].code]
    return f"<h1>Launched</h1><p>{escape(', '.join([*words, encounter.class_fhir.code]))}</p>"


@app.get("/readyz")
def ready() -> str:
    return "ready"
