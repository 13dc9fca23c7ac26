"""Obligations: two EHRs of one organization are linked by a match that a trainer confirms, and by nothing else."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from launch.stores import Registration
from smart_app.organizations import verbs
from smart_app.organizations.models import AuditEntry, LearnerIdentity, LearnerMatch
from smart_app.organizations.permissions import Permission, permissions_of
from smart_app.player.models import Progress
from smart_app.visits.models import Visit
from tests.fhir.records import FhirRecords
from tests.launch.canned_ehr import CannedEhr
from tests.plugins.app import BASE_URL, RealApp, Visitor
from tests.plugins.studio import Studio, give, learner_of

NPI = "1234567893"
Launch = Callable[[], Visitor]


@pytest.fixture
def at_first(app: RealApp) -> Launch:
    """The person launches from the first EHR."""

    def launch() -> Visitor:
        app.ehr.claims["npi"] = NPI
        visitor = app.launch(person="prac-7")
        app.ehr.claims.pop("npi")
        return visitor

    app.records.add_nurse("prac-7")
    return launch


@pytest.fixture
def at_second(app: RealApp, other_host: CannedEhr) -> Launch:
    """The same person launches from another EHR of the organization."""
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
    other_host.claims["npi"] = NPI

    def launch() -> Visitor:
        client = app.app.test_client()
        begun = client.get("/launch", query_string={"iss": other_host.base, "launch": "x"}, base_url=BASE_URL)
        answer = client.post("/launch/callback/second", data=other_host.authorize(begun.location), base_url=BASE_URL)
        assert answer.status_code == 303, answer.text
        return Visitor(client, answer.location.removeprefix(BASE_URL))

    return launch


@pytest.fixture
def two(app: RealApp, at_first: Launch, at_second: Launch) -> tuple[Visitor, Visitor]:
    """A visit at each EHR, of two learners who may be one person."""
    return at_first(), at_second()


@pytest.fixture
def trainer(studio: Studio) -> Visitor:
    return studio(Permission.TRAINER, person="prac-2")


def path(app: RealApp, act: str) -> str:
    with app.database.reading() as session:
        match = session.scalars(select(LearnerMatch)).one()
    return f"job-roles/matches/{match.learner}/{match.other}/{act}"


def decision(app: RealApp) -> str | None:
    with app.database.reading() as session:
        return session.scalars(select(LearnerMatch)).one().decision


def owners(app: RealApp) -> dict[tuple[str, bytes], UUID]:
    with app.database.reading() as session:
        return {(row.kind, row.hash): row.learner for row in session.scalars(select(LearnerIdentity))}


def test_until_a_trainer_confirms_it_they_are_two(
    app: RealApp, two: tuple[Visitor, Visitor], at_first: Launch, at_second: Launch, trainer: Visitor
) -> None:
    assert "the same national provider number (NPI)" in trainer.get("job-roles/matches").text
    assert learner_of(app, at_first()) != learner_of(app, at_second())
    assert decision(app) is None


def test_confirmed_both_sign_ins_lead_to_the_one_who_was_there_first(
    app: RealApp, two: tuple[Visitor, Visitor], at_first: Launch, at_second: Launch, trainer: Visitor
) -> None:
    first = learner_of(app, two[0])
    assert trainer.post(path(app, "confirm")).status_code == 303
    assert learner_of(app, at_first()) == learner_of(app, at_second()) == first
    assert decision(app) == "confirmed"
    with app.database.reading() as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.action == "match confirmed")).one()
    assert (told.actor, told.details["before"], told.details["after"]) == (
        learner_of(app, trainer).hex,
        None,
        "confirmed",
    )


def test_a_confirmation_ends_the_open_visits_of_the_one_who_was_joined(
    app: RealApp, two: tuple[Visitor, Visitor], trainer: Visitor
) -> None:
    trainer.post(path(app, "confirm"))
    with app.database.reading() as session:
        ended = [session.get_one(Visit, (app.organization, visitor.visit)).ended_by for visitor in two]
    assert ended == [None, "match decided"]


def test_undone_each_identity_is_whose_it_was(
    app: RealApp, two: tuple[Visitor, Visitor], at_first: Launch, at_second: Launch, trainer: Visitor
) -> None:
    before = owners(app)
    trainer.post(path(app, "confirm"))
    assert owners(app) != before
    assert trainer.post(path(app, "undo")).status_code == 303
    assert owners(app) == before
    assert learner_of(app, at_first()) == learner_of(app, two[0])
    assert learner_of(app, at_second()) == learner_of(app, two[1])
    assert decision(app) is None


def test_places_in_tutorials_go_along_and_come_back(
    app: RealApp, two: tuple[Visitor, Visitor], trainer: Visitor
) -> None:
    first, second = (learner_of(app, visitor) for visitor in two)
    begin(app, first, "both", 1)
    begin(app, second, "both", 1)
    begin(app, second, "theirs", 2)
    trainer.post(path(app, "confirm"))
    assert places(app) == {(first, "both", 1), (second, "both", 1), (first, "theirs", 2)}
    trainer.post(path(app, "undo"))
    assert places(app) == {(first, "both", 1), (second, "both", 1), (second, "theirs", 2)}


def begin(app: RealApp, learner: UUID, tutorial: str, version: int) -> None:
    with app.database.writing() as session:
        now = session.scalars(select(Visit.started_at)).first()
        session.add(
            Progress(
                organization=app.organization,
                learner=learner,
                tutorial=tutorial,
                version=version,
                started_at=now,
                updated_at=now,
            )
        )
        session.commit()


def places(app: RealApp) -> set[tuple[UUID, str, int]]:
    with app.database.reading() as session:
        return {(row.learner, row.tutorial, row.version) for row in session.scalars(select(Progress))}


def test_refused_they_stay_two_and_it_is_not_proposed_again(
    app: RealApp, two: tuple[Visitor, Visitor], at_first: Launch, at_second: Launch, trainer: Visitor
) -> None:
    assert trainer.post(path(app, "refuse")).status_code == 303
    assert learner_of(app, at_first()) != learner_of(app, at_second())
    assert decision(app) == "refused"
    assert trainer.post(path(app, "confirm")).status_code == 404


def test_nobody_decides_a_match_about_themselves(app: RealApp, two: tuple[Visitor, Visitor]) -> None:
    give(app, two[0], Permission.TRAINER, Permission.ANALYST)
    me = Visitor(two[0].client, f"/studio/{two[0].visit}/")
    assert "This is about you" in me.get("job-roles/matches").text
    for act in ("confirm", "refuse"):
        assert me.post(path(app, act)).status_code == 403
    assert decision(app) is None


def test_a_match_is_no_way_to_a_permission(
    app: RealApp, two: tuple[Visitor, Visitor], trainer: Visitor, studio: Studio, at_second: Launch
) -> None:
    """Who holds a permission is matched by somebody who may grant one."""
    give(app, two[0], Permission.REVIEWER)
    assert trainer.post(path(app, "confirm")).status_code == 403
    assert decision(app) is None
    both = studio(Permission.TRAINER, Permission.ANALYST, person="prac-3")
    assert both.post(path(app, "confirm")).status_code == 303
    assert decision(app) == "confirmed"


def test_no_permission_moves_from_the_one_who_was_joined(
    app: RealApp, two: tuple[Visitor, Visitor], studio: Studio
) -> None:
    give(app, two[1], Permission.REVIEWER)
    first = learner_of(app, two[0])
    both = studio(Permission.TRAINER, Permission.ANALYST, person="prac-3")
    both.post(path(app, "confirm"))
    with app.database.reading() as session:
        assert permissions_of(session, organization=app.organization, learner=first) == frozenset()


def test_a_clinician_decides_no_match(app: RealApp, two: tuple[Visitor, Visitor], studio: Studio) -> None:
    somebody = studio(Permission.REVIEWER, person="prac-3")
    for act in ("confirm", "refuse", "undo"):
        assert somebody.post(path(app, act)).status_code == 403
    assert decision(app) is None
