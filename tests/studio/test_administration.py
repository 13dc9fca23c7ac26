"""Administration: EHRs, permissions, launch reports, settings and the audit, by the screens alone."""

import re
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from launch.stores import Registration
from smart_app.organizations import verbs
from smart_app.organizations.models import AuditEntry, EhrRegistration, LaunchReportRow, PermissionCode
from smart_app.organizations.naming import code_of
from smart_app.organizations.permissions import Permission
from smart_app.organizations.secrets_at_rest import client_secret_of
from smart_app.studio.administration.ehr_form import read_form
from smart_app.studio.administration.permission_views import WHAT
from tests.fhir.records import NURSE, SCT
from tests.plugins.app import BASE_URL, RealApp, Visitor
from tests.plugins.studio import Studio, at_studio, learner_of

SECOND = {
    "name": "Hillside EHR",
    "iss": "https://hillside.example/fhir",
    "client_id": "preceptor",
    "callback": "hillside",
    "auth": "client_secret_basic",
    "client_secret": "first-secret",
    "frame_ancestors": "https://hillside.example\nhttps://other.example",
    "features": "assignments",
}


@pytest.fixture
def analyst(studio: Studio) -> Visitor:
    return studio(Permission.ANALYST)


def registrations(app: RealApp) -> dict[str, EhrRegistration]:
    with app.database.reading() as session:
        return {row.name: row for row in session.scalars(select(EhrRegistration))}


def audit(app: RealApp, action: str) -> list[AuditEntry]:
    with app.database.reading() as session:
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.at)
        return list(session.scalars(query))


def register(app: RealApp, analyst: Visitor, **other: str) -> EhrRegistration:
    answer = analyst.post("admin/ehrs/new", {**SECOND, **other})
    assert answer.status_code == 303, answer.text
    return registrations(app)[other.get("name", SECOND["name"])]


def undo_offered(analyst: Visitor, location: str) -> str:
    """Path of the undo that the page offers."""
    found = re.search(r'action="(/studio/[^"]+/undo/[^"]+)"', analyst.get(location).text)
    assert found, "no undo is offered"
    return found[1].removeprefix(analyst.home)


def test_an_ehr_is_registered_and_the_page_says_what_to_enter_there(app: RealApp, analyst: Visitor) -> None:
    row = register(app, analyst)
    assert row.frame_ancestors == ["https://hillside.example", "https://other.example"]
    assert "user/Task.cu" in row.extra_scopes
    page = analyst.get(f"admin/ehrs/{row.id}").text
    assert f"{BASE_URL}/launch/callback/hillside" in page
    assert "first-secret" not in page
    assert audit(app, "EHR registered")[-1].actor == learner_of(app, analyst).hex


def test_a_new_secret_takes_the_place_of_the_old_one(app: RealApp, analyst: Visitor) -> None:
    row = register(app, analyst)
    assert analyst.post(f"admin/ehrs/{row.id}", {**SECOND, "client_secret": "second-secret"}).status_code == 303
    after = registrations(app)["Hillside EHR"]
    assert client_secret_of(after, keys=app.services.keys) == "second-secret"
    told = audit(app, "EHR changed")[-1].details
    assert told["secret"] == "changed"
    assert "second-secret" not in str(told)


def test_an_empty_secret_leaves_the_one_that_is_there(app: RealApp, analyst: Visitor) -> None:
    row = register(app, analyst)
    answer = analyst.post(f"admin/ehrs/{row.id}", {**SECOND, "client_secret": "", "client_id": "other"})
    assert answer.status_code == 303
    after = registrations(app)["Hillside EHR"]
    assert (client_secret_of(after, keys=app.services.keys), after.client_id) == ("first-secret", "other")
    told = audit(app, "EHR changed")[-1].details
    assert (told["before"], told["after"]) == ({"client_id": "preceptor"}, {"client_id": "other"})


