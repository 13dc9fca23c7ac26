"""A tutorial is assigned to roles, units and people; who is meant is asked, and nobody else."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from smart_app.organizations.learners import Identity, resolve_learner
from smart_app.organizations.models import AuditEntry
from smart_app.rollout.assigned import assigned_to
from smart_app.rollout.assigning import (
    Done,
    DueInThePast,
    NobodyMeant,
    NoSuchAssignment,
    ask_newcomers,
    get_assignment,
)
from smart_app.rollout.models import AssignedPerson
from tests.rollout.world import DUE, TUTORIAL, World


def everybody_asked(world: World) -> int:
    with world.database.reading() as session:
        return len(session.scalars(select(AssignedPerson.person).where(AssignedPerson.state == "open")).all())


def newcomer(world: World) -> UUID:
    """A learner who stands on no roster."""
    with world.database.writing() as session:
        known = [Identity("token", f"x|{uuid4()}")]
        found = resolve_learner(session, organization=world.organization, identities=known, keys=world.keys)
        session.commit()
    return found.id


def test_a_role_is_asked_with_the_day_it_is_due(world: World) -> None:
    world.staff("ada", "ben")
    world.staff("eve", job_role="pharmacist", unit="Pharmacy")
    world.assigns(roles=["nurse"])
    assert world.asked("ada") == {TUTORIAL: DUE}
    assert world.asked("eve") == {}


def test_a_unit_is_asked_whatever_the_role(world: World) -> None:
    world.staff("ada")
    world.staff("eve", job_role="pharmacist", unit="Pharmacy")
    world.assigns(units=["pharmacy"])
    assert (world.asked("ada"), world.asked("eve")) == ({}, {TUTORIAL: DUE})


def test_a_role_in_a_unit_is_nobody_else_of_either(quick: World) -> None:
    quick.staff("ada")
    quick.staff("ben", unit="Ward 4")
    quick.staff("eve", job_role="pharmacist")
    quick.assigns(roles=["nurse"], units=["ward-3"])
    assert [bool(quick.asked(who)) for who in ("ada", "ben", "eve")] == [True, False, False]


def test_named_people_are_asked_beside_a_unit(quick: World) -> None:
    quick.staff("ada")
    quick.staff("ben", unit="Ward 4")
    quick.assigns(units=["ward-3"], people=[quick.person("ben")])
    assert everybody_asked(quick) == 2


def test_nobody_is_asked_where_nobody_is_meant(quick: World) -> None:
    quick.staff("ada")
    for more in ({"units": ["ward-9"]}, {"people": []}, {"roles": ["pharmacist"], "units": ["ward-3"]}):
        with pytest.raises(NobodyMeant):
            quick.assigns(**more)


def test_a_day_that_has_passed_is_refused(quick: World) -> None:
    quick.staff("ada")
    with pytest.raises(DueInThePast):
        quick.assigns(due=datetime.now(UTC).date() - timedelta(days=1))


def test_what_was_finished_before_is_not_asked_for(quick: World) -> None:
    quick.staff("ada", "ben")
    quick.assigns(done={quick.person("ada"): Done(date(2026, 11, 1), 1)})
    assert (quick.asked("ada"), quick.asked("ben")) == ({}, {TUTORIAL: DUE})
    assert quick.state("ada") == ("finished", "Preceptor")


def test_of_two_assignments_the_earlier_day_counts_and_both_end_at_once(quick: World) -> None:
    quick.staff("ada")
    quick.assigns()
    quick.assigns(due=DUE - timedelta(days=3))
    assert quick.asked("ada") == {TUTORIAL: DUE - timedelta(days=3)}
    quick.finishes("ada")
    assert quick.asked("ada") == {}


def test_what_was_finished_elsewhere_than_assigned_ends_nothing(quick: World) -> None:
    quick.staff("ada", "ben")
    quick.assigns()
    quick.finishes("ben")
    assert quick.asked("ada") == {TUTORIAL: DUE}


def test_a_withdrawn_assignment_is_not_asked_for_until_that_is_undone(world: World) -> None:
    world.staff("ada")
    made = world.assigns()
    world.withdraws(made)
    assert world.asked("ada") == {}
    world.withdraws(made, back=True)
    assert world.asked("ada") == {TUTORIAL: DUE}


def test_who_comes_into_the_role_later_is_asked_too_and_once(world: World) -> None:
    world.staff("ada")
    world.assigns()
    world.staff("ben")
    for expected in (1, 0):
        with world.database.writing() as session:
            assert ask_newcomers(session, organization=world.organization) == expected
            session.commit()
    assert world.asked("ben") == {TUTORIAL: DUE}


def test_who_is_on_no_roster_is_asked_by_role_until_it_is_learned(quick: World) -> None:
    quick.assigns(roles=["nurse"])
    learner = newcomer(quick)
    with quick.database.reading() as session:
        mine = {"organization": quick.organization, "learner": learner}
        assert assigned_to(session, **mine, job_roles=["nurse"]) == {TUTORIAL: DUE}
        assert assigned_to(session, **mine, job_roles=["pharmacist"]) == {}
        assert assigned_to(session, **mine, job_roles=["nurse"], learned=[TUTORIAL]) == {}


def test_who_is_on_the_roster_in_another_role_is_not_asked_by_a_declared_one(quick: World) -> None:
    quick.staff("eve", job_role="pharmacist")
    quick.assigns(roles=["nurse"])
    with quick.database.reading() as session:
        learner = quick.learner("eve")
        assert assigned_to(session, organization=quick.organization, learner=learner, job_roles=["nurse"]) == {}


def test_another_organizations_assignment_is_not_to_be_found(quick: World) -> None:
    quick.staff("ada")
    made = quick.assigns()
    with quick.database.reading() as session, pytest.raises(NoSuchAssignment):
        get_assignment(session, organization=uuid4(), assignment=made)


def test_the_audit_says_who_asked_how_many_for_what(quick: World) -> None:
    quick.staff("ada", "ben")
    quick.assigns()
    with quick.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "tutorial assigned")).one()
    assert (entry.actor, entry.details["people"], entry.details["tutorial"]) == ("test", 2, TUTORIAL)
