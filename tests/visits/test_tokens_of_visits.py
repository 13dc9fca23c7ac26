"""The EHR's token of a visit, in the real app: kept where a feature needs it, gone when the visit ends."""

import pytest
from sqlalchemy import func, select, update

from launch.tokens import RelaunchNeeded
from smart_app.organizations.models import EhrRegistration, KeptTokenRow
from smart_app.visits.tokens import fhir_of
from tests.launch.canned_ehr import Answer
from tests.launch.launching import query_of
from tests.plugins.app import BASE_URL, RealApp, Visitor


def turn_on(app: RealApp, *scopes: str) -> None:
    """What `preceptor ehr add --feature` leaves in the row."""
    with app.database.writing() as session:
        session.execute(update(EhrRegistration).values(extra_scopes=list(scopes)))
        session.commit()


@pytest.fixture
def acting(each_app: RealApp) -> RealApp:
    """The app where assignments are turned on, at an EHR that refreshes and revokes."""
    turn_on(each_app, "user/Task.cu", "online_access")
    each_app.ehr.gives_refresh_tokens = True
    each_app.ehr.configuration["revocation_endpoint"] = f"{each_app.ehr.origin}/revoke"
    return each_app


def kept(app: RealApp) -> int:
    with app.database.reading() as session:
        return session.scalar(select(func.count()).select_from(KeptTokenRow)) or 0


def test_by_default_no_token_outlives_its_launch(app: RealApp) -> None:
    app.ehr.gives_refresh_tokens = True
    app.launch()
    assert kept(app) == 0


def test_a_feature_that_acts_later_reads_with_the_visits_token(acting: RealApp) -> None:
    visitor = acting.launch()
    assert kept(acting) == 1
    with acting.app.app_context():
        session = fhir_of(visitor.visit)
        assert session.get_json("Practitioner/prac-1")["id"] == "prac-1"


def test_signing_out_deletes_the_token_and_gives_it_back(acting: RealApp) -> None:
    visitor = acting.launch()
    assert visitor.post("leave").status_code == 200
    assert kept(acting) == 0
    assert acting.ehr.hits("/revoke") == 1
    assert acting.ehr.refresh_tokens == set()
    with acting.app.app_context(), pytest.raises(RelaunchNeeded):
        fhir_of(visitor.visit)


def test_the_next_persons_launch_ends_the_token_of_the_one_before(acting: RealApp) -> None:
    acting.records.add_nurse("prac-2")
    hers = acting.launch(person="prac-1")
    his = acting.browser()
    his.client = hers.client
    acting.launch(his, person="prac-2")
    with acting.database.reading() as session:
        assert list(session.scalars(select(KeptTokenRow.id))) == [his.visit.hex]
    assert acting.ehr.hits("/revoke") == 1


def test_an_ehr_that_is_down_keeps_nobody_from_signing_out(acting: RealApp) -> None:
    visitor = acting.launch()
    acting.ehr.answers["/revoke"] = lambda seen: Answer({}, 503)
    assert visitor.post("leave").status_code == 200
    assert kept(acting) == 0


def standalone(app: RealApp) -> Visitor:
    """Opened from a bookmark or a menu, not from a chart."""
    visitor = app.browser()
    begun = visitor.client.get("/launch", query_string={"iss": app.ehr.base}, base_url=BASE_URL)
    assert begun.status_code == 303
    assert "launch" not in query_of(begun.location)["scope"].split()
    answer = app.finish(visitor, begun)
    visitor.home = answer.location.removeprefix(BASE_URL)
    return visitor


def test_a_standalone_launch_leads_to_the_full_pages(app: RealApp) -> None:
    """Standalone launch: no `launch` scope, no task is known, and every page opens in a window of its own."""
    visitor = standalone(app)
    visitor.post("welcome")
    home = visitor.get()
    assert home.status_code == 200
    assert "opened on its own" in home.text
    record = visitor.get("record")
    assert record.status_code == 200
    assert 'class="desk' in record.text
