"""A launch in a large hospital asks for a few rows by their keys, however many people and visits are kept."""

import re

import pytest
from sqlalchemy import event

from tests.plugins.app import BASE_URL, RealApp

SMALL = {"libraries", "assignments", "organizations", "permission_codes", "role_codes", "ehr_registrations"}
"""Tables that hold little for an organization, or are asked for one row of any."""
STEP = re.compile(r"(SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?INDEX \w+ \((.*)\))?")


def plans_of_a_launch(app: RealApp) -> dict[str, list[str]]:
    """What SQLite does for each statement of a launch that a script posts, of somebody who was here before."""
    visitor = app.launch()
    visitor.post("welcome")
    statements: list[str] = []
    engine = app.database.engine

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        reply = app.ehr.authorize(app.begin(visitor).location)
        answer = visitor.client.post("/launch/callback/ehr", data=reply | {"script": "1"}, base_url=BASE_URL)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        return {
            statement: [
                row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", ["x"] * statement.count("?"))
            ]
            for statement in statements
        }
    finally:
        raw.close()


@pytest.fixture
def plans(app: RealApp) -> dict[str, list[str]]:
    return plans_of_a_launch(app)


def test_a_launch_goes_by_keys(plans: dict[str, list[str]]) -> None:
    slow = []
    for statement, steps in plans.items():
        for how, table, key in (found.groups() for step in steps if (found := STEP.search(step))):
            if table not in SMALL and (how == "SCAN" or key in (None, "organization=?")):
                slow.append((statement, steps))
    assert not slow


def test_the_check_sees_statements_and_steps(plans: dict[str, list[str]]) -> None:
    asked = " ".join(step for steps in plans.values() for step in steps)
    for table in ("learner_identities", "visits", "progress", "preferences"):
        assert re.search(rf"SEARCH {table} ", asked), table


def test_a_launch_asks_a_dozen_times(plans: dict[str, list[str]]) -> None:
    """Each statement costs as much as a read of FHIR that is here already."""
    assert len(plans) <= 14
