"""Permissions: granted to people as an administrator names them, or asserted by the EHR through the map of codes."""

from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import select

from smart_app import keys as key_file
from smart_app.keys import KeyRing
from smart_app.organizations import grants
from smart_app.organizations.asserting import map_code, unmap_code
from smart_app.organizations.models import AuditEntry
from smart_app.organizations.naming import code_of
from smart_app.organizations.permissions import Permission, permissions_of, permissions_of_visit
from smart_app.visits.arriving import _profiles
from smart_app.visits.models import Visit
from smart_app.visits.view import view_of
from tests.fhir.records import NURSE, SCT, practitioner, role
from tests.organizations.test_commands import run
from tests.plugins.app import RealApp, Visitor
from tests.plugins.studio import at_studio, learner_of

NPI = "1234567893"


def staff(app: RealApp, verb: str, *arguments: str) -> Result:
    return run(app, "staff", verb, "--organization", "Lakeside", *arguments)


def grant(app: RealApp, *named: str, permission: str = "trainer") -> Result:
    return staff(app, "grant", "--permission", permission, *named)


def permissions(app: RealApp, visitor: Visitor) -> set[str]:
    """What the visitor may do in this visit."""
    with app.database.reading() as session:
        row = session.get_one(Visit, (app.organization, visitor.visit))
        visit = view_of(row, organization_name="", ehr_name="", frame_ancestors=())
        return set(permissions_of_visit(session, visit=visit))


def audited(app: RealApp, action: str) -> list[dict[str, Any]]:
    with app.database.reading() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.at))
        return [row.details for row in rows]


def give_codes(app: RealApp, permission: Permission = Permission.TRAINER, code: str = NURSE) -> None:
    with app.database.writing() as session:
        key: dict[str, Any] = {"organization": app.organization, "system": SCT, "code": code}
        map_code(session, **key, permission=permission, actor="test")
        session.commit()
    _profiles._known.clear()  # what the ten seconds of remembering would do


@pytest.mark.parametrize(
    "named",
    [["--practitioner", "prac-1"], ["--practitioner", "Practitioner/prac-1"], ["--npi", NPI]],
    ids=["id", "reference", "npi"],
)
def test_a_grant_waits_for_somebody_who_was_never_here(app: RealApp, named: list[str]) -> None:
    app.records.clear()
    npi = [{"system": "http://hl7.org/fhir/sid/us-npi", "value": NPI}]
    app.records.add(practitioner("prac-1", identifier=npi), role("role-1", "prac-1"))
    granted = grant(app, *named)
    assert granted.exit_code == 0, granted.output
    assert "theirs from their first launch on" in granted.output
    assert "not here yet" in staff(app, "list").output
    visitor = app.launch(person="prac-1")
    assert permissions(app, visitor) == {"trainer"}
    said = staff(app, "list").output
    assert "not here yet" not in said
    assert code_of(learner_of(app, visitor)) in said


def test_a_grant_by_the_ehrs_user_name_waits_too(app: RealApp) -> None:
    grant(app, "--ehr-user", "okafor", permission="analyst")
    app.ehr.claims = {"preferred_username": "okafor"}
    assert permissions(app, app.launch()) == {"analyst"}


def test_nobody_else_gets_what_waits(app: RealApp) -> None:
    grant(app, "--practitioner", "prac-2")
    assert permissions(app, app.launch(person="prac-1")) == set()
    app.records.add_nurse("prac-2")
    assert permissions(app, app.launch(person="prac-2")) == {"trainer"}


def test_a_grant_to_somebody_who_was_here_holds_at_once(app: RealApp) -> None:
    visitor = app.launch()
    granted = grant(app, "--code", code_of(learner_of(app, visitor)))
    assert granted.exit_code == 0, granted.output
    assert permissions(app, visitor) == {"trainer"}


def test_a_grant_that_waits_survives_the_rotation_of_keys(app: RealApp) -> None:
    grant(app, "--practitioner", "prac-1")
    path = app.services.settings.keys
    key_file.rotate(path)
    ring = KeyRing.load(path)
    with app.database.writing() as session:
        assert grants.reencrypt(session, keys=ring) == 1
        assert grants.reencrypt(session, keys=ring) == 0
        session.commit()
    assert "Practitioner prac-1 at Lakeside demo EHR" in staff(app, "list").output
    assert permissions(app, app.launch()) == {"trainer"}


def test_what_waits_can_be_taken_back(app: RealApp) -> None:
    grant(app, "--practitioner", "prac-1")
    assert staff(app, "revoke", "--permission", "trainer", "--practitioner", "prac-1").exit_code == 0
    assert staff(app, "list").output == ""
    assert permissions(app, app.launch()) == set()


def test_a_revoked_permission_ends_in_the_open_visit(app: RealApp) -> None:
    visitor = app.launch()
    grant(app, "--practitioner", "prac-1")
    assert permissions(app, visitor) == {"trainer"}
    staff(app, "revoke", "--permission", "trainer", "--practitioner", "prac-1")
    assert permissions(app, visitor) == set()


