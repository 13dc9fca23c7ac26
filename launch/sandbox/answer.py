"""The launch context in the token response (SMART 2.2, "Launch context arrives with your access token")."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from launch.sandbox.behaviour import with_changes
from launch.sandbox.identity import find_fhir_user, sign_id_token
from launch.sandbox.memory import Launch, Token

if TYPE_CHECKING:
    from launch.sandbox.ehr import SandboxEhr


def token_members(ehr: "SandboxEhr", *, issued: Token, body: dict[str, Any], nonce: str | None) -> dict[str, Any]:
    """The whole token response: `body` as OAuth made it, with id_token and context."""
    granted = set(issued.scope.split())
    if "openid" in granted and not ehr.behaviour.omit_id_token:
        body["id_token"] = _id_token(ehr, issued=issued, nonce=nonce, with_user="fhirUser" in granted)
        ehr.memory.add_id_token(body["id_token"])
    body.update(_context(ehr, issued=issued, granted=granted))
    if ehr.behaviour.tenant or issued.launch.tenant:
        body["tenant"] = issued.launch.tenant or ehr.behaviour.tenant
    if ehr.behaviour.fhir_user_in_token_response and "fhirUser" in granted:
        body["fhirUser"] = _fhir_user(ehr, issued)
    if ehr.behaviour.send_style:
        body["smart_style_url"] = ehr.style_url
    return with_changes(body, ehr.behaviour.token_response)


def _id_token(ehr: "SandboxEhr", *, issued: Token, nonce: str | None, with_user: bool) -> str:
    user = _fhir_user(ehr, issued) if with_user else None
    return sign_id_token(
        keys=ehr.keys, behaviour=ehr.behaviour, issuer=ehr.token_issuer, client_id=issued.client_id,
        launch=issued.launch, nonce=nonce, fhir_user=user,
    )  # fmt: skip


def _fhir_user(ehr: "SandboxEhr", issued: Token) -> str | None:
    return find_fhir_user(issued.launch, behaviour=ehr.behaviour, fhir_base=ehr.fhir_base, search=ehr.matching)


def _context(ehr: "SandboxEhr", *, issued: Token, granted: set[str]) -> dict[str, Any]:
    launch = issued.launch
    if not issued.ehr_launch:
        return {"patient": _id(launch.patient)} if launch.patient and "launch/patient" in granted else {}
    if "launch" not in granted:
        return {}
    members: dict[str, Any] = {
        "patient": _id(launch.patient),
        "encounter": _id(launch.encounter),
        "intent": launch.intent,
        "fhirContext": _fhir_context(launch, ehr.behaviour.task_in) or None,
        "appContext": _app_context(launch, ehr.behaviour.task_in),
    }
    banner = launch.need_patient_banner
    members["need_patient_banner"] = ehr.behaviour.need_patient_banner if banner is None else banner
    return {name: value for name, value in members.items() if value is not None}


def _fhir_context(launch: Launch, task_in: str) -> list[Mapping[str, Any]]:
    task = [{"reference": launch.task}] if launch.task and task_in == "fhirContext" else []
    return [*task, *launch.fhir_context]


def _app_context(launch: Launch, task_in: str) -> str | None:
    if launch.app_context is not None:
        return launch.app_context if isinstance(launch.app_context, str) else json.dumps(launch.app_context)
    return json.dumps({"task": launch.task}) if launch.task and task_in == "appContext" else None


def _id(reference: str | None) -> str | None:
    return reference.rpartition("/")[2] if reference else None