def test_the_issuer_of_a_registration_stays(app: RealApp, analyst: Visitor) -> None:
    row = register(app, analyst)
    analyst.post(f"admin/ehrs/{row.id}", {**SECOND, "iss": "https://evil.example/fhir"})
    assert registrations(app)["Hillside EHR"].iss == SECOND["iss"]


def test_the_client_of_backend_services_is_kept_and_can_be_taken_out(app: RealApp, analyst: Visitor) -> None:
    row = register(app, analyst, backend_client_id="preceptor-backend")
    assert row.backend_client_id == "preceptor-backend"
    assert 'value="preceptor-backend"' in analyst.get(f"admin/ehrs/{row.id}").text
    analyst.post(f"admin/ehrs/{row.id}", {**SECOND, "backend_client_id": ""})
    assert registrations(app)["Hillside EHR"].backend_client_id is None


def test_what_an_ehr_does_not_know_is_left_out_on_its_page_unless_a_feature_needs_it(
    app: RealApp, analyst: Visitor
) -> None:
    row = register(app, analyst, features=[], without_scopes=["Task", "Person", "Patient"])
    assert row.without_scopes == ["Task", "Person"]
    page = analyst.get(f"admin/ehrs/{row.id}").text
    assert 'value="Task" checked' in page
    assert "Task, Person (neither asked for nor read)" in page
    refused = analyst.post(f"admin/ehrs/{row.id}", {**SECOND, "without_scopes": ["Task"], "features": "assignments"})
    assert refused.status_code == 400
    assert "assignments needs Task" in refused.text
    assert registrations(app)["Hillside EHR"].without_scopes == ["Task", "Person"]
    assert analyst.post(f"admin/ehrs/{row.id}", SECOND).status_code == 303
    assert registrations(app)["Hillside EHR"].without_scopes == []


def test_a_removed_ehr_is_put_back_with_its_secret(app: RealApp, analyst: Visitor) -> None:
    row = register(app, analyst)
    removed = analyst.post(f"admin/ehrs/{row.id}/remove")
    assert "Hillside EHR" not in registrations(app)
    assert analyst.post(undo_offered(analyst, removed.location)).status_code == 303
    back = registrations(app)["Hillside EHR"]
    assert (back.id, client_secret_of(back, keys=app.services.keys)) == (row.id, "first-secret")


def test_a_change_of_an_ehr_is_undone(app: RealApp, analyst: Visitor) -> None:
    row = register(app, analyst)
    changed = analyst.post(f"admin/ehrs/{row.id}", {**SECOND, "client_id": "other", "client_secret": "second"})
    analyst.post(undo_offered(analyst, changed.location))
    back = registrations(app)["Hillside EHR"]
    assert (back.client_id, client_secret_of(back, keys=app.services.keys)) == ("preceptor", "first-secret")


def test_what_was_taken_meanwhile_is_not_put_back(app: RealApp, analyst: Visitor) -> None:
    row = register(app, analyst)
    removed = analyst.post(f"admin/ehrs/{row.id}/remove")
    undo = undo_offered(analyst, removed.location)
    register(app, analyst)
    answer = analyst.post(undo)
    assert answer.status_code == 409
    assert "registered again meanwhile" in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("client_id", ""),
        ("iss", "ehr.example"),
        ("iss", "https://user@hillside.example/fhir"),
        ("callback", "../x"),
        ("jwks_uri", "file:///etc/passwd"),
        ("token_issuer", "x"),
        ("frame_ancestors", "https://*"),
        ("frame_ancestors", "https://a.example; script-src *"),
        ("style_origins", "https://*.example"),
        ("client_secret", ""),
        ("client_secret", "x" * 501),
        ("legacy_metadata", "on"),
    ],
)
def test_a_field_that_would_not_work_or_would_harm_is_said_beside_it(
    app: RealApp, analyst: Visitor, field: str, value: str
) -> None:
    answer = analyst.post("admin/ehrs/new", {**SECOND, field: value})
    assert answer.status_code == 400
    assert f'id="e-{field}"' in answer.text
    assert "Hillside EHR" not in registrations(app)


