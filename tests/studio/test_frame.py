"""The studio's frame: who comes in, what they find, and how an act is taken back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from smart_app.organizations.models import AuditEntry
from smart_app.organizations.permissions import Permission, revoke
from smart_app.organizations.settings import decide, setting
from smart_app.studio.models import UndoStep
from smart_app.studio.undo import remember, undoer
from smart_app.visits.models import Visit
from smart_app.visits.view import VisitView, view_of
from tests.plugins.app import BASE_URL, RealApp, Visitor
from tests.plugins.studio import Studio, give, learner_of


@undoer("test: setting changed", Permission.TRAINER)
def _set_back(session: Session, *, visit: VisitView, payload: dict[str, Any]) -> None:
    decide(session, organization=visit.organization, values=payload, actor=visit.learner.hex)


def view(app: RealApp, visitor: Visitor) -> VisitView:
    with app.database.reading() as session:
        row = session.get_one(Visit, (app.organization, visitor.visit))
    return view_of(row, organization_name="Lakeside", ehr_name="EHR", frame_ancestors=())


def change_a_setting(app: RealApp, visitor: Visitor) -> UUID:
    """An act that can be undone."""
    with app.database.writing() as session:
        decide(session, organization=app.organization, values={"review months": 6}, actor="test")
        step = remember(
            session,
            visit=view(app, visitor),
            words="Six months it is",
            kind="test: setting changed",
            payload={"review months": 12},
        )
        session.commit()
    return step


def review_months(app: RealApp) -> int:
    with app.database.reading() as session:
        months: int = setting(session, organization=app.organization, name="review months")
    return months


def test_the_page_greets_with_what_the_person_may_do(studio: Studio) -> None:
    page = studio(Permission.TRAINER).get()
    assert page.status_code == 200
    assert "Your permission: trainer." in page.text


def test_without_a_permission_the_page_says_which_are_meant_and_who_grants_them(app: RealApp, studio: Studio) -> None:
    with app.database.writing() as session:
        decide(session, organization=app.organization, values={"permissions contact": "the service desk"}, actor="t")
        session.commit()
    page = studio().get()
    assert page.status_code == 403
    assert "analyst or leader or reviewer or staff representative or trainer" in page.text
    assert "Ask the service desk" in page.text


def test_a_refused_write_stands_in_the_audit(app: RealApp, studio: Studio) -> None:
    somebody = studio()
    assert somebody.post("undo/00000000-0000-0000-0000-000000000000").status_code == 403
    with app.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).one()
    assert entry.actor == learner_of(app, somebody).hex
    assert entry.details["endpoint"] == "studio.undo"


def test_no_ehr_frames_the_studio(app: RealApp, studio: Studio) -> None:
    assert "frame-ancestors 'none'" in studio(Permission.TRAINER).get().headers["Content-Security-Policy"]


def test_without_the_cookie_the_studio_leads_to_the_sign_in(app: RealApp, studio: Studio) -> None:
    there = studio(Permission.TRAINER)
    stranger = Visitor(app.app.test_client(), there.home)
    answer = stranger.get()
    assert answer.status_code == 401
    assert 'href="/studio/"' in answer.text


def test_the_door_leads_to_a_visit_of_this_browser(app: RealApp, studio: Studio) -> None:
    there = studio(Permission.TRAINER)
    assert f'href="{there.home}"' in there.get("/studio/").text


def test_the_door_offers_the_ehrs_sign_in(app: RealApp) -> None:
    page = app.browser().get("/studio/")
    assert page.status_code == 200
    assert "Sign in with Lakeside demo EHR" in page.text
    assert "/launch/studio?iss=" in page.text


def test_a_sign_in_from_the_door_ends_in_the_studio(app: RealApp, studio: Studio) -> None:
    studio(Permission.TRAINER)
    visitor = app.launch(place="/launch/studio", person="prac-1")
    assert visitor.home.startswith("/studio/")
    assert visitor.client.get(visitor.home, base_url=BASE_URL).status_code == 200


def players_home(visitor: Visitor) -> str:
    """The clinician's first page of the same visit."""
    home = visitor.home.replace("/studio/", "/v/")
    return visitor.client.get(home, base_url=BASE_URL, follow_redirects=True).text


