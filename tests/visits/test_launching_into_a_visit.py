"""From a real launch to a visit: who is here, what is open, whose visits end. On both databases."""

import pytest
from sqlalchemy import func, select

from smart_app.organizations.models import LaunchReportRow, Learner, LearnerIdentity
from smart_app.visits.arriving import known_intent
from smart_app.visits.models import Visit
from smart_app.visits.view import VisitChoice
from tests.fhir.records import PHYSICIAN, practitioner, role, task
from tests.plugins.app import RealApp


def only_visit(app: RealApp) -> Visit:
    with app.database.reading() as session:
        return session.scalars(select(Visit)).one()


def count(app: RealApp, model: type) -> int:
    with app.database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_launch_opens_a_visit_with_role_and_task_in_codes(each_app: RealApp) -> None:
    each_app.records.add(task("t-1", "Practitioner/prac-1", encounter={"reference": "Encounter/enc-4"}))
    visitor = each_app.launch()
    visit = only_visit(each_app)
    assert (visit.job_roles, visit.role_titles, visit.role_declared) == (["nurse"], ["Nurse"], False)
    assert (visit.task_open, visit.task_codes) == (True, ["urn:preceptor:task|shift-handoff"])
    assert visit.encounter_class == "IMP"
    assert visitor.get().status_code == 200


def report_of(app: RealApp, visit: Visit) -> list[str]:
    """What the launch report says was missing."""
    app.write_reports()
    with app.database.reading() as session:
        return list(session.scalars(select(LaunchReportRow.missing).filter_by(reference=visit.reference)).one())


def who_it_was(app: RealApp, visit: Visit) -> str:
    """What the launch report says on how the person is known."""
    app.write_reports()
    with app.database.reading() as session:
        steps = session.scalars(select(LaunchReportRow.steps).filter_by(reference=visit.reference)).one()
    return next(str(step["detail"]) for step in steps if step["name"] == "person")


def test_the_report_says_by_which_of_the_ways_the_person_is_known_and_no_value(app: RealApp) -> None:
    """fhirUser: resolve PractitionerRole -> Practitioner -> Person.link -> claims -> iss|sub; say which was used."""
    app.ehr.claims = {"npi": "9999017017", "preferred_username": "canary.user"}
    app.launch()
    said = who_it_was(app, only_visit(app))
    assert said == ("fhirUser is a Practitioner; known by issuer and subject, Practitioner, NPI, user name of the EHR")


def test_without_fhir_user_the_report_says_that_issuer_and_subject_alone_are_used(app: RealApp) -> None:
    app.ehr.fhir_user = None
    app.launch()
    assert who_it_was(app, only_visit(app)) == "no fhirUser; known by issuer and subject"


def test_an_intent_of_the_vocabulary_is_kept_and_named_as_what_stands_in(app: RealApp) -> None:
    app.ehr.token_parameters["intent"] = "shift-handoff"
    app.launch()
    visit = only_visit(app)
    assert visit.intent == "shift-handoff"
    assert [text for text in report_of(app, visit) if "the intent of the launch" in text]


@pytest.mark.parametrize("intent", ["canary-jane-doe", "Jane Doe, born 1931", "x" * 90, "<b>jane</b>"])
def test_an_unknown_intent_is_not_kept_and_the_report_says_so_without_its_text(app: RealApp, intent: str) -> None:
    app.ehr.token_parameters["intent"] = intent
    visitor = app.launch()
    visit = only_visit(app)
    assert visit.intent is None
    missing = report_of(app, visit)
    assert "an intent that is not known here came with the launch: neither used nor kept" in missing
    assert intent not in "\n".join(missing)
    assert not [text for text in missing if "the intent of the launch" in text]
    assert intent not in visitor.get().text


def test_an_intent_of_the_organizations_own_is_kept_where_a_tutorial_was_chosen_by_it() -> None:
    chosen = VisitChoice("weigh-in", 1, ({"kind": "intent", "text": "the EHR opened this for this work"},))
    by_role = VisitChoice("weigh-in", 1, ({"kind": "next for role", "text": "you are a nurse"},))
    assert known_intent("weigh-the-cat", [by_role, chosen]) == "weigh-the-cat"
    assert known_intent("weigh-the-cat", [by_role]) is None


