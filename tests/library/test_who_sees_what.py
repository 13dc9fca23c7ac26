"""Who sees what of the starter library: a table written by hand, held against what the demo publishes.

`who_sees_what.csv` comes from how these professions work and from docs/content.md, never from the rules: a row
that fails says that the rules or the targets of a tutorial are wrong, or that somebody must think again.
"""

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from smart_app.db import Database
from smart_app.library.choosing import catalogue_of, choose_for
from smart_app.library.importing import import_library
from smart_app.library.own_targets import Targets, set_targets
from smart_app.library.targeting import Situation
from smart_app.migrations.running import migrate_database
from smart_app.organizations.verbs import add_organization
from tests.library.sample import STARTER, demo_local

TABLE = Path(__file__).with_name("who_sees_what.csv")
with TABLE.open(encoding="utf-8", newline="") as opened:
    ROWS = list(csv.DictReader(opened))

KINDS = {
    "open task": "task",
    "intent": "intent",
    "placement": "place",
    "plan": "plan",
    "practice due": "due",
    "often": "often",
    "next for role": "next",
    "any task": "any",
    "job role": "role",
    "not reported": "silent",
    "resume": "resume",
    "learned": "learned",
    "changed": "changed",
    "feature changed": "feature",
    "specialty": "specialty",
}
"""Kinds of reasons, and the words for them in the table."""


NARROWED = {
    "nurse-handoff-summary": Targets(
        ("nurse",),
        {
            "task_codes": ["urn:preceptor:task|shift-handoff"],
            "care_settings": ["emergency-department", "hospital"],
        },
    ),
    "physician-chart-summary": Targets(
        ("physician",),
        {"task_codes": ["urn:preceptor:task|chart-review"], "specialties": ["http://snomed.info/sct|394579002"]},
    ),
    "front-desk-scheduling-agent": Targets(
        ("front-desk",),
        {
            "task_codes": ["urn:preceptor:task|schedule-appointment"],
            "from": "2027-01-11",
            "until": "2027-03-31",
        },
    ),
}
"""What the organization "narrowed" set for itself: the starter library narrows by the class of encounter alone.

Handoff is for hospitals and emergency departments, the chart summary for cardiology, the agent for a trial."""
Published = Mapping[str, tuple[Session, UUID]]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """The starter library as the demo organization has it (""), and as one that narrowed some of it."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('library') / 'preceptor.sqlite3'}")
    migrate_database(database)
    with database.writing() as session:
        organizations = {name: opened_organization(session, f"Lakeside test {name}") for name in ("", "narrowed")}
        for tutorial, wanted in NARROWED.items():
            set_targets(
                session,
                organization=organizations["narrowed"],
                tutorial=tutorial,
                wanted=wanted,
                known_roles=wanted.roles,
                actor="test",
            )
        session.commit()
    with database.reading() as session:
        yield {name: (session, organization) for name, organization in organizations.items()}
    database.dispose()


def opened_organization(session: Session, name: str) -> UUID:
    organization = add_organization(session, name=name, actor="test")
    import_library(
        session,
        organization=organization,
        folder=STARTER,
        local=demo_local(),
        reviewer="R",
        publish=True,
        grade=False,
    )
    return organization


def test_the_table_has_at_least_eighty_rows_and_each_says_something_else() -> None:
    assert len(ROWS) >= 80
    assert len({row["case"] for row in ROWS}) == len(ROWS)
    asked = [tuple(value for name, value in row.items() if name not in ("case", "shown")) for row in ROWS]
    assert len(set(asked)) == len(asked)


def test_every_role_task_intent_place_and_tutorial_is_in_the_table(published: Published) -> None:
    session, organization = published[""]
    targets = catalogue_of(session, organization=organization).targets
    shown = " ".join(row["shown"] for row in ROWS)
    assert [target.tutorial for target in targets if f"{target.tutorial}=" not in shown] == []
    roles = {role for row in ROWS for role in row["roles"].split()}
    assert {role for target in targets for role in target.roles} - {"everyone"} <= roles
    works = {f"urn:preceptor:task|{row['task']}" for row in ROWS}
    assert {code for target in targets for code in target.task_codes} <= works
    assert {place for target in targets for place in target.placements} <= {row["placement"] for row in ROWS}


def test_care_setting_specialty_and_day_stand_in_a_dozen_rows_and_each_opens_and_closes() -> None:
    narrowing = [row for row in ROWS if row["care_setting"] or row["specialty"] or row["today"]]
    assert len(narrowing) >= 12
    for column, tutorial in (
        ("care_setting", "nurse-handoff-summary"),
        ("specialty", "physician-chart-summary"),
        ("today", "front-desk-scheduling-agent"),
    ):
        shown = {f"{tutorial}=" in row["shown"] for row in narrowing if row[column] and row["organization"]}
        assert shown == {True, False}, column


@pytest.mark.parametrize("row", ROWS, ids=[row["case"] for row in ROWS])
def test_the_right_tutorials_show_with_their_reasons(row: dict[str, str], published: Published) -> None:
    session, organization = published[row["organization"]]
    chosen = choose_for(session, organization=organization, situation=situation(row))
    told = [f"{choice.tutorial}={'+'.join(KINDS[reason.kind] for reason in choice.reasons)}" for choice in chosen]
    assert told == row["shown"].split(" | ")


def situation(row: dict[str, str]) -> Situation:
    """The row as the rules see it; `more` holds what this person did before."""
    return Situation(
        today=date.fromisoformat(row["today"] or "2026-12-01"),
        job_roles=tuple(row["roles"].split()),
        task_open=bool(row["task"]),
        task_codes=codes(row["task"]),
        frequent_task_codes=codes(row["often"]),
        intent=row["intent"] or None,
        placement=row["placement"] or None,
        encounter_class=row["setting"] or None,
        care_setting=row["care_setting"] or None,
        specialties=frozenset(f"http://snomed.info/sct|{code}" for code in row["specialty"].split()),
        **before(row["more"]),
    )


def codes(words: str) -> frozenset[str]:
    return frozenset(f"urn:preceptor:task|{word}" for word in words.split())


def before(more: str) -> dict[str, Any]:
    """ "finished one; due one" in the fields of a situation."""
    facts: dict[str, Any] = {}
    for clause in filter(None, more.split("; ")):
        what, tutorial = clause.split()
        meant: dict[str, dict[str, Any]] = {
            "begun": {"in_progress": {tutorial: 1}},
            "finished": {"learned": frozenset({(tutorial, 1)})},
            "finished-before": {"learned": frozenset({(tutorial, 1)}), "learned_on": {tutorial: "an older one"}},
            "dismissed": {"dismissed": frozenset({tutorial})},
            "due": {"practice_due": frozenset({tutorial})},
            "planned": {"planned": frozenset({tutorial})},
        }
        facts |= meant[what]
    return facts
