"""Why did it (not) show: by the day of the visit, what was open and often done then, and one's own history."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smart_app.library.importing import import_library
from smart_app.library.own_targets import Targets, set_targets
from smart_app.organizations.permissions import Permission
from smart_app.player.models import Progress
from smart_app.visits.models import Visit
from tests.player.conftest import LIBRARY, local_file
from tests.plugins.app import RealApp, Visitor
from tests.plugins.studio import Studio, learner_of
from tests.studio.test_targeting import HANDOFF, reference_of, text_of

TEN_DAYS_AGO = datetime.now(UTC) - timedelta(days=10)
SHOWN = [{"tutorial": HANDOFF, "version": 1, "reasons": [{"kind": "open task", "text": "a handoff task is open"}]}]


@pytest.fixture
def trainer(app: RealApp, studio: Studio) -> Visitor:
    with app.database.writing() as session:
        import_library(
            session, organization=app.organization, folder=LIBRARY, local=local_file(LIBRARY, False),
            reviewer="R", publish=True, grade=False,
        )  # fmt: skip
        session.commit()
    return studio(Permission.TRAINER)


def was(app: RealApp, visitor: Visitor, *, at: datetime | None = None, **facts: Any) -> str:
    """Make the visit one with nothing open but this, some time ago; gives the query that asks for it."""
    nothing = {"task_open": False, "task_codes": [], "intent": None, "placement": None, "choices": []}
    with app.database.writing() as session:
        row = session.get_one(Visit, (app.organization, visitor.visit))
        row.started_at = at or datetime.now(UTC)
        for name, value in {**nothing, **facts}.items():
            setattr(row, name, value)
        session.commit()
    return f"why?reference={reference_of(app, visitor)}&tutorial={HANDOFF}"


def sees(app: RealApp, **targets: Any) -> None:
    """The organization's own targets from now on: nurses at a handoff, and this."""
    wanted = Targets(("nurse",), {"intents": ["shift-handoff"], **targets})
    with app.database.writing() as session:
        set_targets(session, organization=app.organization, tutorial=HANDOFF, wanted=wanted,
                    known_roles=("nurse",), actor="t")  # fmt: skip
        session.commit()


def finishes(app: RealApp, visitor: Visitor, when: datetime) -> None:
    with app.database.writing() as session:
        session.add(
            Progress(
                organization=app.organization, learner=learner_of(app, visitor), tutorial=HANDOFF, version=1,
                step="how", started_at=when - timedelta(days=2), updated_at=when, finished_at=when,
            )
        )  # fmt: skip
        session.commit()


def test_the_rules_go_by_the_day_of_the_visit(app: RealApp, trainer: Visitor, studio: Studio) -> None:
    asked = was(app, studio(person="prac-2"), at=TEN_DAYS_AGO, intent="shift-handoff")
    sees(app, until=str((TEN_DAYS_AGO + timedelta(days=5)).date()))
    page = text_of(trainer.get(asked))
    assert f"today is {TEN_DAYS_AGO.date()}" in page
    assert "Dates Yes" in page


def test_what_was_often_done_then_counts(app: RealApp, trainer: Visitor, studio: Studio) -> None:
    often = {"frequent_task_codes": ["urn:preceptor:task|shift-handoff"], "placement": "inbox"}
    asked = was(app, studio(person="prac-2"), **often)
    assert "Workflow Yes You often do this." in text_of(trainer.get(asked))


def test_what_was_changed_since_the_visit_is_told(app: RealApp, trainer: Visitor, studio: Studio) -> None:
    asked = was(app, studio(person="prac-2"), intent="shift-handoff", choices=SHOWN)
    assert "Changed since this visit" not in text_of(trainer.get(asked))
    sees(app, encounter_classes=["AMB"])
    today = datetime.now(UTC)
    assert f"Changed since this visit: Who sees it was changed on {today.day} {today:%B}." in text_of(
        trainer.get(asked)
    )


def test_a_version_published_since_is_told(app: RealApp, trainer: Visitor, studio: Studio) -> None:
    colleague = studio(person="prac-2")
    assert "was published on" not in text_of(trainer.get(was(app, colleague, intent="shift-handoff")))
    asked = was(app, colleague, at=TEN_DAYS_AGO, intent="shift-handoff")
    assert "Version 1 was published on" in text_of(trainer.get(asked))


def test_shown_over_a_rule_that_fails_is_never_left_unexplained(app: RealApp, trainer: Visitor, studio: Studio) -> None:
    asked = was(app, studio(person="prac-2"), intent="shift-handoff", choices=SHOWN)
    sees(app, **{"from": str((datetime.now(UTC) + timedelta(days=2)).date())})
    page = text_of(trainer.get(asked))
    assert "it was shown" in page
    assert "Dates No" in page
    assert "The two do not agree. What was changed since the visit stands above. It was shown, though by these" in page


def test_not_shown_though_every_rule_passes_is_explained_too(app: RealApp, trainer: Visitor, studio: Studio) -> None:
    page = text_of(trainer.get(was(app, studio(person="prac-2"), intent="shift-handoff")))
    assert "it was not shown" in page
    assert "The two do not agree. Every rule here passes" in page


def test_where_both_agree_nothing_is_explained(app: RealApp, trainer: Visitor, studio: Studio) -> None:
    page = text_of(trainer.get(was(app, studio(person="prac-2"), intent="shift-handoff", choices=SHOWN)))
    assert "do not agree" not in page


def test_of_ones_own_visit_ones_history_counts_as_it_stood_then(app: RealApp, trainer: Visitor) -> None:
    asked = was(app, trainer, placement="inbox", intent=None)
    finishes(app, trainer, datetime.now(UTC) + timedelta(minutes=1))
    assert "You have not finished version 1." in text_of(trainer.get(asked)), "it was finished after the visit"
    with app.database.writing() as session:
        row = session.get_one(Progress, (app.organization, learner_of(app, trainer), HANDOFF, 1))
        row.started_at = row.finished_at = TEN_DAYS_AGO - timedelta(days=1)
        session.commit()
    page = text_of(trainer.get(asked))
    assert "Learned already No You have finished version 1; it returns when this work is open." in page
    assert "Dismissed Yes You have not put it away." in page


def test_of_anothers_visit_the_history_is_never_read(app: RealApp, trainer: Visitor, studio: Studio) -> None:
    colleague = studio(person="prac-2")
    asked = was(app, colleague, intent="shift-handoff")
    finishes(app, colleague, TEN_DAYS_AGO - timedelta(days=1))
    page = text_of(trainer.get(asked))
    for personal in ("Learned already", "Dismissed", "You have finished"):
        assert personal not in page