def test_the_same_person_is_the_same_learner_at_every_launch(each_app: RealApp) -> None:
    for _ in range(3):
        each_app.launch()
    assert count(each_app, Learner) == 1
    assert count(each_app, Visit) == 3


def test_a_launch_whose_reads_fail_adds_no_second_learner(each_app: RealApp) -> None:
    each_app.launch()
    kept = list(each_app.records.resources)
    each_app.records.clear()
    each_app.launch()
    each_app.records.add(*kept)
    each_app.launch()
    assert count(each_app, Learner) == 1
    assert count(each_app, LearnerIdentity) == 2


def test_a_person_without_a_role_is_asked_and_never_guessed(app: RealApp) -> None:
    app.records.clear()
    app.records.add(practitioner("prac-1"), role("r", "prac-1", "navigator", "https://lakeside.example/staff-type"))
    visitor = app.launch()
    assert only_visit(app).job_roles == []
    visitor.post("welcome")
    assert visitor.get().location.endswith("/role")


def test_a_declared_role_is_remembered_and_marked(app: RealApp) -> None:
    app.records.clear()
    app.records.add(practitioner("prac-1"))
    app.launch().post("role", {"role": "care-manager"})
    visitor = app.launch()
    with app.database.reading() as session:
        visit = session.scalars(select(Visit).where(Visit.id == visitor.visit)).one()
    assert (visit.job_roles, visit.role_declared) == (["care-manager"], True)


def test_what_the_ehr_says_goes_before_what_was_declared(app: RealApp) -> None:
    app.records.clear()
    app.records.add(practitioner("prac-1"))
    app.launch().post("role", {"role": "care-manager"})
    app.records.add(role("r", "prac-1", PHYSICIAN))
    visitor = app.launch()
    with app.database.reading() as session:
        visit = session.scalars(select(Visit).where(Visit.id == visitor.visit)).one()
    assert (visit.job_roles, visit.role_declared) == (["physician"], False)


def test_two_open_charts_do_not_bleed_into_each_other(app: RealApp) -> None:
    first_chart, second_chart = app.launch(), app.browser()
    second_chart.client = first_chart.client  # one browser, two charts
    app.records.add(task("t-1", "Practitioner/prac-1", "shift-handoff", encounter={"reference": "Encounter/enc-4"}))
    app.launch(second_chart, place="/launch/handoff")
    with app.database.reading() as session:
        by_id = {visit.id: visit for visit in session.scalars(select(Visit))}
    assert by_id[first_chart.visit].task_open is False
    assert by_id[first_chart.visit].placement is None
    assert by_id[second_chart.visit].task_open is True
    assert by_id[second_chart.visit].placement == "handoff"
    assert first_chart.get().status_code == second_chart.get().status_code == 200


def test_the_seventeenth_chart_ends_the_oldest_visit(app: RealApp) -> None:
    charts = [app.launch()]
    for _ in range(16):
        chart = app.browser()
        chart.client = charts[0].client
        charts.append(app.launch(chart))
    assert charts[0].get().status_code == 401
    assert [chart.get().status_code for chart in charts[1:]] == [200] * 16
    assert len(charts[0].cookies) == 16


def test_another_learner_in_the_same_browser_ends_all_earlier_visits(app: RealApp) -> None:
    app.records.add_nurse("prac-2")
    hers = app.launch(person="prac-1")
    his = app.browser()
    his.client = hers.client
    app.launch(his, person="prac-2")
    assert hers.get().status_code == 401
    assert his.get().status_code == 200
    assert list(his.cookies) == [f"__Host-visit-{his.visit.hex}"]


def test_another_learner_in_another_browser_ends_nothing(app: RealApp) -> None:
    app.records.add_nurse("prac-2")
    hers = app.launch(person="prac-1")
    his = app.launch(person="prac-2")
    assert hers.get().status_code == his.get().status_code == 200
