"""Lists of names are turned off: names go from the roster, from files under way and from what undoes an import."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from smart_app.organizations.permissions import Permission
from smart_app.organizations.roster.models import RosterPerson, RosterUpload
from smart_app.organizations.roster.sealing import Sealed, unseal
from smart_app.studio.models import UndoStep
from smart_app.visits import arriving
from tests.plugins.app import RealApp, Visitor
from tests.plugins.studio import Studio
from tests.studio.people.conftest import LINES, Trainer

OFF = {"review months": "12", "permissions contact": "the desk"}


@pytest.fixture
def analyst(studio: Studio) -> Visitor:
    return studio(Permission.ANALYST, person="prac-9")


def rows(app: RealApp, table: Any) -> list[Any]:
    with app.database.reading() as session:
        return list(session.scalars(select(table)))


def sealed(app: RealApp) -> list[Sealed]:
    at = {"keys": app.services.keys, "organization": app.organization}
    return [unseal(row.sealed, person=row.id, **at) for row in rows(app, RosterPerson)]


def undo_of(page: str) -> str:
    return "undo/" + page.partition("/undo/")[2].partition('"')[0]


def test_the_page_says_first_what_is_deleted_for_good_and_deletes_nothing(
    trainer: Trainer, app: RealApp, analyst: Visitor
) -> None:
    trainer.allows_names()
    trainer.imports()
    page = analyst.post("admin/settings", OFF)
    assert page.status_code == 200
    assert "cannot be brought back here" in page.text
    assert 'value="the desk"' in page.text
    assert {known.name for known in sealed(app)} == {"Maya Sample", "Noor Sample", "Otis Sample"}
    assert 'value="the desk"' not in analyst.get("admin/settings").text


def test_once_it_is_sure_names_files_and_what_an_undo_would_bring_back_are_gone(
    trainer: Trainer, app: RealApp, analyst: Visitor
) -> None:
    trainer.allows_names()
    trainer.imports()
    undo = undo_of(trainer.send(f"{trainer.bring('S-1,Ward 9,Nurse,Maya Sample,,prac-2')}/import").text)
    trainer.bring(*LINES)
    assert analyst.post("admin/settings", {**OFF, "sure": "yes"}).status_code == 303
    assert rows(app, RosterUpload) == []
    assert all((known.name, known.staff) == (None, None) for known in sealed(app))
    trainer.send(undo)
    assert "Ward 9" not in trainer.open("roster")
    assert all((known.name, known.staff) == (None, None) for known in sealed(app))


def test_an_undo_brings_no_name_back_where_none_may_be_kept(trainer: Trainer, app: RealApp) -> None:
    trainer.allows_names()
    trainer.imports()
    undo = undo_of(trainer.send(f"{trainer.bring('S-1,Ward 9,Nurse,Maya Sample,,prac-2')}/import").text)
    trainer.allows_names(False)  # by another way than the page: the undo asks for itself
    trainer.send(undo)
    assert "Maya Sample" not in {known.name for known in sealed(app)}


def test_a_save_that_turns_nothing_off_asks_nothing_and_leaves_files_under_way(
    trainer: Trainer, app: RealApp, analyst: Visitor
) -> None:
    trainer.bring(*LINES)
    assert analyst.post("admin/settings", OFF).status_code == 303
    assert len(rows(app, RosterUpload)) == 1


def age(app: RealApp, table: Any) -> None:
    with app.database.writing() as session:
        session.execute(update(table).values(until=datetime.now(UTC) - timedelta(seconds=1)))
        session.commit()


def test_a_file_whose_hour_is_over_goes_with_the_next_act_on_the_roster(trainer: Trainer, app: RealApp) -> None:
    trainer.bring(*LINES)
    age(app, RosterUpload)
    path = trainer.bring(*LINES)
    age(app, RosterUpload)
    assert trainer.visitor.get(path).status_code == 404
    trainer.imports()
    assert rows(app, RosterUpload) == []


def test_a_file_whose_hour_is_over_goes_with_a_launch_too(
    trainer: Trainer, app: RealApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer.bring(*LINES)
    age(app, RosterUpload)
    monkeypatch.setattr(arriving, "_next_purge", [0.0])
    app.launch()
    assert rows(app, RosterUpload) == []


def test_a_step_whose_day_is_over_goes_with_the_next_step(trainer: Trainer, app: RealApp) -> None:
    trainer.imports()
    (old,) = rows(app, UndoStep)
    age(app, UndoStep)
    trainer.imports("S-9,Ward 3,Nurse,Una Sample,,")
    assert [row.id == old.id for row in rows(app, UndoStep)] == [False]


def test_what_was_undone_keeps_nothing_of_how(trainer: Trainer, app: RealApp) -> None:
    path = trainer.bring(*LINES)
    trainer.send(undo_of(trainer.send(f"{path}/import").text))
    (step,) = rows(app, UndoStep)
    assert step.undone_at is not None
    assert step.payload == {}