def test_the_player_shows_the_way_to_the_studio_only_to_whoever_may_go_there(app: RealApp, studio: Studio) -> None:
    somebody = studio()
    assert "/studio/" not in players_home(somebody)
    give(app, somebody, Permission.REVIEWER)
    assert f'href="/studio/?ehr={view(app, somebody).ehr}" target="_blank"' in players_home(somebody)


def test_what_was_done_is_offered_for_undo_once(app: RealApp, studio: Studio) -> None:
    trainer = studio(Permission.TRAINER)
    step = change_a_setting(app, trainer)
    page = trainer.get(f"?done={step}")
    assert "Six months it is" in page.text
    assert review_months(app) == 6
    assert trainer.post(f"undo/{step}").status_code == 303
    assert review_months(app) == 12
    assert trainer.post(f"undo/{step}").status_code == 409
    assert "Six months it is" not in trainer.get(f"?done={step}").text


def test_what_one_did_in_the_last_day_is_offered_on_the_first_page(app: RealApp, studio: Studio) -> None:
    trainer = studio(Permission.TRAINER)
    step = change_a_setting(app, trainer)
    colleague = studio(Permission.TRAINER, person="prac-2")
    page = trainer.get()
    assert "What you did that can be undone" in page.text
    assert "Six months it is" in page.text
    assert f"undo/{step}" in page.text
    assert "Six months it is" not in colleague.get().text
    trainer.post(f"undo/{step}")
    assert "What you did that can be undone" not in trainer.get().text


def test_what_one_may_not_undo_any_more_is_not_offered(app: RealApp, studio: Studio) -> None:
    trainer = studio(Permission.TRAINER, Permission.LEADER)
    change_a_setting(app, trainer)
    learner = learner_of(app, trainer)
    with app.database.writing() as session:
        revoke(session, organization=app.organization, learner=learner, permission=Permission.TRAINER, actor="test")
        session.commit()
    assert "Six months it is" not in trainer.get().text


def test_an_undo_needs_the_permission_that_the_act_needed(app: RealApp, studio: Studio) -> None:
    trainer = studio(Permission.TRAINER, Permission.LEADER)
    step = change_a_setting(app, trainer)
    learner = learner_of(app, trainer)
    with app.database.writing() as session:
        revoke(session, organization=app.organization, learner=learner, permission=Permission.TRAINER, actor="test")
        session.commit()
    assert trainer.post(f"undo/{step}").status_code == 409
    assert review_months(app) == 6


def test_nobody_undoes_what_another_did(app: RealApp, studio: Studio) -> None:
    step = change_a_setting(app, studio(Permission.TRAINER))
    colleague = studio(Permission.TRAINER, person="prac-2")
    assert "Six months it is" not in colleague.get(f"?done={step}").text
    assert colleague.post(f"undo/{step}").status_code == 409
    assert review_months(app) == 6


def test_after_a_day_there_is_no_undo(app: RealApp, studio: Studio) -> None:
    trainer = studio(Permission.TRAINER)
    step = change_a_setting(app, trainer)
    with app.database.writing() as session:
        session.execute(update(UndoStep).values(until=datetime.now(UTC) - timedelta(seconds=1)))
        session.commit()
    assert trainer.post(f"undo/{step}").status_code == 409


@pytest.mark.parametrize("wrong", ["x", "../..", ""])
def test_a_wrong_step_in_the_address_shows_nothing(studio: Studio, wrong: str) -> None:
    assert studio(Permission.TRAINER).get(f"?done={wrong}").status_code == 200


def test_words_in_the_address_are_never_shown(studio: Studio) -> None:
    assert "You won" not in studio(Permission.TRAINER).get("?said=You+won").text
