"""`preceptor ehr`: what an analyst registers here, and the sheet of what to register there."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from smart_app.cli import main
from smart_app.db import closing_database
from smart_app.keys import KeyRing
from smart_app.organizations.models import EhrRegistration
from smart_app.organizations.secrets_at_rest import client_secret_of

SECRET = "canary-secret:with a colon"


class Analyst:
    """Somebody at the command line, with one organization."""

    def __init__(self, url: str, folder: Path, keys: Path) -> None:
        self.url, self.keys = url, keys
        self.environment = {
            "PRECEPTOR_DATABASE_URL": url,
            "PRECEPTOR_DATA_DIR": str(folder),
            "PRECEPTOR_KEYS": str(keys),
            "PRECEPTOR_BASE_URL": "https://preceptor.lakeside.example",
        }
        self.runs("organization", "add", "Lakeside")

    def tries(self, *command: str, stdin: str = "") -> Result:
        return CliRunner().invoke(main, command, env=self.environment, input=stdin)

    def runs(self, *command: str, stdin: str = "") -> str:
        result = self.tries(*command, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.output

    def adds(self, name: str, *options: str, stdin: str = "") -> Result:
        iss = f"https://{name.replace(' ', '-').lower()}.example/fhir"
        base = ("ehr", "add", "--organization", "Lakeside", "--name", name, "--iss", iss)
        client = () if "--client-id" in options else ("--client-id", "preceptor-client")
        return self.tries(*base, *client, *options, stdin=stdin)

    def row(self, name: str) -> EhrRegistration:
        with closing_database(self.url) as database, database.reading() as session:
            return session.scalars(select(EhrRegistration).where(EhrRegistration.name == name)).one()


@pytest.fixture
def analyst(database_url: str, tmp_path: Path, key_path: Path) -> Analyst:
    return Analyst(database_url, tmp_path, key_path)


@pytest.fixture
def quick(sqlite_url: str, tmp_path: Path, key_path: Path) -> Analyst:
    return Analyst(sqlite_url, tmp_path, key_path)


def test_a_client_secret_comes_by_standard_input_and_is_encrypted_at_rest(analyst: Analyst) -> None:
    basic = ("--auth", "client_secret_basic", "--client-secret-stdin")
    added = analyst.adds("Open EHR", *basic, stdin=SECRET + "\n")
    assert added.exit_code == 0, added.output
    assert SECRET not in added.output
    row, keys = analyst.row("Open EHR"), KeyRing.load(analyst.keys)
    assert row.client_secret is not None
    assert SECRET.encode() not in row.client_secret
    assert client_secret_of(row, keys=keys) == SECRET


@pytest.mark.parametrize(
    ("options", "stdin", "says"),
    [
        (("--auth", "client_secret_basic"), "", "--client-secret-stdin"),
        (("--auth", "client_secret_basic", "--client-secret-stdin"), "\n", "one line with the secret"),
        (("--auth", "client_secret_basic", "--client-secret-stdin"), "a\nb\n", "one line with the secret"),
        (("--client-secret-stdin",), SECRET, "--auth client_secret_basic"),
        (("--legacy-metadata",), "", "--jwks-uri"),
        (("--style-origin", "https://style.example/path"), "", "--style-origin"),
        (("--style-origin", "https://*.example"), "", "--style-origin"),
        (("--frame-ancestor", "https://a.example;script-src"), "", "--frame-ancestor"),
        (("--feature", "patients"), "", "assignments"),
    ],
)
def test_what_does_not_fit_is_said_with_what_to_write(
    quick: Analyst, options: tuple[str, ...], stdin: str, says: str
) -> None:
    refused = quick.adds("Open EHR", *options, stdin=stdin)
    assert refused.exit_code != 0
    assert says in refused.output
    assert quick.runs("ehr", "list") == ""


def test_all_options_reach_the_row(analyst: Analyst) -> None:
    added = analyst.adds(
        *("Old EHR", "--scopes", "v1", "--legacy-metadata", "--jwks-uri", "https://old.example/jwks"),
        *("--token-issuer", "https://old.example/oauth2", "--callback", "old", "--stage", "test"),
        *("--style-origin", "https://style.example", "--feature", "assignments"),
    )
    assert added.exit_code == 0, added.output
    row = analyst.row("Old EHR")
    assert (row.scopes, row.legacy_metadata, row.callback, row.stage) == ("v1", True, "old", "test")
    assert row.style_origins == ["https://style.example"]
    assert row.extra_scopes == ["user/Task.cu", "online_access"]


ISSUERS = (("--token-issuer", "https://one.example/oauth2"), ("--token-issuer", "https://two.example/oauth2"))


def test_one_callback_serves_several_ehrs_of_one_client_told_apart_by_their_issuers(analyst: Analyst) -> None:
    """Callback: shared only with the same client_id and distinct pinned id_token issuers."""
    assert analyst.adds("One", "--callback", "shared", *ISSUERS[0]).exit_code == 0
    assert analyst.adds("Two", "--callback", "shared", *ISSUERS[1]).exit_code == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ISSUERS[0], (*ISSUERS[1], "--client-id", "another-client")),
        (ISSUERS[0], ISSUERS[0]),
        (ISSUERS[0], ()),
        ((), ISSUERS[1]),
        ((), ()),
    ],
)
def test_a_callback_is_not_shared_otherwise(quick: Analyst, first: tuple[str, ...], second: tuple[str, ...]) -> None:
    """Callback: shared only with the same client_id and distinct pinned id_token issuers."""
    assert quick.adds("One", "--callback", "shared", *first).exit_code == 0
    refused = quick.adds("Two", "--callback", "shared", *second)
    assert refused.exit_code == 1
    assert "used by One" in refused.output
    assert "--callback" in refused.output


def section(text: str, stage: str) -> str:
    """The part of the sheet below == STAGE ==."""
    return text.partition(f"== {stage} ==")[2].partition("\n\n==")[0]


def test_the_sheet_says_all_that_is_registered_at_the_ehr(quick: Analyst) -> None:
    quick.adds(
        *("Epic", "--auth", "private_key_jwt", "--stage", "test", "--callback", "epic"),
        *("--frame-ancestor", "https://epic.example"),
    )
    text = section(quick.runs("ehr", "sheet", "Epic"), "TEST")
    ours = "https://preceptor.lakeside.example"
    for needed in (
        f"{ours}/launch\n",
        f"{ours}/launch/<place>",
        f"{ours}/launch/callback/epic",
        f"{ours}/.well-known/jwks.json",
        "https://epic.example/fhir",
        "ES384",
        "framed by         https://epic.example",
        f"app origin        {ours}",
    ):
        assert needed in text


@pytest.mark.parametrize("scopes", ["v1", "v2"])
def test_every_scope_on_the_sheet_has_its_reason(quick: Analyst, scopes: str) -> None:
    quick.adds("Epic", "--scopes", scopes, "--feature", "assignments")
    lines = quick.runs("ehr", "sheet", "Epic").splitlines()
    asked = next(line for line in lines if line.startswith("  scopes")).split()[1:]
    reasons = {word: line for line in lines if line.startswith("    ") for word in line.split()[:1]}
    assert {scope for scope in asked if len(reasons.get(scope, "").split()) < 4} == set()
    assert ("user/Task.write" if scopes == "v1" else "user/Task.cu") in asked
    assert not any("Patient" in scope for scope in asked)


def test_nothing_can_be_turned_on_that_nothing_does(quick: Analyst) -> None:
    assert quick.adds("Epic", "--feature", "audit-events").exit_code == 2
    assert "AuditEvent" not in quick.runs("ehr", "sheet", "Epic")


def test_a_feature_that_is_off_is_not_on_the_sheet(quick: Analyst) -> None:
    quick.adds("Epic")
    text = quick.runs("ehr", "sheet", "Epic")
    assert not {"user/Task.cu", "online_access", "turned on"} & set(text.split())


def test_test_and_production_stand_apart(quick: Analyst) -> None:
    quick.adds("Epic", "--stage", "test", "--callback", "epic", "--client-id", "test-client")
    text = quick.runs("ehr", "sheet", "Epic", "--other-base-url", "https://production.lakeside.example")
    test, production = section(text, "TEST"), section(text, "PRODUCTION")
    assert "test-client" in test
    assert "https://preceptor.lakeside.example/launch/callback/epic" in test
    assert "https://production.lakeside.example/launch/callback/epic" in production
    assert "preceptor.lakeside.example" not in production
    assert "test-client" not in production


def test_before_an_ehr_is_registered_the_sheet_is_a_draft_to_give_to_it(quick: Analyst) -> None:
    text = quick.runs("ehr", "sheet", "New EHR", "--auth", "client_secret_basic", "--callback", "new")
    assert "Not registered here yet" in text
    assert "client_secret_basic" in text
    assert "/launch/callback/new" in text
    assert "client id  " not in text


def test_a_backend_client_is_kept_and_stands_on_the_sheet_with_its_scopes(analyst: Analyst) -> None:
    added = analyst.adds("Open EHR", "--backend-client-id", "preceptor-backend")
    assert added.exit_code == 0, added.output
    assert "/.well-known/jwks.json" in added.output
    assert analyst.row("Open EHR").backend_client_id == "preceptor-backend"
    sheet = analyst.runs("ehr", "sheet", "Open EHR")
    assert "preceptor-backend (client id; a system client of its own)" in sheet
    for scope in ("system/PractitionerRole.rs", "system/Task.crus"):
        assert scope in sheet


def test_without_a_backend_client_the_sheet_names_no_systems_scope(quick: Analyst) -> None:
    quick.adds("Open EHR")
    assert "system/" not in quick.runs("ehr", "sheet", "Open EHR")