@pytest.mark.parametrize(
    "iss",
    [
        "http://hillside.example/fhir",
        "https://169.254.169.254/fhir",
        "https://127.0.0.1/fhir",
        "https://10.0.0.7/fhir",
        "https://[::1]/fhir",
        "https://localhost/fhir",
        "https://metadata.google.internal/fhir",
        "https://printer/fhir",
    ],
)
def test_from_a_page_the_server_is_not_sent_to_addresses_inside_its_own_network(iss: str) -> None:
    form = read_form(MultiDict({**SECOND, "iss": iss}), there=None, served_openly=True)
    assert "iss" in form.errors
    assert "iss" not in read_form(MultiDict(SECOND), there=None, served_openly=True).errors


@pytest.mark.parametrize(
    ("other", "field"), [({"name": "Two"}, "iss"), ({"name": "Two", "iss": "https://b.example"}, "callback")]
)
def test_an_issuer_or_callback_that_is_taken_is_said(
    app: RealApp, analyst: Visitor, other: dict[str, str], field: str
) -> None:
    register(app, analyst)
    answer = analyst.post("admin/ehrs/new", {**SECOND, **other, "client_id": "z"})
    assert answer.status_code == 409
    assert f'id="e-{field}"' in answer.text


def test_an_ehr_of_another_organization_is_not_there(app: RealApp, analyst: Visitor) -> None:
    with app.database.writing() as session:
        other = verbs.add_organization(session, name="Other", actor="test")
        theirs = Registration(
            id="", organization=other.hex, name="Theirs", iss="https://t.example", client_id="c", callback="theirs"
        )
        row = verbs.register_ehr(session, registration=theirs, keys=app.services.keys, actor="test")
        session.commit()
    assert analyst.get(f"admin/ehrs/{row}").status_code == 404
    assert analyst.post(f"admin/ehrs/{row}", SECOND).status_code == 404
    assert analyst.post(f"admin/ehrs/{row}/remove").status_code == 404
    assert "Theirs" not in analyst.get("admin").text
    assert registrations(app)["Theirs"].client_id == "c"


def grant(analyst: Visitor, by: str, value: str, *permissions: str) -> Any:
    return analyst.post("admin/permissions", {"by": by, "value": value, "permission": list(permissions)})  # type: ignore[dict-item]


def test_a_permission_is_granted_to_somebody_who_was_never_here(app: RealApp, analyst: Visitor) -> None:
    answer = grant(analyst, "practitioner", "prac-2", "trainer", "reviewer")
    assert "Nobody so named was here yet" in analyst.get(answer.location).text
    app.records.add_nurse("prac-2")
    colleague = at_studio(app, app.launch(person="prac-2"))
    assert "Your permissions: reviewer, trainer." in colleague.get().text


def test_a_permission_is_granted_by_the_code_that_the_refused_page_shows(
    app: RealApp, analyst: Visitor, studio: Studio
) -> None:
    colleague = studio(person="prac-2")
    code = re.search("your code here, ([0-9a-f-]+)[.]", colleague.get().text)
    assert code
    grant(analyst, "code", code[1], "trainer")
    assert colleague.get().status_code == 200


def test_a_permission_is_revoked_at_once_and_the_act_undone(app: RealApp, analyst: Visitor, studio: Studio) -> None:
    colleague = studio(Permission.TRAINER, person="prac-2")
    learner = learner_of(app, colleague)
    revoked = analyst.post(f"admin/permissions/{learner}/revoke", {"permission": "trainer"})
    assert revoked.status_code == 303
    assert colleague.get().status_code == 403
    analyst.post(undo_offered(analyst, revoked.location))
    assert colleague.get().status_code == 200


