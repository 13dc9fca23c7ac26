"""`preceptor doctor` against every EHR style and every fault: what it says is what a launch then meets."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from launch.doctor import Diagnosis, diagnose
from launch.outbound import Door
from launch.sandbox.ehr import SandboxEhr
from launch.sandbox.faults import Fault
from launch.sandbox.identity import SigningKeys
from launch.sandbox.server import running_sandbox
from launch.sandbox.styles import STYLES
from smart_app.cli import main
from tests.ehr.faults import FAULTS

KEY = SigningKeys().newest
SETTINGS, METADATA, KEY_SET = "/fhir/.well-known/*", "/fhir/metadata", "/oauth/jwks"
BROKEN = {
    name: fault for name, fault in FAULTS.items() if fault.get("kind") not in (None, "many entries", "broken entry")
}
BROKEN.pop("429, once, one second")
BROKEN.pop("expired token")  # there is no token


@contextmanager
def ehr_like(style: str) -> Iterator[SandboxEhr]:
    with running_sandbox(resources=[], keys=SigningKeys(KEY), style=style) as ehr:
        yield ehr


@pytest.fixture(scope="module")
def plain() -> Iterator[SandboxEhr]:
    with ehr_like("plain") as ehr:
        yield ehr


@pytest.fixture
def changed(plain: SandboxEhr) -> Iterator[SandboxEhr]:
    """A plain EHR whose settings document the test changes."""
    yield plain
    plain.behaviour.discovery = {}
    plain.faults.clear()


def look(ehr: SandboxEhr) -> Diagnosis:
    return diagnose(ehr.iss, Door())


def graded(seen: Diagnosis, grade: str) -> list[str]:
    return [finding.subject for finding in seen.findings if finding.grade == grade]


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["doctor", *arguments])


# Written by hand: (exit code, what falls back, what it is recognised as).
EXPECTED = {
    "plain": (0, [], None),
    "epic": (0, [], "Epic"),
    "oracle": (1, ["scopes", "PractitionerRole", "Task", "token issuer"], "Oracle Health"),
    "athena": (1, ["scopes", "PractitionerRole", "Task"], "athenahealth"),
    "meditech": (1, ["Task"], "MEDITECH"),
    "openemr": (1, ["scopes", "Task"], "OpenEMR"),
    "medplum": (0, [], "Medplum"),
}


@pytest.mark.parametrize("style", STYLES)
def test_each_style_gets_its_verdict(style: str) -> None:
    code, fallbacks, name = EXPECTED[style]
    with ehr_like(style) as ehr:
        seen = look(ehr)
        said = run(ehr.iss, "--json")
    assert (seen.exit_code, graded(seen, "falls back"), graded(seen, "fails")) == (code, fallbacks, [])
    assert (seen.known.name if seen.known else None) == name
    assert said.exit_code == code
    assert json.loads(said.output)["ehr"] == name


def test_the_words_tell_what_falls_back_and_what_to_register(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRECEPTOR_BASE_URL", "https://preceptor.example")
    with ehr_like("athena") as ehr:
        said = run(ehr.iss, "--callback", "lakeside")
    assert said.exit_code == 1
    assert "user/Task.rs  " not in said.output
    for line in (
        f"{ehr.iss}: launches work, with fallbacks",
        "This is athenahealth. Read docs/ehr/athenahealth.md.",
        "PractitionerRole: the job role is asked once, remembered, and marked as said by the learner",
        "Task: the place of the launch, its intent and the encounter's class choose the tutorial",
        "https://preceptor.example/launch/callback/lakeside",
        "https://preceptor.example/.well-known/jwks.json",
        "the class of the open encounter (inpatient, ambulatory); nothing else of it is read",
        "PractitionerRole, Task: the EHR has none, and some refuse the whole sign-in for asking",
        f"--iss {ehr.iss} --client-id ID --auth private_key_jwt --signing-algorithm ES384",
        "--without-scope PractitionerRole --without-scope Task",
    ):
        assert line in said.output


def test_a_type_that_only_the_scopes_lack_is_left_out_once_the_ehr_refuses_it(changed: SandboxEhr) -> None:
    changed.behaviour.discovery = {"scopes_supported": ["openid", "fhirUser", "user/*.r", "user/PractitionerRole.rs"]}
    said = run(changed.iss)
    assert "refuses the sign-in with invalid_scope, register it with --without-scope Task" in said.output
    assert "--without-scope" not in said.output.splitlines()[-1]


def test_where_nothing_falls_back_it_says_nothing(plain: SandboxEhr) -> None:
    assert "What will fall back\n  Nothing.\n" in run(plain.iss).output


def test_json_holds_all_that_the_words_hold(plain: SandboxEhr) -> None:
    said = json.loads(run(plain.iss, "--json").output)
    assert set(said) == {
        *("iss", "verdict", "exit_code", "ehr", "guide", "hints", "findings", "fallbacks"),
        *("register_at_the_ehr", "scopes", "register_here", "steps"),
    }
    assert [step["name"] for step in said["steps"] if step["outcome"] == "ok"][-1] == "fetch key set"
    assert said["scopes"]["user/Task.rs"].startswith("the code of the open task")


def test_oracle_is_told_to_pin_issuer_and_keys() -> None:
    with ehr_like("oracle") as ehr:
        said = run(ehr.iss)
    assert "--token-issuer URL --jwks-uri URL" in said.output


def test_the_guide_of_every_known_ehr_is_there() -> None:
    from launch.known_ehrs import KNOWN_EHRS

    root = Path(__file__).resolve().parents[2]
    assert [known.guide for known in KNOWN_EHRS if not (root / known.guide).is_file()] == []


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("path", [SETTINGS, KEY_SET])
def test_without_settings_or_keys_no_launch_will_work(changed: SandboxEhr, path: str, fault: str) -> None:
    changed.faults.add(Fault(path=path, **BROKEN[fault]))
    if path == SETTINGS:  # else the CapabilityStatement stands in
        changed.faults.add(Fault(path=METADATA, kind="status", status=503))
    began = time.monotonic()
    seen = look(changed)
    assert time.monotonic() - began < 12
    assert seen.exit_code == 2
    assert graded(seen, "fails") == ["settings" if path == SETTINGS else "keys"]
    assert all(finding.do for finding in seen.findings if finding.grade == "fails")


@pytest.mark.parametrize("fault", BROKEN)
def test_without_a_capability_statement_launches_work_unseen(changed: SandboxEhr, fault: str) -> None:
    changed.faults.add(Fault(path=METADATA, **BROKEN[fault]))
    seen = look(changed)
    assert (seen.exit_code, graded(seen, "falls back")) == (1, ["FHIR"])


@pytest.mark.parametrize("fault", ["403", "HTML instead of JSON", "truncated JSON"])
def test_an_ehr_with_metadata_only_is_registered_so(changed: SandboxEhr, fault: str) -> None:
    changed.faults.add(Fault(path=SETTINGS, **BROKEN[fault]))
    seen = look(changed)
    assert seen.exit_code == 1
    assert seen.registration.legacy_metadata
    assert "--scopes v1 --legacy-metadata --jwks-uri URL" in run(changed.iss).output


@pytest.mark.parametrize("fault", ["500", "slow: 10 seconds", "429, Retry-After absurd"])
def test_an_ehr_that_is_tired_is_not_taken_for_an_old_one(changed: SandboxEhr, fault: str) -> None:
    changed.faults.add(Fault(path=SETTINGS, **BROKEN[fault]))
    seen = look(changed)
    assert seen.exit_code == 2
    assert not seen.registration.legacy_metadata


@pytest.mark.parametrize(
    ("document", "subject", "grade"),
    [
        ({"token_endpoint": None}, "settings", "fails"),
        ({"token_endpoint": "http://elsewhere.example/token"}, "settings", "fails"),
        ({"issuer": "javascript:1"}, "settings", "fails"),
        ({"jwks_uri": None}, "keys", "fails"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE", "falls back"),
        ({"capabilities": None}, "launch", "falls back"),
        ({"capabilities": ["launch-standalone", "sso-openid-connect"]}, "launch", "falls back"),
        ({"capabilities": ["launch-ehr"]}, "identity", "falls back"),
        ({"capabilities": ["launch-ehr", "sso-openid-connect"]}, "encounter context", "falls back"),
        ({"scopes_supported": ["openid", "fhirUser", "user/Practitioner.rs"]}, "scopes", "falls back"),
        ({"token_endpoint_auth_methods_supported": ["client_secret_post"]}, "app sign-in", "falls back"),
        ({"token_endpoint_auth_methods_supported": None}, "app sign-in", "falls back"),
    ],
)
def test_what_the_settings_lack_is_named(
    changed: SandboxEhr, document: dict[str, Any], subject: str, grade: str
) -> None:
    changed.behaviour.discovery = document
    seen = look(changed)
    assert subject in graded(seen, grade)
    assert seen.exit_code == (2 if grade == "fails" else 1)


@pytest.mark.parametrize(
    ("document", "auth"),
    [
        ({}, "private_key_jwt"),
        ({"token_endpoint_auth_signing_alg_values_supported": ["RS256"]}, "client_secret_basic"),
        ({"token_endpoint_auth_methods_supported": ["client_secret_basic"]}, "client_secret_basic"),
        ({"token_endpoint_auth_methods_supported": ["none"]}, "public"),
    ],
)
def test_the_strongest_sign_in_that_is_offered_is_advised(
    changed: SandboxEhr, document: dict[str, Any], auth: str
) -> None:
    changed.behaviour.discovery = document
    assert look(changed).registration.auth == auth


def test_an_ehr_that_knows_smart_1_only_is_asked_in_its_words(changed: SandboxEhr) -> None:
    reads = [f"user/{name}.read" for name in ("Practitioner", "PractitionerRole", "Person", "Encounter", "Task")]
    capabilities = ["launch-ehr", "sso-openid-connect", "context-ehr-encounter", "permission-v1"]
    changed.behaviour.discovery = {"scopes_supported": ["openid", "fhirUser", *reads], "capabilities": capabilities}
    said = run(changed.iss)
    assert (said.exit_code, "--scopes v1" in said.output, "user/Task.read" in said.output) == (0, True, True)


def test_another_version_of_fhir_does_not_work(changed: SandboxEhr) -> None:
    body = json.dumps({"resourceType": "CapabilityStatement", "fhirVersion": "3.0.2"})
    changed.faults.add(Fault(path=METADATA, kind="body", body=body, status=200))
    assert graded(look(changed), "fails") == ["FHIR"]


@pytest.mark.parametrize("iss", ["lakeside", "file:///etc/passwd", "https://user@ehr.example/fhir"])
def test_what_is_no_fhir_base_is_not_asked(iss: str) -> None:
    seen = diagnose(iss, Door())
    assert (seen.exit_code, seen.steps) == (2, ())


def test_nobody_there_does_not_work() -> None:
    assert diagnose("http://127.0.0.1:9/fhir", Door()).exit_code == 2


def test_wrong_settings_of_our_own_are_not_taken_for_the_ehrs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRECEPTOR_BASE_URL", "http://preceptor.example")
    said = run("https://ehr.example/fhir")
    assert (said.exit_code, "PRECEPTOR_BASE_URL" in said.output) == (3, True)
