"""`preceptor ehr change`: a registration is changed in place, and a client secret is rotated."""

from typing import Any

import pytest
from sqlalchemy import select

from smart_app.db import closing_database
from smart_app.keys import KeyRing
from smart_app.organizations.launch_stores import sql_stores
from smart_app.organizations.models import AuditEntry, EhrRegistration
from tests.organizations.test_ehr_commands import Analyst, analyst, quick

__all__ = ["analyst", "quick"]
NAME = "Open EHR"
BASIC = ("--auth", "client_secret_basic", "--client-secret-stdin")
EHR = ("ehr", "change", "--organization", "Lakeside", "--name", NAME)
SECRETS = ("canary-one", "canary-two", "canary-three")


def registered(analyst: Analyst, *options: str, stdin: str = "") -> EhrRegistration:
    added = analyst.adds(NAME, *options, stdin=stdin)
    assert added.exit_code == 0, added.output
    return analyst.row(NAME)


def secrets_now(analyst: Analyst) -> tuple[str | None, str | None]:
    """The secret that a launch shows, and the one that it tries after it."""
    with closing_database(analyst.url) as database:
        found = sql_stores(database, KeyRing.load(analyst.keys)).registrations.find_by_iss(analyst.row(NAME).iss)
    assert found is not None
    return found.client_secret, found.earlier_client_secret


def audited(analyst: Analyst) -> list[dict[str, Any]]:
    """Details of the changes that were made."""
    with closing_database(analyst.url) as database, database.reading() as session:
        return list(session.scalars(select(AuditEntry.details).where(AuditEntry.action == "EHR changed")))


def test_scopes_frames_and_features_change_in_place(analyst: Analyst) -> None:
    before = registered(analyst, "--frame-ancestor", "https://old.example")
    said = analyst.runs(
        *EHR, "--scopes", "v1", "--frame-ancestor", "https://a.example", "--frame-ancestor", "https://b.example",
        "--feature", "assignments",
    )  # fmt: skip
    row = analyst.row(NAME)
    assert (row.id, row.iss, row.client_id) == (before.id, before.iss, before.client_id)
    assert (row.scopes, row.frame_ancestors) == ("v1", ["https://a.example", "https://b.example"])
    assert row.extra_scopes == ["user/Task.cu", "online_access"]
    assert "frame ancestors: https://old.example -> https://a.example, https://b.example" in said
    assert "preceptor ehr sheet 'Open EHR'" in said
    (details,) = audited(analyst)
    assert details["changed"][0] == "scopes: v2 -> v1"
    assert (details["before"]["scopes"], details["after"]["scopes"]) == ("v2", "v1")
    assert set(details["before"]) == {"scopes", "frame_ancestors", "extra_scopes"}


def test_what_is_not_given_stays(analyst: Analyst) -> None:
    registered(analyst, "--scopes", "v1", "--frame-ancestor", "https://a.example", "--feature", "assignments")
    analyst.runs(*EHR, "--style-origin", "https://style.example")
    row = analyst.row(NAME)
    assert (row.scopes, row.frame_ancestors) == ("v1", ["https://a.example"])
    assert row.extra_scopes == ["user/Task.cu", "online_access"]
    assert row.style_origins == ["https://style.example"]


def test_lists_are_emptied_by_their_own_options(analyst: Analyst) -> None:
    registered(analyst, "--frame-ancestor", "https://a.example", "--feature", "assignments")
    analyst.runs(*EHR, "--no-frame", "--no-features")
    assert (analyst.row(NAME).frame_ancestors, analyst.row(NAME).extra_scopes) == ([], [])


def test_what_an_ehr_does_not_know_is_left_out_and_asked_for_again(analyst: Analyst) -> None:
    registered(analyst, "--without-scope", "PractitionerRole")
    assert analyst.row(NAME).without_scopes == ["PractitionerRole"]
    said = analyst.runs(*EHR, "--without-scope", "PractitionerRole", "--without-scope", "Task")
    assert "without scopes: PractitionerRole -> PractitionerRole, Task" in said
    sheet = analyst.runs("ehr", "sheet", NAME)
    assert "left out here     PractitionerRole, Task (neither asked for nor read)" in sheet
    assert not {"user/PractitionerRole.rs", "user/Task.rs"} & set(sheet.split())
    analyst.runs(*EHR, "--all-scopes")
    assert analyst.row(NAME).without_scopes == []
    assert "user/Task.rs" in analyst.runs("ehr", "sheet", NAME)