def test_a_waiting_permission_is_revoked_and_the_act_undone(app: RealApp, analyst: Visitor) -> None:
    grant(analyst, "practitioner", "prac-2", "trainer")
    waiting = re.search('name="awaited" value="([^"]+)"', analyst.get("admin/permissions").text)
    assert waiting
    sent = {"permission": "trainer", "awaited": waiting[1]}
    revoked = analyst.post("admin/permissions/awaited/revoke", sent)
    assert "Practitioner prac-2" not in analyst.get("admin/permissions").text
    analyst.post(undo_offered(analyst, revoked.location))
    app.records.add_nurse("prac-2")
    assert at_studio(app, app.launch(person="prac-2")).get().status_code == 200


def test_what_waits_is_told_with_for_whom_and_before_and_after(app: RealApp, analyst: Visitor) -> None:
    grant(analyst, "practitioner", "prac-2", "trainer", "reviewer")
    waiting = re.search('name="awaited" value="([^"]+)"', analyst.get("admin/permissions").text)
    assert waiting
    revoked = analyst.post("admin/permissions/awaited/revoke", {"permission": "trainer", "awaited": waiting[1]})
    analyst.post(undo_offered(analyst, revoked.location))
    told = [entry.details for entry in audit(app, "permission granted before the first launch")]
    (taken,) = (entry.details for entry in audit(app, "permission revoked before the first launch"))
    steps = [(one["permission"], one["before"], one["after"]) for one in told]
    assert steps == [
        ("trainer", [], ["trainer"]),
        ("reviewer", ["trainer"], ["reviewer", "trainer"]),
        ("trainer", ["reviewer"], ["reviewer", "trainer"]),
    ]
    assert (taken["before"], taken["after"]) == (["reviewer", "trainer"], ["reviewer"])
    whom = {(one["kind"], one["for"]) for one in (*told, taken)}
    assert whom == {("practitioner", app.services.keys.hash("learner identity practitioner", named(app)).hex())}
    assert "prac-2" not in str([*told, taken])


def named(app: RealApp) -> str:
    return f"{registrations(app)['Lakeside demo EHR'].iss}|Practitioner/prac-2"


def test_an_ehr_is_told_with_all_its_fields_before_and_after_and_never_a_secret(app: RealApp, analyst: Visitor) -> None:
    row = register(app, analyst)
    removed = analyst.post(f"admin/ehrs/{row.id}/remove")
    analyst.post(undo_offered(analyst, removed.location))
    added, gone, back = (audit(app, f"EHR {act}")[-1] for act in ("registered", "removed", "put back"))
    facts = added.details["after"]
    assert (facts["client_id"], facts["iss"]) == ("preceptor", SECOND["iss"])
    assert facts["frame_ancestors"] == ["https://hillside.example", "https://other.example"]
    assert (added.details["before"], gone.details["before"], gone.details["after"]) == (None, facts, None)
    assert (back.details["before"], back.details["after"]) == (None, facts)
    assert not any("secret" in name for name in facts if name != "secret")
    assert "first-secret" not in str([added.details, gone.details, back.details])


def test_the_last_analyst_is_not_revoked(app: RealApp, analyst: Visitor) -> None:
    learner = learner_of(app, analyst)
    assert analyst.post(f"admin/permissions/{learner}/revoke", {"permission": "analyst"}).status_code == 409
    assert analyst.get("admin").status_code == 200


@pytest.mark.parametrize(
    ("by", "value"), [("npi", "12"), ("practitioner", "../"), ("code", "zz"), ("moon", "x"), ("", "")]
)
def test_a_person_who_cannot_be_named_so_is_refused_in_words(analyst: Visitor, by: str, value: str) -> None:
    answer = grant(analyst, by, value, "trainer")
    assert answer.status_code == 400
    assert "Nothing was granted" in answer.text