def test_the_audit_tells_who_what_before_and_after(app: RealApp) -> None:
    visitor = app.launch()
    grant(app, "--practitioner", "prac-1")
    grant(app, "--practitioner", "prac-1", permission="reviewer")
    learner = learner_of(app, visitor).hex
    assert audited(app, "permission granted") == [
        {"learner": learner, "before": [], "after": ["trainer"]},
        {"learner": learner, "before": ["trainer"], "after": ["reviewer", "trainer"]},
    ]


def test_granting_twice_is_one_grant(app: RealApp) -> None:
    for _ in range(2):
        assert grant(app, "--practitioner", "prac-1").exit_code == 0
    app.launch()
    for _ in range(2):
        assert grant(app, "--practitioner", "prac-1").exit_code == 0
    assert len(audited(app, "permission granted")) == 1


def test_the_last_analyst_stays(app: RealApp) -> None:
    app.launch()
    grant(app, "--practitioner", "prac-1", permission="analyst")
    refused = staff(app, "revoke", "--permission", "analyst", "--practitioner", "prac-1")
    assert refused.exit_code == 1
    assert "the last analyst" in refused.output


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (["--npi", "123"], "ten digits"),
        (["--practitioner", "../x"], "letters, digits"),
        (["--practitioner", "x", "--ehr", "Nowhere"], "No EHR"),
        (["--code", "3f2a"], "A code looks like"),
        (["--code", "3f2a-9c01-7b44"], "Nobody here has"),
        ([], "Name the person by one of"),
        (["--npi", NPI, "--ehr-user", "x"], "Name the person by one of"),
    ],
)
def test_a_person_who_cannot_be_named_so_is_refused_in_words(app: RealApp, named: list[str], said: str) -> None:
    refused = grant(app, *named)
    assert refused.exit_code != 0
    assert said in refused.output


def test_an_identity_is_not_in_the_database_in_the_clear(app: RealApp) -> None:
    grant(app, "--npi", NPI)
    path = app.services.settings.database_url.removeprefix("sqlite:///")
    with open(path, "rb") as file:  # noqa: PTH123
        assert NPI.encode() not in file.read()


def test_a_code_of_the_ehr_gives_what_the_organizations_map_says(app: RealApp) -> None:
    give_codes(app)
    visitor = app.launch()
    assert permissions(app, visitor) == {"trainer"}
    with app.database.reading() as session:
        held = permissions_of(session, organization=app.organization, learner=learner_of(app, visitor))
    assert held == set(), "asserted for the visit, granted to nobody"


def test_a_code_that_left_the_map_gives_nothing_from_then_on(app: RealApp) -> None:
    give_codes(app)
    visitor = app.launch()
    with app.database.writing() as session:
        key: dict[str, Any] = {"organization": app.organization, "system": SCT, "code": NURSE}
        unmap_code(session, **key, permission=Permission.TRAINER, actor="test")
        session.commit()
    assert permissions(app, visitor) == set()


def test_the_next_launch_without_the_code_has_no_permission(app: RealApp) -> None:
    give_codes(app)
    first = app.launch()
    app.records.clear()
    app.records.add(practitioner("prac-1"), role("role-1", "prac-1", code="something-else"))
    second = app.launch()
    assert (permissions(app, first), permissions(app, second)) == ({"trainer"}, set())


@pytest.mark.parametrize("ended", ["role", "person"])
def test_a_role_that_ended_gives_nothing(app: RealApp, ended: str) -> None:
    give_codes(app)
    app.records.clear()
    app.records.add(
        practitioner("prac-1", **({"active": False} if ended == "person" else {})),
        role("role-1", "prac-1", **({"active": False} if ended == "role" else {})),
    )
    assert permissions(app, app.launch()) == set()


def test_what_the_ehr_asserts_stands_in_the_audit_when_it_changes(app: RealApp) -> None:
    give_codes(app)
    visitor = app.launch()
    app.launch()
    learner = learner_of(app, visitor).hex
    after = [["trainer", SCT, NURSE]]
    assert audited(app, "permissions asserted by the EHR") == [{"learner": learner, "before": [], "after": after}]
    assert audited(app, "permission code changed") == [
        {"system": SCT, "code": NURSE, "permission": "trainer", "before": False, "after": True}
    ]


def test_all_of_it_holds_on_each_database(each_app: RealApp) -> None:
    give_codes(each_app)
    grant(each_app, "--practitioner", "prac-1", permission="leader")
    visitor = each_app.launch()
    granted = grant(each_app, "--code", code_of(learner_of(each_app, visitor)), permission="reviewer")
    assert granted.exit_code == 0, granted.output
    assert permissions(each_app, visitor) == {"trainer", "leader", "reviewer"}
    assert at_studio(each_app, visitor).get("admin").status_code == 403
    grant(each_app, "--practitioner", "prac-1", permission="analyst")
    for page in ("admin", "admin/permissions", "admin/audit", "admin/reports", "files"):
        assert at_studio(each_app, visitor).get(page).status_code == 200, page