def test_what_a_feature_needs_cannot_be_left_out(analyst: Analyst) -> None:
    refused = analyst.adds("Other EHR", "--feature", "assignments", "--without-scope", "Task")
    assert (refused.exit_code, "assignments needs Task" in refused.output) == (2, True)
    registered(analyst, "--without-scope", "Task")
    said = analyst.tries(*EHR, "--feature", "assignments")
    assert (said.exit_code, "assignments needs Task" in said.output) == (2, True)
    assert analyst.row(NAME).extra_scopes == []


def test_a_secret_is_rotated_and_the_old_one_holds_until_it_is_dropped(analyst: Analyst) -> None:
    registered(analyst, *BASIC, stdin=SECRETS[0])
    said = analyst.runs(*EHR, "--client-secret-stdin", stdin=SECRETS[1] + "\n")
    assert "--drop-earlier-secret" in said
    assert secrets_now(analyst) == (SECRETS[1], SECRETS[0])
    row = analyst.row(NAME)
    assert SECRETS[0].encode() not in (row.earlier_client_secret or b"")
    analyst.runs(*EHR, "--drop-earlier-secret")
    assert secrets_now(analyst) == (SECRETS[1], None)
    assert not any(secret in f"{said}{audited(analyst)}" for secret in SECRETS)


def test_of_two_rotations_in_a_row_the_last_two_secrets_are_kept(quick: Analyst) -> None:
    registered(quick, *BASIC, stdin=SECRETS[0])
    for secret in SECRETS[1:]:
        quick.runs(*EHR, "--client-secret-stdin", stdin=secret)
    assert secrets_now(quick) == (SECRETS[2], SECRETS[1])


def test_both_secrets_survive_a_rotation_of_the_keys(analyst: Analyst) -> None:
    registered(analyst, *BASIC, stdin=SECRETS[0])
    analyst.runs(*EHR, "--client-secret-stdin", stdin=SECRETS[1])
    before = analyst.row(NAME)
    analyst.runs("keys", "rotate")
    after = analyst.row(NAME)
    assert (before.client_secret, before.earlier_client_secret) != (after.client_secret, after.earlier_client_secret)
    assert before.earlier_client_secret != after.earlier_client_secret
    assert secrets_now(analyst) == (SECRETS[1], SECRETS[0])


def test_another_way_to_sign_in_takes_its_secret_or_leaves_none(analyst: Analyst) -> None:
    registered(analyst)
    analyst.runs(*EHR, *BASIC, stdin=SECRETS[0])
    assert secrets_now(analyst) == (SECRETS[0], None)
    said = analyst.runs(*EHR, "--auth", "private_key_jwt", "--signing-algorithm", "RS384")
    row = analyst.row(NAME)
    assert (row.auth, row.signing_algorithm, row.client_secret) == ("private_key_jwt", "RS384", None)
    assert "client secret: dropped" in said


@pytest.mark.parametrize(
    ("options", "stdin", "says"),
    [
        ((), "", "so already"),
        (("--scopes", "v2"), "", "so already"),
        (("--auth", "client_secret_basic"), "", "--client-secret-stdin"),
        (("--client-secret-stdin",), "secret", "--auth client_secret_basic"),
        ((*BASIC, "--drop-earlier-secret"), "secret", "Rotate first"),
        (("--frame-ancestor", "https://a.example;script-src"), "", "--frame-ancestor"),
        (("--style-origin", "https://*.example"), "", "--style-origin"),
        (("--no-frame", "--frame-ancestor", "https://a.example"), "", "exclude each other"),
        (("--no-features", "--feature", "assignments"), "", "exclude each other"),
    ],
)
def test_what_cannot_be_changed_is_said_and_nothing_is(
    quick: Analyst, options: tuple[str, ...], stdin: str, says: str
) -> None:
    before = registered(quick)
    refused = quick.tries(*EHR, *options, stdin=stdin)
    assert refused.exit_code != 0
    assert says in refused.output
    after = quick.row(NAME)
    columns = [column.key for column in EhrRegistration.__table__.columns]
    assert [getattr(after, name) for name in columns] == [getattr(before, name) for name in columns]
    assert audited(quick) == []


def test_a_secret_that_is_there_already_and_an_earlier_one_that_is_not(quick: Analyst) -> None:
    registered(quick, *BASIC, stdin=SECRETS[0])
    again = quick.tries(*EHR, "--client-secret-stdin", stdin=SECRETS[0])
    assert "the secret it has already" in again.output
    assert "no earlier secret" in quick.tries(*EHR, "--drop-earlier-secret").output
    assert secrets_now(quick) == (SECRETS[0], None)


def test_an_unknown_ehr_is_said(quick: Analyst) -> None:
    registered(quick)
    unknown = quick.tries("ehr", "change", "--organization", "Lakeside", "--name", "Another", "--scopes", "v1")
    assert unknown.exit_code == 1
    assert "preceptor ehr list" in unknown.output