def test_a_code_is_mapped_and_taken_out_again(app: RealApp, analyst: Visitor) -> None:
    sent = {"system": SCT, "code": NURSE, "permission": "trainer"}
    assert analyst.post("admin/permissions/codes", sent).status_code == 303
    assert NURSE in analyst.get("admin/permissions").text
    removed = analyst.post("admin/permissions/codes/remove", sent)
    with app.database.reading() as session:
        assert session.scalars(select(PermissionCode)).all() == []
    analyst.post(undo_offered(analyst, removed.location))
    with app.database.reading() as session:
        assert [row.code for row in session.scalars(select(PermissionCode))] == [NURSE]


def test_a_code_without_a_system_is_refused(app: RealApp, analyst: Visitor) -> None:
    answer = analyst.post("admin/permissions/codes", {"system": "", "code": NURSE, "permission": "trainer"})
    assert answer.status_code == 400


def test_what_a_permission_gives_is_said_as_it_is_now(app: RealApp, analyst: Visitor, studio: Studio) -> None:
    page = analyst.get("admin/permissions").text
    assert all(words.replace("'", "&#39;") in page for words in WHAT.values())
    representative = studio(Permission.STAFF_REPRESENTATIVE, person="prac-2")
    assert "no page needs it yet" in WHAT[Permission.STAFF_REPRESENTATIVE]
    policies = [getattr(view, "policy", None) for view in app.app.view_functions.values()]
    doors = {each.permissions for each in policies if each and Permission.STAFF_REPRESENTATIVE in each.permissions}
    assert doors == {frozenset(Permission)}, "a page needs it now: say which in WHAT"
    assert representative.get().status_code == 200
    leader = studio(Permission.LEADER, person="prac-4")
    assert [leader.get(path).status_code for path in ("roster", "rollouts", "coverage")] == [200, 200, 200]
    assert leader.post("roster/files").status_code == 403


def test_a_report_is_found_by_its_reference(app: RealApp, analyst: Visitor) -> None:
    app.write_reports()
    with app.database.reading() as session:
        reference = session.scalars(select(LaunchReportRow.reference)).first()
    assert f"{reference}: it launched" in analyst.get("admin/reports", query_string={"reference": reference}).text
    assert "No report" in analyst.get("admin/reports", query_string={"reference": "AAAA-AAAA"}).text


def test_a_report_of_another_organization_is_not_shown(app: RealApp, analyst: Visitor) -> None:
    app.write_reports()
    with app.database.writing() as session:
        row = session.scalars(select(LaunchReportRow)).first()
        assert row is not None
        row.organization = verbs.add_organization(session, name="Other", actor="test")
        reference = row.reference
        session.commit()
    page = analyst.get("admin/reports", query_string={"reference": reference}).text
    assert f"No report {reference} here" in page


def test_settings_are_kept_and_told_in_the_audit(app: RealApp, analyst: Visitor) -> None:
    sent = {"permissions contact": "the desk", "review months": "6", "names of assigned work": "on"}
    assert analyst.post("admin/settings", sent).status_code == 303
    page = analyst.get("admin/settings").text
    assert 'value="the desk"' in page
    assert 'value="6"' in page
    told = {entry.details["setting"]: entry.details for entry in audit(app, "setting changed")}
    assert told["review months"] == {"setting": "review months", "before": 12, "after": 6}
    assert told["names of assigned work"]["after"] is True


@pytest.mark.parametrize("wrong", ["0", "37", "x", "-1", "", "1.5"])
def test_a_setting_that_makes_no_sense_is_refused(app: RealApp, analyst: Visitor, wrong: str) -> None:
    answer = analyst.post("admin/settings", {"review months": wrong})
    assert answer.status_code == 400
    assert audit(app, "setting changed") == []


def test_the_audit_page_tells_who_did_what(app: RealApp, analyst: Visitor) -> None:
    register(app, analyst)
    page = analyst.get("admin/audit").text
    assert "EHR registered" in page
    assert f"code {code_of(learner_of(app, analyst))}" in page
