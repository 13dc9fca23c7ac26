"""`preceptor organization`, `ehr` and `report`, as an EHR analyst uses them."""

import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smart_app.cli import main
from smart_app.organizations.launch_stores import REMEMBERED_SECONDS
from tests.plugins.app import RealApp

ADD = ["ehr", "add", "--organization", "Lakeside", "--name", "Second", "--client-id", "c"]
ISS = ["--iss", "https://second.example/fhir"]


def run(app: RealApp, *arguments: str) -> Result:
    settings = app.services.settings
    environment = {
        "PRECEPTOR_DATABASE_URL": settings.database_url,
        "PRECEPTOR_KEYS": str(settings.keys),
        "PRECEPTOR_BASE_URL": "https://preceptor.example",
    }
    return CliRunner().invoke(main, arguments, env=environment)


def test_an_organization_is_added_once_and_listed(app: RealApp) -> None:
    assert run(app, "organization", "add", "Hillside").exit_code == 0
    again = run(app, "organization", "add", "Hillside")
    assert again.exit_code == 1
    assert 'There is an organization "Hillside" already.' in again.output
    assert run(app, "organization", "list").output == "Hillside\nLakeside\n"


def test_a_registered_ehr_can_launch_at_once_and_a_removed_one_no_more(app: RealApp) -> None:
    removed = run(app, "ehr", "remove", "--organization", "Lakeside", "--name", "Lakeside demo EHR")
    assert removed.exit_code == 0
    iss = ["--iss", app.ehr.base, "--frame-ancestor", app.ehr.origin]
    added = run(app, *ADD[:-1], app.ehr.client_id, *iss)
    assert added.exit_code == 0, added.output
    assert app.launch().get().status_code == 200
    run(app, "ehr", "remove", "--organization", "Lakeside", "--name", "Second")
    time.sleep(REMEMBERED_SECONDS)
    assert app.begin(app.browser()).status_code == 400


def test_registering_says_what_to_enter_at_the_ehr(app: RealApp) -> None:
    said = run(app, *ADD, *ISS, "--auth", "private_key_jwt", "--callback", "second").output
    assert "https://preceptor.example/launch\n" in said
    assert "https://preceptor.example/launch/callback/second" in said
    assert "https://preceptor.example/.well-known/jwks.json" in said
    assert "Second\thttps://second.example/fhir\tprivate_key_jwt" in run(app, "ehr", "list").output


@pytest.mark.parametrize(
    "wrong",
    [
        ["--frame-ancestor", "https://*"],
        ["--frame-ancestor", "https://ehr.example/path"],
        ["--frame-ancestor", "https://ehr.example; script-src *"],
        ["--frame-ancestor", "*"],
        ["--frame-ancestor", "http://user@ehr.example"],
        ["--callback", "../x"],
        ["--callback", "A B"],
        ["--jwks-uri", "file:///etc/passwd"],
        ["--token-issuer", "x"],
    ],
)
def test_an_address_that_would_not_work_or_would_harm_is_refused(app: RealApp, wrong: list[str]) -> None:
    assert run(app, *ADD, *ISS, *wrong).exit_code == 2


@pytest.mark.parametrize("iss", ["ehr.example", "file:///etc", "https://user@ehr.example/fhir", ""])
def test_an_issuer_that_is_no_address_is_refused(app: RealApp, iss: str) -> None:
    assert run(app, *ADD, "--iss", iss).exit_code == 2


def test_the_same_issuer_twice_is_refused(app: RealApp) -> None:
    again = run(app, *ADD, "--iss", app.ehr.base + "/")
    assert again.exit_code == 1
    assert "is registered already" in again.output


def test_a_failed_launch_is_read_by_its_reference(app: RealApp) -> None:
    page = app.browser().get("/launch?iss=https://unknown.example/fhir&launch=x").text
    reference = page.partition("<code><b>")[2].partition("</b>")[0]
    said = run(app, "report", reference.lower()).output
    assert "failed" in said
    assert "EHR: not registered here" in said
    assert "IssuerUnknown" in said
    assert "unknown.example" not in said


def test_an_unknown_reference_is_said_to_be_unknown(app: RealApp) -> None:
    assert "No report 0000-0000" in run(app, "report", "0000-0000").output


def test_a_database_that_was_never_migrated_is_named(tmp_path: Path) -> None:
    environment = {"PRECEPTOR_DATA_DIR": str(tmp_path)}
    said = CliRunner().invoke(main, ["organization", "list"], env=environment)
    assert said.exit_code == 1
    assert "Run: preceptor migrate" in said.output
