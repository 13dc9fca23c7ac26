"""An organization in which every page of the studio has something to show."""

import re
from typing import Any

from smart_app.library.importing import import_library
from tests.player.conftest import LIBRARY, local_file
from tests.plugins.app import RealApp, Visitor
from tests.studio.people.conftest import Trainer
from tests.studio.people.test_rollout_pages import planned
from tests.studio.tutorials.desk import GOOD, Desk

TAUGHT = "nurse-handoff-summary"


def fill(app: RealApp, visitor: Visitor) -> list[str]:
    """Paths, below the studio, of the pages of one thing each."""
    with app.database.writing() as session:
        import_library(
            session, organization=app.organization, folder=LIBRARY, local=local_file(LIBRARY, False),
            reviewer="the reviewer", publish=True, grade=False,
        )  # fmt: skip
        session.commit()
    return [*_people(Trainer(app, visitor)), *_tutorials(Desk(visitor)), *_features(visitor)]


def _people(trainer: Trainer) -> list[str]:
    trainer.allows_names()
    trainer.imports()
    trial = trainer.bring("S-9,Ward 3,Wizard,Wanda Sample,,")
    assignment = trainer.assigns()
    names = trainer.send(f"{assignment}/people", {"reason": "Planning who needs time", "as": "page"})
    rollout, _ = planned(trainer)
    unit = f"{rollout}/units/ward-3"
    pages = [rollout, f"{rollout}/plan", unit, f"{unit}/huddle", f"{rollout}/verify-cards"]
    return [trial, assignment, names.request.path.removeprefix(trainer.visitor.home), *pages]


def _tutorials(desk: Desk) -> list[str]:
    sent = desk.begins("A tutorial that waits for its review")
    desk.writes(sent)
    review = desk.page(desk.sends(sent))
    draft = desk.begins()
    desk.writes(draft)
    before = desk.form(draft, draft)
    desk.saves(draft, {"title": f"{GOOD.title}, again"})
    clash: Any = desk.visitor.post(draft, {**before, "title": "Written at the same time"})
    conflict = re.search(rf"{draft}/conflict/[0-9a-f-]{{36}}", clash.location or clash.text)
    assert conflict, clash.text
    drafted = [draft, f"{draft}?codes=nurse", f"{draft}/pictures", f"{draft}/seen/card", conflict[0]]
    published = [f"tutorials/{TAUGHT}", f"tutorials/{TAUGHT}/compare", f"targeting/{TAUGHT}"]
    return [*drafted, review.request.path.removeprefix(desk.visitor.home), *published]


def _features(visitor: Visitor) -> list[str]:
    assert visitor.get("ai-features/handoff-summary").status_code == 200
    return ["ai-features/handoff-summary"]
