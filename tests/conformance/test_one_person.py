"""Obligations: One person, one learner. Identities of two EHRs never merge by themselves."""

import pytest
from sqlalchemy import func, select

from launch.stores import Registration
from smart_app.organizations import verbs
from smart_app.organizations.models import Learner, LearnerIdentity, LearnerMatch
from tests.fhir.records import FhirRecords
from tests.launch.canned_ehr import CannedEhr
from tests.plugins.app import BASE_URL, RealApp

NPI = "1234567893"


def count(app: RealApp, model: type) -> int:
    with app.database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def second(app: RealApp, other_host: CannedEhr) -> CannedEhr:
    """Another EHR of the same organization, with a person of the same Practitioner id and subject."""
    registration = Registration(
        id="",
        organization=app.organization.hex,
        name="Second EHR",
        iss=other_host.base,
        client_id=other_host.client_id,
        callback="second",
    )
    with app.database.writing() as session:
        verbs.register_ehr(session, registration=registration, keys=app.services.keys, actor="test")
        session.commit()
    records = FhirRecords()
    records.add_nurse("prac-1")
    records.serve_on(other_host)
    return other_host


def launch_from(app: RealApp, ehr: CannedEhr, slug: str) -> None:
    client = app.app.test_client()
    begun = client.get("/launch", query_string={"iss": ehr.base, "launch": "x"}, base_url=BASE_URL)
    answer = client.post(f"/launch/callback/{slug}", data=ehr.authorize(begun.location), base_url=BASE_URL)
    assert answer.status_code == 303, answer.text


def test_equal_names_of_two_ehrs_are_two_people(app: RealApp, second: CannedEhr) -> None:
    """`iss|sub` and Practitioner ids are unique within an EHR only."""
    second.subject = app.ehr.subject
    launch_from(app, app.ehr, "ehr")
    launch_from(app, second, "second")
    assert count(app, Learner) == 2
    assert count(app, LearnerMatch) == 0


def test_one_npi_in_two_ehrs_proposes_a_match_and_merges_nobody(app: RealApp, second: CannedEhr) -> None:
    """Two EHRs of one organization are linked by a match that a trainer confirms; never by themselves."""
    for ehr in (app.ehr, second):
        ehr.claims["npi"] = NPI
    for _ in range(2):
        launch_from(app, app.ehr, "ehr")
        launch_from(app, second, "second")
    assert count(app, Learner) == 2
    with app.database.reading() as session:
        match = session.scalars(select(LearnerMatch)).one()
        assert {match.learner, match.other} == set(session.scalars(select(Learner.id)))
        assert (match.kind, match.decided_at) == ("npi", None)


def test_identities_are_hashes_and_the_learner_is_a_random_id(app: RealApp) -> None:
    """A learner is a random id; learner_identities hold HMACs."""
    app.ehr.claims["npi"] = NPI
    app.launch()
    with app.database.reading() as session:
        rows = session.scalars(select(LearnerIdentity)).all()
        assert {row.kind for row in rows} >= {"token", "practitioner", "npi"}
        assert {len(row.hash) for row in rows} == {32}
        assert session.scalars(select(Learner.id)).one().version == 4
        assert NPI.encode() not in b"".join(row.hash for row in rows)


def test_a_failed_read_adds_no_second_learner(app: RealApp) -> None:
    """The token's identity alone finds the person again."""
    app.launch()
    app.records.clear()
    app.launch()
    assert count(app, Learner) == 1
